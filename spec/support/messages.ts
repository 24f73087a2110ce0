import { composeMessage, type Message } from '../../lib/store/message.js';
import type { Entry } from '../../lib/store/entry.js';
import type { QueueStore } from '../../lib/store/message-store.js';

/** Property flags and list that set nothing. */
const NO_PROPERTIES = Buffer.from([0, 0]);

export interface MessageOptions {
  readonly persistent?: boolean;
  readonly priority?: number;
  readonly expiration?: number;
  readonly arrivedAt?: number;
  readonly exchange?: string;
  readonly routingKey?: string;
}

/** A message with a text for a body, persistent unless told otherwise. */
export function messageOf(body: string | Buffer, options: MessageOptions = {}): Message {
  return composeMessage(
    options.exchange ?? 'exchange',
    options.routingKey ?? 'key',
    NO_PROPERTIES,
    typeof body === 'string' ? Buffer.from(body) : body,
    {
      persistent: options.persistent ?? true,
      priority: options.priority ?? 0,
      expiration: options.expiration ?? -1,
      arrivedAt: options.arrivedAt ?? 1_700_000_000_000,
    },
  );
}

export function bodyOf(message: Message): string {
  return message.bytes.toString('utf8', message.body, message.body + message.bodyLength);
}

/** Takes the head, which must be there, waiting until it was read if need be. */
export async function takeOne(queue: QueueStore): Promise<Entry> {
  for (let turn = 0; turn < 10_000; turn++) {
    const entry = queue.take();
    if (entry !== undefined) return entry;
    if (queue.count === 0) throw new Error('the queue is empty');
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('the head was never read');
}

/** Takes everything that is ready. */
export async function takeAll(queue: QueueStore): Promise<Entry[]> {
  const entries: Entry[] = [];
  while (queue.count > 0) entries.push(await takeOne(queue));
  return entries;
}

/** The bodies of everything that is ready, in order; they are taken. */
export async function takeBodies(queue: QueueStore): Promise<string[]> {
  return (await takeAll(queue)).map(({ message }) => bodyOf(message));
}
