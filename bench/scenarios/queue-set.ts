import { setTimeout as sleep } from 'node:timers/promises';
import { readyIn } from '../topology.js';
import { METHOD, queueDeclare, queueDelete } from '../wire/methods.js';
import { Session } from '../wire/session.js';

const CONNECTIONS = 64;
const POLL_MS = 50;

/** Names of one length. */
export const queueNames = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}.${String(index).padStart(6, '0')}`);

/** Declares durable queues, over many connections at once. */
export const declareQueues = (url: string, queues: readonly string[]): Promise<void> =>
  overConnections(url, queues, async (session, queue) => {
    await session.request(queueDeclare(queue, true), METHOD.QUEUE_DECLARE_OK);
  });

export const deleteQueues = (url: string, queues: readonly string[]): Promise<void> =>
  overConnections(url, queues, async (session, queue) => {
    await session.request(queueDelete(queue), METHOD.QUEUE_DELETE_OK);
  });

/** Waits until so many messages are ready in the queue. */
export async function untilReady(url: string, queue: string, messages: number): Promise<void> {
  const session = await Session.open(url);
  while ((await readyIn(session, queue)) < messages) await sleep(POLL_MS);
  await session.close();
}

async function overConnections(
  url: string,
  queues: readonly string[],
  use: (session: Session, queue: string) => Promise<void>,
): Promise<void> {
  const left = queues.values();
  const count = Math.min(CONNECTIONS, queues.length);
  const work = async (): Promise<void> => {
    const session = await Session.open(url);
    for (const queue of left) await use(session, queue);
    await session.close();
  };
  await Promise.all(Array.from({ length: count }, work));
}
