import { encodeProperties } from '../../lib/wire/properties.js';
import type { Random } from './random.js';

/** One message that a publisher sent. */
export interface Publication {
  readonly id: number;
  /** Messages of one publisher keep their order. */
  readonly publisher: string;
  readonly persistent: boolean;
  readonly priority: number;
  /** Milliseconds, Infinity for none. */
  readonly expiration: number;
  /** Octets of body. */
  readonly length: number;
  /** Property flags and list. */
  readonly properties: Buffer;
  /** Milliseconds since the epoch; the confirm is Infinity as long as there is none. */
  readonly sentAt: number;
  confirmedAt: number;
}

/** So many octets of a body say which message it is. */
const ID_OCTETS = 12;
const PATTERN = Buffer.alloc(1_048_576 + 256, 'abcdefghijklmnopqrstuvwxyz 0123456789 ');

/** Different for each message, the same whenever it is asked for. */
export function bodyOf({ id, length }: Pick<Publication, 'id' | 'length'>): Buffer {
  const body = Buffer.allocUnsafe(length);
  PATTERN.copy(body, 0, id % 199, (id % 199) + length);
  body.write(String(id).padEnd(ID_OCTETS), 'latin1');
  return body;
}

/** NaN for a body that is none of ours. */
export function idIn(body: Buffer): number {
  return Number.parseInt(body.toString('latin1', 0, ID_OCTETS), 10);
}

export function isIntact(publication: Publication, body: Buffer): boolean {
  return body.length === publication.length && body.equals(bodyOf(publication));
}

/** Mostly small bodies, a few that fill pages, and some that fill segments and need several frames. */
export function someLength(random: Random): number {
  const kind = random.below(100);
  if (kind < 80) return ID_OCTETS + random.below(300);
  if (kind < 97) return 1024 + random.below(6 * 1024);
  if (kind < 99) return 20_000 + random.below(60_000);
  return 100_000 + random.below(200_000);
}

const known = new Map<string, Buffer>();

export function propertiesOf(persistent: boolean, priority: number, expiration: number): Buffer {
  const key = `${persistent} ${priority} ${expiration}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const encoded = encodeProperties({
    deliveryMode: persistent ? 2 : 1,
    ...(priority > 0 ? { priority } : {}),
    ...(expiration === Infinity ? {} : { expiration: String(expiration) }),
    headers: new Map([['kind', { type: 'longstr', value: Buffer.from('crash') }]]),
    messageId: 'one of many',
  });
  known.set(key, encoded);
  return encoded;
}
