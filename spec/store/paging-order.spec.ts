import tap from 'tap';
import { ManualClock } from '../../lib/base/clock.js';
import { type DurableMessageStore, openDurableMessageStore } from '../../lib/store/durable-message-store.js';
import type { StoreFile, StoreFiles } from '../../lib/store/files.js';
import type { StoreLimits } from '../../lib/store/limits.js';
import type { QueueStore, StoreChange } from '../../lib/store/message-store.js';
import { messageOf, takeBodies } from '../support/messages.js';
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
  for (let left = 1000; store.committed < batch && left > 0; left--) await turns(1);
}

/** Writes to the log never end once it is stuck. */
class StickyLog extends UnsafeFiles {
  isStuck = false;

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
