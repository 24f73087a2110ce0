import { readFile } from 'node:fs/promises';

/** Kept for everything that is no connection: logs, definitions, the log of messages. */
const OTHERS = 100;
/** Of what is left, the share that connections may have; segments are opened with the rest. [RMQ file_handle_cache] */
const SOCKETS = 0.9;

/** How many file descriptors this process may have; Infinity where that cannot be found out. */
export async function descriptorLimit(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'latin1').catch(() => '');
  const soft = /^Max open files +(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? Infinity : Number(soft);
}

/** How many of `descriptors` connections may take, so that the node can always open its own files. */
export function mostSockets(descriptors: number): number {
  if (descriptors === Infinity) return Infinity;
  return Math.floor((descriptors - Math.min(OTHERS, descriptors / 2)) * SOCKETS);
}
