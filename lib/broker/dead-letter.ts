import { composeMessage, type Message } from '../store/message.js';
import {
  decodeText,
  encodeText,
  type FieldTable,
  type FieldValue,
  integerValue,
  textValue,
} from '../wire/values.js';
import type { MessageCodec } from './message-codec.js';
import { keysOf, text } from './message-headers.js';
import type { DeadLetterReason, Queue } from './queue.js';

/** A message on its way from a queue to that queue's dead-letter exchange. */
export interface DeadLetter {
  readonly message: Message;
  readonly exchange: string;
  readonly routingKeys: readonly string[];
  readonly headers: FieldTable;
  /** Its x-death entries, the latest first. */
  readonly deaths: readonly FieldTable[];
}

/** Makes the message that goes to the dead-letter exchange; `now` in milliseconds since the epoch. [RMQ dlx] */
export function deadLetter(
  codec: MessageCodec,
  queue: Queue,
  message: Message,
  reason: DeadLetterReason,
  now: number,
): DeadLetter {
  const { deadLetterExchange: exchange = '', deadLetterRoutingKey } = queue.options;
  const properties = codec.properties(message);
  const headers = new Map(properties.headers ?? []);
  const keys = [message.routingKey, ...keysOf(headers, ['CC'])];
  const before = deathsOf(headers);
  const deaths = addDeath(before, queue.name, reason, message, keys, properties.expiration, now);
  headers.set('x-death', { type: 'array', value: deaths.map((value) => ({ type: 'table', value })) });
  const death = { exchange: message.exchange, queue: queue.name, reason };
  for (const [name, value] of Object.entries(death)) {
    if (before.length === 0) headers.set(`x-first-death-${name}`, text(value));
    headers.set(`x-last-death-${name}`, text(value));
  }
  if (deadLetterRoutingKey !== undefined) headers.delete('CC');
  const { expiration: _dropped, ...kept } = properties;
  return {
    message: composeMessage(
      shortened(exchange),
      shortened(deadLetterRoutingKey ?? message.routingKey),
      codec.encode({ ...kept, headers }),
      message.bytes.subarray(message.body, message.body + message.bodyLength),
      { persistent: message.persistent, priority: message.priority, expiration: -1, arrivedAt: now },
    ),
    exchange,
    routingKeys: deadLetterRoutingKey === undefined ? keys : [deadLetterRoutingKey],
    headers,
    deaths,
  };
}

/** Arguments of queues are long strings, the names in a delivery short ones: no more than 255 octets. */
function shortened(name: string): string {
  const bytes = encodeText(name);
  return bytes.length <= 255 ? name : decodeText(bytes, 0, 255);
}

/** Whether the message would come to `queue` again without anybody having rejected it on the way. */
export function isCycle(deaths: readonly FieldTable[], queue: string): boolean {
  const last = deaths.findIndex((death) => textValue(death.get('queue')) === queue);
  if (last < 0) return false;
  return deaths.slice(0, last + 1).every((death) => textValue(death.get('reason')) !== 'rejected');
}

function deathsOf(headers: FieldTable): readonly FieldTable[] {
  const field = headers.get('x-death');
  if (field?.type !== 'array') return [];
  return field.value.flatMap((item) => (item.type === 'table' ? [item.value] : []));
}

/** As {@link deathsOf}, with one more death in front: the known entry of that queue and reason, or a new one. */
function addDeath(
  deaths: readonly FieldTable[],
  queue: string,
  reason: DeadLetterReason,
  message: Message,
  keys: readonly string[],
  expiration: string | undefined,
  now: number,
): readonly FieldTable[] {
  const isSame = (death: FieldTable): boolean =>
    textValue(death.get('queue')) === queue && textValue(death.get('reason')) === reason;
  const same = deaths.find(isSame);
  if (same !== undefined) {
    const counted = new Map(same).set('count', { type: 'long', value: oneMore(same.get('count')) });
    return [counted, ...deaths.filter((death) => !isSame(death))];
  }
  const death = new Map<string, FieldValue>([
    ['count', { type: 'long', value: 1n }],
    ['reason', text(reason)],
    ['queue', text(queue)],
    ['time', { type: 'timestamp', value: BigInt(Math.floor(now / 1000)) }],
    ['exchange', text(message.exchange)],
    ['routing-keys', { type: 'array', value: keys.map(text) }],
  ]);
  if (expiration !== undefined) death.set('original-expiration', text(expiration));
  return [death, ...deaths];
}

const MOST_DEATHS = 0x7fff_ffff_ffff_ffffn;

/** Clients that publish a message again write the count in whatever integer type theirs is. */
function oneMore(count: FieldValue | undefined): bigint {
  const before = BigInt(integerValue(count) ?? 0);
  return before < MOST_DEATHS ? before + 1n : MOST_DEATHS;
}
