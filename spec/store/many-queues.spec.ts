import { readdirSync } from 'node:fs';
import tap, { type Test } from 'tap';
import { ManualClock } from '../../lib/base/clock.js';
import { type DurableMessageStore, openDurableMessageStore } from '../../lib/store/durable-message-store.js';
import type { QueueStore } from '../../lib/store/message-store.js';
import { bodyOf, messageOf, takeBodies, takeOne } from '../support/messages.js';
import { tinyLimits } from '../support/tiny-limits.js';

const QUEUES = 100;

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

const open = (directory: string): Promise<DurableMessageStore> =>
  openDurableMessageStore({ directory, clock: new ManualClock(), limits: tinyLimits });

const durable = (store: DurableMessageStore, id: string): QueueStore =>
  store.queue({ id, durable: true, readable: () => {} });

/** Resolves when the batch is safe. */
async function committed(store: DurableMessageStore, batch: number): Promise<void> {
  while (store.committed < batch) await turn();
}

const isInMemory = (queue: QueueStore): boolean => queue.head() !== undefined;

/** A hundred queues of which each gets one message in turn, so that no two of one queue are in the same WAL file. */
async function fill(t: Test, rounds: number): Promise<[string, DurableMessageStore, QueueStore[]]> {
  const directory = t.testdir();
  const store = await open(directory);
  const queues = Array.from({ length: QUEUES }, (_, i) => durable(store, `queue ${i}`));
  for (let round = 0; round < rounds; round++) {
    let batch = 0;
    for (const queue of queues) batch = store.append(messageOf(`message ${round}`), [queue]);
    await committed(store, batch);
  }
  return [directory, store, queues];
}

void tap.test('many queues with few messages each need few files', async (t) => {
  const [directory, store] = await fill(t, 30);
  const octets = 30 * QUEUES * 80;
  t.ok(readdirSync(directory).length < 20 + octets / tinyLimits.segment);
  await store.close();
});

void tap.test('what queues got over many files is there once and in order after a restart', async (t) => {
  const [directory, store] = await fill(t, 30);
  await store.close();
  const again = await open(directory);
  const expected = Array.from({ length: 30 }, (_, round) => `message ${round}`);
  for (let i = 0; i < QUEUES; i++) t.same(await takeBodies(durable(again, `queue ${i}`)), expected);
  await again.close();
});

void tap.test('full pages of more queues than have a segment open are there after a restart', async (t) => {
  const directory = t.testdir();
  const store = await open(directory);
  const queues = Array.from({ length: QUEUES }, (_, i) => durable(store, `queue ${i}`));
  let batch = 0;
  // All of them have pages to leave memory at the same time, and later again: the log retires.
  for (let i = 0; i < 100 * QUEUES; i++) {
    const message = messageOf(`${Math.floor(i / QUEUES)}`.padStart(40));
    batch = store.append(message, [queues[i % QUEUES]!]);
    if (i % (25 * QUEUES) === 0) await committed(store, batch);
  }
  await committed(store, batch);
  await store.close();
  const again = await open(directory);
  t.same(again.damage, []);
  for (let i = 0; i < QUEUES; i++) {
    const bodies = await takeBodies(durable(again, `queue ${i}`));
    t.same(
      bodies.map(Number),
      Array.from({ length: 100 }, (_, n) => n),
      `queue ${i}`,
    );
  }
  await again.close();
});

void tap.test('a restart tells which queues have a message that expires', async (t) => {
  const [directory, store, queues] = await fill(t, 1);
  const [short, paged, settled] = queues as [QueueStore, QueueStore, QueueStore];
  const expiring = messageOf('short', { expiration: 60_000 });
  store.append(expiring, [paged]);
  for (let i = 0; i < 1000; i++) store.append(messageOf(`${i}`), [paged]);
  store.append(expiring, [short, settled]);
  for (const _ of [1, 2]) settled.settle(await takeOne(settled));
  await store.close();
  const again = await open(directory);
  const told = Array.from({ length: 4 }, (_, i) => durable(again, `queue ${i}`).mayExpire);
  t.same(told, [true, true, false, false]);
  await again.close();
});

void tap.test('what was read and not taken leaves memory again', async (t) => {
  const [directory, store] = await fill(t, 40);
  await store.close();
  const again = await open(directory);
  const queues = Array.from({ length: QUEUES }, (_, i) => durable(again, `queue ${i}`));
  for (const queue of queues) while (!isInMemory(queue)) await turn();
  const first = queues.filter(isInMemory).length;
  t.ok(first < QUEUES, `${first} of ${QUEUES} heads stayed`);
  for (const queue of queues) t.equal(bodyOf((await takeOne(queue)).message), 'message 0');
  for (const queue of queues) t.equal((await takeBodies(queue)).length, 39);
  await again.close();
});

void tap.test('a message that stays unacknowledged does not keep the slab in which it came', async (t) => {
  const directory = t.testdir();
  const store = await open(directory);
  const [slow, busy] = [durable(store, 'slow'), durable(store, 'busy')];
  const message = messageOf('slow');
  const slab = Buffer.alloc(100_000);
  message.bytes.copy(slab, 50_000);
  store.append(message.movedTo(slab, 50_000), [slow]);
  const entry = await takeOne(slow);
  for (let i = 0; entry.message.bytes === slab && i < 1000; i++) {
    await committed(store, store.append(messageOf('x'.repeat(200)), [busy]));
  }
  t.ok(entry.message.bytes.length < 1000, 'the log has retired, and the message is by itself');
  t.equal(bodyOf(entry.message), 'slow');
  slow.requeue([entry]);
  t.same(await takeBodies(slow), ['slow']);
  await store.close();
});
