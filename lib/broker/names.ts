/** Names are stripped of line ends, as RabbitMQ does. */
export function cleanName(name: string): string {
  return /[\r\n]/.test(name) ? name.replaceAll(/[\r\n]/g, '') : name;
}

/** Names that only the broker gives. */
export const isReserved = (name: string): boolean => name.startsWith('amq.');
