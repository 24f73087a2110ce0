import tap from 'tap';
import { ManualClock } from '../../lib/base/clock.js';
import { type DurableMessageStore, openDurableMessageStore } from '../../lib/store/durable-message-store.js';
import { FILE_START } from '../../lib/store/file-header.js';
import type { QueueStore } from '../../lib/store/message-store.js';
import { RECORD } from '../../lib/store/record.js';
import { messageOf, takeAll, takeBodies } from '../support/messages.js';
import { Random } from '../support/random.js';
import { tinyLimits } from '../support/tiny-limits.js';
import { UnsafeFiles } from '../support/unsafe-files.js';

const TEXT = 'x'.repeat(100);

/** Overwrites the records of a type in every log file, as a torn write may. */
function without(files: UnsafeFiles, type: number): UnsafeFiles {
  const left = new Map<string, Buffer>();
  for (const [path, bytes] of files.contents()) {
    const torn = Buffer.from(bytes);
    for (let at = path.endsWith('.wal') ? FILE_START : torn.length; at < torn.length; ) {
      const end = at + torn.readUInt32LE(at + 4);
      if (torn[at + 8] === type) torn.fill(0, at, end);
      at = end;
    }
    left.set(path, torn);
  }
  return UnsafeFiles.of(left, new Random(1));
}

/** A store in memory that is opened again with what a torn write has left. */
class TornStore {
  files = new UnsafeFiles(new Random(1));
  readonly #clock = new ManualClock();
  store!: DurableMessageStore;

  async open(files = this.files): Promise<void> {
    this.files = files;
    const options = { directory: '/store', files, clock: this.#clock, limits: tinyLimits };
    this.store = await openDurableMessageStore(options);
  }

  queue(id: string): QueueStore {
    return this.store.queue({ id, durable: true, readable: () => {} });
  }

  /** Resolves when the batch is safe. */
  async safe(batch: number): Promise<void> {
    for (let left = 1000; this.store.committed < batch && left > 0; left--) await this.turn();
  }

  async turn(): Promise<void> {
    this.#clock.advance(1);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** So much goes through the queue that every log file there is retires. */
  async churn(queue: QueueStore): Promise<void> {
    for (let round = 0; round < 40; round++) {
      let batch = 0;
      for (let i = 0; i < 20; i++) batch = this.store.append(messageOf(TEXT), [queue]);
      await this.safe(batch);
      for (const entry of await takeAll(queue)) queue.settle(entry);
      for (let left = 5; left > 0; left--) await this.turn();
    }
  }
}

void tap.test(
  'a transaction that a full disk put into one write with its queue stands by itself',
  async (t) => {
    const torn = new TornStore();
    await torn.open();
    const [queue, other] = [torn.queue('q'), torn.queue('other')];
    torn.files.capacity = 0;
    torn.store.append(messageOf('before'), [queue, other]);
    for (let left = 20; left > 0; left--) await torn.turn();
    const batch = torn.store.transact([
      { type: 'append', message: messageOf('one'), queues: [queue] },
      { type: 'append', message: messageOf('two'), queues: [other] },
    ]);
    torn.files.capacity = Number.POSITIVE_INFINITY;
    await torn.safe(batch);
    await torn.open(without(torn.files, RECORD.queue));
    t.same(await takeBodies(torn.queue('q')), ['before', 'one']);
    t.same(await takeBodies(torn.queue('other')), ['before', 'two']);
  },
);

void tap.test('what was settled under an old number does not come back when that is forgotten', async (t) => {
  const torn = new TornStore();
  await torn.open();
  let [queue, busy] = [torn.queue('q'), torn.queue('busy')];
  const keeper = torn.queue('keeper');
  for (let i = 0; i < 20; i++) await torn.safe(torn.store.append(messageOf(TEXT), [queue, keeper]));
  await torn.churn(busy);
  for (const entry of await takeAll(queue)) queue.settle(entry);
  await torn.churn(busy);
  await torn.safe(torn.store.append(messageOf('again'), [queue]));
  await torn.open(without(torn.files, RECORD.removed));
  [queue, busy] = [torn.queue('q'), torn.queue('busy')];
  const entries = await takeAll(queue);
  t.equal(entries.length, 1, 'the last one is there');
  queue.settle(entries[0]!);
  await torn.churn(busy);
  await torn.store.close();
  await torn.open();
  t.equal(torn.queue('keeper').count, 20);
  t.equal(torn.queue('q').count, 0);
});
