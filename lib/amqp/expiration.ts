import { brokerError } from '../base/errors.js';

/** Ten years in milliseconds, RabbitMQ's limit. */
const MOST = 315_360_000_000n;

/** The `expiration` property in milliseconds. Throws invalidExpiration with RabbitMQ's words. */
export function expirationOf(text: string): number {
  const match = /^([+-]?\d+)(.*)$/s.exec(text);
  if (match === null) throw brokerError('invalidExpiration', `'${text}': no_integer`);
  const [, digits = '', rest = ''] = match;
  if (rest !== '') throw brokerError('invalidExpiration', `'${text}': {leftover_string,"${rest}"}`);
  const value = BigInt(digits.replace('+', ''));
  if (value < 0n) throw brokerError('invalidExpiration', `'${text}': {value_negative,${value}}`);
  if (value > MOST) throw brokerError('invalidExpiration', `'${text}': {value_too_large,${value}}`);
  return Number(value);
}
