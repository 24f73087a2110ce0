import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tap, { type Test } from 'tap';
import { systemClock } from '../../lib/base/clock.js';
import { openDurableMessageStore } from '../../lib/store/durable-message-store.js';
import type { StoreLimits } from '../../lib/store/limits.js';
import type { MessageStore, QueueStore } from '../../lib/store/message-store.js';
import { messageStoreContract } from '../contracts/message-store.js';
import { tinyLimits } from '../support/tiny-limits.js';
import { bodyOf, messageOf, takeAll, takeBodies, takeOne } from '../support/messages.js';

/** A store in a directory that goes when the store is closed, which writes as long as it is open. */
async function openOwn(t: Test, limits: Partial<StoreLimits>): Promise<MessageStore> {
  const directory = await mkdtemp(join(tmpdir(), 'warrenmq-store-'));
  const store = await openDurableMessageStore({ directory, clock: systemClock, limits });
  t.teardown(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });
  return store;
}

messageStoreContract(tap, (t) => openOwn(t, {}));
messageStoreContract(tap, (t) => openOwn(t, tinyLimits));

const open = (directory: string) => openDurableMessageStore({ directory, clock: systemClock });
const durable = (store: MessageStore, id: string): QueueStore =>
  store.queue({ id, durable: true, readable: () => {} });

void tap.test('what was kept is there after a restart, in order', async (t) => {
  const directory = t.testdir();
  let store = await open(directory);
  const [one, two] = [durable(store, 'one'), durable(store, 'two')];
  for (let i = 0; i < 5000; i++) store.append(messageOf(`message ${i}`), i % 2 ? [one] : [one, two]);
  await store.close();
  store = await open(directory);
  t.same(
    await takeBodies(durable(store, 'one')),
    Array.from({ length: 5000 }, (_, i) => `message ${i}`),
  );
  t.equal(durable(store, 'two').count, 2500);
  await store.close();
});

void tap.test('every fact of a message survives a restart', async (t) => {
  const directory = t.testdir();
  let store = await open(directory);
  const facts = { priority: 9, expiration: 315_360_000_000, arrivedAt: 1_700_000_000_001 };
  store.append(messageOf(Buffer.alloc(100_000, 'x'), { ...facts, exchange: 'e', routingKey: 'r' }), [
    durable(store, 'q'),
  ]);
  await store.close();
  store = await open(directory);
  const { message } = await takeOne(durable(store, 'q'));
  t.match(message, { ...facts, persistent: true, exchange: 'e', routingKey: 'r' });
  t.equal(bodyOf(message), 'x'.repeat(100_000));
  await store.close();
});

void tap.test('what was settled does not come back; what was taken comes back redelivered', async (t) => {
  const directory = t.testdir();
  let store = await open(directory);
  const queue = durable(store, 'q');
  for (const body of ['a', 'b', 'c', 'd', 'e']) store.append(messageOf(body), [queue]);
  const [a, b, c] = [await takeOne(queue), await takeOne(queue), await takeOne(queue)];
  queue.settle(b);
  queue.requeue([a]);
  queue.requeue([await takeOne(queue)]);
  t.equal(c.returns, 0);
  await store.close();
  store = await open(directory);
  t.same(
    (await takeAll(durable(store, 'q'))).map(({ message, returns }) => [bodyOf(message), returns]),
    [
      ['a', 2],
      ['c', 1],
      ['d', 0],
      ['e', 0],
    ],
  );
  await store.close();
});

void tap.test(
  'transient messages, queues that are not durable, purged and removed ones are gone',
  async (t) => {
    const directory = t.testdir();
    let store = await open(directory);
    const queues = ['kept', 'purged', 'removed', 'unopened'].map((id) => durable(store, id));
    const transient = store.queue({ id: 'transient', durable: false, readable: () => {} });
    store.append(messageOf('persistent'), [...queues, transient]);
    store.append(messageOf('transient', { persistent: false }), [...queues, transient]);
    store.append(messageOf('persistent'), [...queues, transient]);
    queues[1]?.purge();
    queues[2]?.remove();
    await store.close();
    store = await open(directory);
    t.equal(durable(store, 'kept').count, 2);
    for (const id of ['purged', 'removed', 'transient']) t.equal(durable(store, id).count, 0, id);
    await store.recovered();
    await store.close();
    store = await open(directory);
    t.equal(durable(store, 'unopened').count, 0);
    await store.close();
  },
);

