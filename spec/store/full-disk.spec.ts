import tap, { type Test } from 'tap';
import { ManualClock } from '../../lib/base/clock.js';
import { type DurableMessageStore, openDurableMessageStore } from '../../lib/store/durable-message-store.js';
import type { StoreLimits } from '../../lib/store/limits.js';
import type { QueueStore } from '../../lib/store/message-store.js';
import { bodyOf, messageOf, takeAll, takeBodies } from '../support/messages.js';
import { Random } from '../support/random.js';
import { tinyLimits } from '../support/tiny-limits.js';
import { UnsafeFiles } from '../support/unsafe-files.js';

const isTorture = process.env['WARRENMQ_TORTURE'] !== undefined;
if (isTorture) tap.setTimeout(3_600_000);
const CAPACITY = 64 * 1024;
const SEEDS = isTorture ? 500 : 20;
const BODY = 'x'.repeat(500);
/** Log files as long as the whole disk: nothing retires before it is full. */
const longFiles: StoreLimits = {
  ...tinyLimits,
  walFile: 2 * CAPACITY,
  wal: 4 * CAPACITY,
  memory: 2 * CAPACITY,
};

/** A store on a disk of 64 KiB. */
class SmallStore {
  readonly files: UnsafeFiles;
  readonly clock = new ManualClock();
  readonly failures: Error[] = [];
  isFull = false;
  store!: DurableMessageStore;
  queue!: QueueStore;
  /** The last batch that a publisher waits for, and how many messages there were. */
  last = 0;
  published = 0;
  readonly #limits: StoreLimits;

  constructor(seed: number, limits: StoreLimits) {
    this.files = new UnsafeFiles(new Random(seed));
    this.#limits = limits;
  }

  async open(files = this.files): Promise<void> {
    const { clock } = this;
    const onFull = (isFull: boolean): void => void (this.isFull = isFull);
    const options = { directory: '/store', files, clock, limits: this.#limits, onFull };
    this.store = await openDurableMessageStore(options);
    this.store.onFailed((error) => this.failures.push(error));
    this.queue = this.store.queue({ id: 'q', durable: true, readable: () => {} });
  }

  publish(): void {
    this.last = this.store.append(messageOf(`${this.published++} ${BODY}`), [this.queue]);
  }

  /** Publishes until the store says that it is enough, and then some that were on their way. */
  async fill(): Promise<void> {
    this.files.capacity = CAPACITY;
    while (!this.isFull) {
      this.publish();
      await this.turn();
    }
    for (let left = 30; left > 0; left--) this.publish();
    await this.until(() => this.store.committed >= this.last, 200);
  }

  /** Whether it came true within so many turns. */
  async until(isTrue: () => boolean, turns = 5000): Promise<boolean> {
    for (let left = turns; left > 0 && !isTrue(); left--) await this.turn();
    return isTrue();
  }

  async turn(): Promise<void> {
    this.clock.advance(1);
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

function forSeeds(
  name: string,
  limits: StoreLimits,
  body: (t: Test, small: SmallStore) => Promise<void>,
): void {
  void tap.test(`${name}, ${SEEDS} seeds`, async (t) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const small = new SmallStore(seed, limits);
      await small.open();
      await body(t, small);
      t.same(small.failures, [], `seed ${seed}`);
    }
  });
}

for (const [name, limits] of Object.entries({ 'short log files': tinyLimits, 'long log files': longFiles })) {
  forSeeds(`consuming makes room on a full disk, ${name}`, limits, async (t, small) => {
    await small.fill();
    const bodies: string[] = [];
    for (const entry of await takeAll(small.queue)) {
      bodies.push(bodyOf(entry.message));
      small.queue.settle(entry);
    }
    t.equal(bodies.length, small.published);
    t.ok(await small.until(() => small.store.committed >= small.last), 'everything is confirmed');
    t.ok(await small.until(() => !small.isFull), 'there is room again');
    small.publish();
    t.ok(await small.until(() => small.store.committed >= small.last), 'and used');
  });
}

forSeeds('one message that stays does not keep a full disk full', longFiles, async (t, small) => {
  await small.fill();
  for (const entry of (await takeAll(small.queue)).slice(1)) small.queue.settle(entry);
  t.ok(await small.until(() => !small.isFull), 'there is room again');
  small.publish();
  t.ok(await small.until(() => small.store.committed >= small.last), 'and used');
  const files = small.files.kill();
  await small.open(files);
  t.same(await takeBodies(small.queue), [`0 ${BODY}`, `${small.published - 1} ${BODY}`]);
});

forSeeds('what was confirmed on a full disk survives', longFiles, async (t, small) => {
  await small.fill();
  const isConfirmed = small.store.committed >= small.last;
  await small.open(small.files.losePower());
  const bodies = await takeBodies(small.queue);
  if (isConfirmed) t.equal(bodies.length, small.published);
  t.ok(bodies.length * BODY.length < CAPACITY);
});

forSeeds(
  'a store that is closed on a full disk keeps what fits, and fails if that is not all',
  longFiles,
  async (t, small) => {
    await small.fill();
    while (small.published < 1000) small.publish();
    const { committed } = small.store;
    let isClosed = false;
    const closed = small.store.close().then(() => (isClosed = true));
    t.ok(await small.until(() => isClosed), 'it does not wait for room');
    await closed;
    t.match(small.failures.splice(0), [{ name: 'StoreFailedError' }]);
    t.equal(small.store.committed, committed);
  },
);

void tap.test('an idle store in which nothing is left keeps nothing of the disk', async (t) => {
  const small = new SmallStore(1, { ...tinyLimits, reserve: 16 * 1024 });
  await small.open();
  const isSetAside = (): boolean => small.files.contents().has('/store/reserve');
  for (let left = 20; left > 0; left--) small.publish();
  t.ok(await small.until(isSetAside), 'a part is set aside as long as there is something');
  for (const entry of await takeAll(small.queue)) small.queue.settle(entry);
  t.ok(
    await small.until(() => !isSetAside() && small.files.used < 2 * tinyLimits.walFile),
    'next to nothing is left',
  );
});

void tap.test('nor does one that still has a small log file of an earlier process', async (t) => {
  const small = new SmallStore(1, { ...tinyLimits, reserve: 64 * 1024 });
  await small.open();
  for (let left = 60; left > 0; left--) small.publish();
  await small.until(() => small.store.committed >= small.last);
  await small.store.close();
  await small.open();
  for (const entry of await takeAll(small.queue)) small.queue.settle(entry);
  const names = (): string[] => [...small.files.contents().keys()];
  t.ok(await small.until(() => names().filter((name) => name.endsWith('.wal')).length > 1));
  await small.until(() => false);
  t.notOk(names().includes('/store/reserve'), names().join(' '));
});
