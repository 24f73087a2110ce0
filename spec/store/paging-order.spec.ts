import tap from 'tap';
import { ManualClock } from '../../lib/base/clock.js';
import { type DurableMessageStore, openDurableMessageStore } from '../../lib/store/durable-message-store.js';
import type { Entry } from '../../lib/store/entry.js';
import type { StoreFile, StoreFiles } from '../../lib/store/files.js';
import type { StoreLimits } from '../../lib/store/limits.js';
import type { QueueStore, StoreChange } from '../../lib/store/message-store.js';
import { messageOf, takeBodies, takeOne } from '../support/messages.js';
import { Random } from '../support/random.js';
import { tinyLimits } from '../support/tiny-limits.js';
import { UnsafeFiles } from '../support/unsafe-files.js';

/** Pages leave memory; no log file has to retire for that. */
const longLog: StoreLimits = { ...tinyLimits, wal: 2 ** 20, memory: 2 ** 20 };
const TEXT = 'x'.repeat(100);

async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await new Promise<void>((resolve) => setImmediate(resolve));
}

const open = (files: StoreFiles, limits: StoreLimits): Promise<DurableMessageStore> =>
  openDurableMessageStore({ directory: '/store', files, clock: new ManualClock(), limits });

const durable = (store: DurableMessageStore): QueueStore =>
  store.queue({ id: 'q', durable: true, readable: () => {} });

async function committed(store: DurableMessageStore, batch: number): Promise<void> {
  for (let left = 100; store.committed < batch && left > 0; left--) await turns(1);
}

/** Writes to the log never end once it is stuck. */
class StickyLog extends UnsafeFiles {
  isStuck = false;
  /** Called before each sync of a segment. */
  onSync = (): void => {};

  override async create(path: string): Promise<StoreFile> {
    const file = await super.create(path);
    const sync = (): Promise<void> => {
      if (path.endsWith('.segment')) this.onSync();
      return file.sync();
    };
    return { ...file, sync };
  }

  override async createSynced(path: string): Promise<StoreFile> {
    const file = await super.createSynced(path);
    const write: StoreFile['write'] = (buffers, at) =>
      this.isStuck ? new Promise<never>(() => {}) : file.write(buffers, at);
    return { ...file, write };
  }
}

void tap.test('no part of a transaction is in a segment before the whole is safe', async (t) => {
  const files = new StickyLog(new Random(1));
  const store = await open(files, longLog);
  const queue = durable(store);
  for (let i = 0; i < 40; i++) await committed(store, store.append(messageOf(`${i} ${TEXT}`), [queue]));
  await turns(50);
  files.isStuck = true;
  const changes = Array.from({ length: 150 }, (): StoreChange => {
    return { type: 'append', message: messageOf(TEXT.repeat(100)), queues: [queue] };
  });
  const batch = store.transact(changes);
  await turns(500);
  t.ok(store.committed < batch);
  const again = await open(files.kill(), longLog);
  t.equal(durable(again).count, 40);
});

void tap.test('a segment begun for transient messages is no proof of what the log has', async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const files = new UnsafeFiles(new Random(seed));
    const store = await open(files, { ...longLog, segment: 2 ** 20 });
    const queue = durable(store);
    for (let i = 0; i < 60; i++) store.append(messageOf(TEXT, { persistent: false }), [queue]);
    await turns(20);
    const expected = Array.from({ length: 20 }, (_, i) => `${i} ${TEXT}`);
    for (const body of expected) await committed(store, store.append(messageOf(body), [queue]));
    for (let i = 0; i < 10; i++) store.append(messageOf(TEXT, { persistent: false }), [queue]);
    await turns(20);
    const again = await open(files.losePower(), longLog);
    const bodies = await takeBodies(durable(again));
    if (bodies.length === expected.length) continue;
    t.same(bodies, expected, `seed ${seed}`);
    return;
  }
  t.ok(true);
});

/** Three of these fill a page; of 19 pages in a log file the last one goes to a segment of its own. */
const BIG = 'x'.repeat(10_000);
const bigPages: StoreLimits = { ...longLog, page: 25_000, walFile: 570_000, wal: 580_000, memory: 2 ** 30 };

void tap.test('what a transaction settled goes to a segment as long as it may be lost', async (t) => {
  const files = new StickyLog(new Random(1));
  const store = await open(files, bigPages);
  const queue = durable(store);
  const taken: Entry[] = [];
  files.onSync = (): void => {
    if (files.isStuck) return;
    files.isStuck = true;
    const some = taken.filter((_entry, at) => at % 3 === 1);
    store.transact(some.map((entry): StoreChange => ({ type: 'settle', entry, queue })));
  };
  const batches: number[] = [];
  while (!files.isStuck) {
    const batch = store.append(messageOf(BIG), [queue]);
    batches.push(batch);
    taken.push(await takeOne(queue));
    await committed(store, batch);
  }
  await turns(200);
  const again = await open(files.kill(), bigPages);
  t.equal(durable(again).count, batches.filter((batch) => batch <= store.committed).length);
});

void tap.test(
  'a log file that retires takes no part of a transaction along before the whole is safe',
  async (t) => {
    const files = new StickyLog(new Random(1));
    const limits = { ...longLog, wal: 12_000, page: 2048 };
    const store = await open(files, limits);
    const queue = durable(store);
    const busy = store.queue({ id: 'busy', durable: true, readable: () => {} });
    await committed(store, store.append(messageOf('begins a page'), [queue]));
    while (!files.contents().has('/store/000000000002.wal'))
      await committed(store, store.append(messageOf(TEXT), [busy]));
    files.isStuck = true;
    store.transact([
      { type: 'append', message: messageOf('in the same page'), queues: [queue] },
      { type: 'append', message: messageOf(TEXT.repeat(100)), queues: [busy] },
    ]);
    await turns(5);
    for (let left = 100; left > 0; left--) store.append(messageOf(TEXT), [busy]);
    await turns(200);
    const again = await open(files.kill(), limits);
    t.same(await takeBodies(durable(again)), ['begins a page']);
  },
);

void tap.test('an index that is found after a loss of power names nothing that is not there', async (t) => {
  for (let seed = 1; seed <= 40; seed++) {
    const files = new StickyLog(new Random(seed));
    const store = await open(files, longLog);
    const queue = durable(store);
    let syncs = 1 + (seed % 4);
    files.onSync = (): void => void (--syncs === 0 && files.dieAfter(0));
    const batches: number[] = [];
    while (!files.isDead) {
      batches.push(store.append(messageOf(TEXT), [queue]));
      await turns(5);
    }
    const found = await takeBodies(durable(await open(files.losePower(), longLog)));
    t.ok(found.length >= batches.filter((batch) => batch <= store.committed).length, `seed ${seed}`);
  }
});

void tap.test('what a start after a kill goes on with would survive a loss of power', async (t) => {
  const met = new Set<string>();
  for (let at = 20; at < 300; at += 2) {
    const files = new UnsafeFiles(new Random(at));
    const store = await open(files, tinyLimits);
    const queue = durable(store);
    files.dieAfter(at);
    for (let i = 0; !files.isDead; i++) {
      store.append(messageOf(TEXT), [queue]);
      await turns(2);
      const entry = i % 3 === 0 ? queue.take() : undefined;
      if (entry !== undefined) queue.settle(entry);
    }
    const left = files.kill();
    for (const path of left.unsafe) met.add(path.split('.').at(-1)!);
    await open(left, tinyLimits);
    t.same(left.unsafe, [], `after ${at} operations`);
  }
  t.ok(met.has('wal') && met.has('segment'), 'there was something to be made safe');
});