void tap.test('a transaction survives a restart as a whole', async (t) => {
  const directory = t.testdir();
  let store = await open(directory);
  const [from, to] = [durable(store, 'from'), durable(store, 'to')];
  store.append(messageOf('a'), [from]);
  store.append(messageOf('b'), [from]);
  const big = 'x'.repeat(50_000);
  store.transact([
    { type: 'settle', entry: await takeOne(from), queue: from },
    { type: 'append', message: messageOf(big), queues: [to, from] },
    { type: 'append', message: messageOf('y'), queues: [to] },
  ]);
  await store.close();
  store = await open(directory);
  t.same(await takeBodies(durable(store, 'from')), ['b', big]);
  t.same(await takeBodies(durable(store, 'to')), [big, 'y']);
  await store.close();
});

void tap.test('a queue goes on where it was through many restarts', async (t) => {
  const directory = t.testdir();
  const expected: string[] = [];
  for (let round = 0; round < 10; round++) {
    const store = await open(directory);
    const queue = durable(store, 'q');
    for (let i = 0; i < 7; i++) {
      store.append(messageOf(`${round}.${i}`), [queue]);
      expected.push(`${round}.${i}`);
    }
    for (let i = 0; i < 3; i++) {
      const entry = await takeOne(queue);
      t.equal(bodyOf(entry.message), expected.shift());
      queue.settle(entry);
    }
    await store.recovered();
    await store.close();
  }
});

void tap.test('a clean stop leaves no log file of which everything stands in segments', async (t) => {
  const directory = t.testdir();
  const limits = { ...tinyLimits, wal: 1_000_000, memory: 1_000_000 };
  const openStore = () => openDurableMessageStore({ directory, clock: systemClock, limits });
  const countLogs = (): number => readdirSync(directory).filter((name) => name.endsWith('.wal')).length;
  let store = await openStore();
  const queue = durable(store, 'q');
  const bodies = Array.from({ length: 1000 }, (_, i) => `message ${i}`);
  for (const body of bodies) {
    const batch = store.append(messageOf(body), [queue]);
    while (store.committed < batch) await new Promise((resolve) => setImmediate(resolve));
  }
  // What is at the head is wanted soon and in no segment; in files as small as these that is much.
  for (const _ of bodies.slice(0, 100)) queue.settle(await takeOne(queue));
  t.ok(countLogs() > 10);
  await store.close();
  t.ok(countLogs() < 3, `${countLogs()} files`);
  store = await openStore();
  t.same(await takeBodies(durable(store, 'q')), bodies.slice(100));
  await store.close();
});

/** What a store says in its log when it opens what is left of two messages in a killed one's. */
async function saidOf(t: Test, harm: (wal: Buffer) => Buffer): Promise<readonly string[]> {
  const [live, copy] = [join(t.testdir(), 'live'), join(t.testdirName, 'copy')];
  const killed = await open(live);
  const queue = durable(killed, 'q');
  for (const body of ['first', 'second']) {
    const batch = killed.append(messageOf(body), [queue]);
    while (killed.committed < batch) await new Promise((resolve) => setImmediate(resolve));
  }
  cpSync(live, copy, { recursive: true });
  await killed.close();
  const wal = join(copy, readdirSync(copy).find((name) => name.endsWith('.wal')) ?? '');
  writeFileSync(wal, harm(readFileSync(wal)));
  const said: string[] = [];
  const saying = (severity: string) => (_details: object, message: string) =>
    void said.push(`${severity}: ${message}`);
  const log = { info: saying('info'), warn: saying('warn'), error: saying('error') };
  const store = await openDurableMessageStore({ directory: copy, clock: systemClock, log });
  await store.close();
  return said;
}

/** Flips a bit of the first message's body. */
function flipFirst(wal: Buffer): Buffer {
  const at = wal.indexOf('first');
  wal[at]! ^= 1;
  return wal;
}

void tap.test('a torn end is told without alarm, for it was never confirmed', async (t) => {
  t.strictSame(await saidOf(t, (wal) => wal.subarray(0, -1)), [
    'info: a torn end was left out: nothing in it was ever confirmed',
  ]);
});

void tap.test('damage to what was confirmed is a warning', async (t) => {
  t.strictSame(await saidOf(t, flipFirst), ['warn: unreadable octets were skipped']);
});
