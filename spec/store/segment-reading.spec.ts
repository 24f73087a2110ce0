import tap, { type Test } from 'tap';
import { ManualClock } from '../../lib/base/clock.js';
import { type DurableMessageStore, openDurableMessageStore } from '../../lib/store/durable-message-store.js';
import type { QueueStore } from '../../lib/store/message-store.js';
import { bodyOf, messageOf, takeBodies, takeOne } from '../support/messages.js';
import { Random } from '../support/random.js';
import { tinyLimits } from '../support/tiny-limits.js';
import { systemError, UnsafeFiles } from '../support/unsafe-files.js';

const BODIES = Array.from({ length: 100 }, (_, i) => `${i} ${'x'.repeat(100)}`);

/** A durable queue most of which is in segments only. */
class PagedQueue {
  readonly files = new UnsafeFiles(new Random(1));
  readonly clock = new ManualClock();
  store!: DurableMessageStore;
  queue!: QueueStore;

  static async open(): Promise<PagedQueue> {
    const paged = new PagedQueue();
    await paged.#open();
    for (const body of BODIES) {
      const batch = paged.store.append(messageOf(body), [paged.queue]);
      while (paged.store.committed < batch) await paged.turn();
    }
    for (let left = 100; left > 0; left--) await paged.turn();
    return paged;
  }

  async #open(): Promise<void> {
    const { files, clock } = this;
    this.store = await openDurableMessageStore({ directory: '/store', files, clock, limits: tinyLimits });
    this.queue = this.store.queue({ id: 'q', durable: true, readable: () => {} });
  }

  async turn(): Promise<void> {
    this.clock.advance(1);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** Takes what is in memory, and asks for what is not. */
  takeReady(): string[] {
    const bodies: string[] = [];
    for (let entry = this.queue.take(); entry !== undefined; entry = this.queue.take())
      bodies.push(bodyOf(entry.message));
    return bodies;
  }
}

for (const [operation, code] of [
  ['open', 'EMFILE'],
  ['open', 'ENFILE'],
  ['read', 'ENOMEM'],
] as const) {
  void tap.test(`messages that cannot be read for want of something (${code}) are read later`, async (t) => {
    const paged = await PagedQueue.open();
    paged.files.fail(operation, systemError(code));
    const before = paged.takeReady();
    t.ok(before.length < BODIES.length, 'some are on disk only');
    for (let left = 50; left > 0; left--) await paged.turn();
    t.equal(paged.queue.take(), undefined);
    t.equal(paged.queue.count, BODIES.length - before.length, 'none is given up');
    paged.files.heal(operation);
    paged.clock.advance(tinyLimits.fullDiskDelay);
    t.same([...before, ...(await takeBodies(paged.queue))], BODIES);
    t.same(paged.store.damage, []);
    await paged.store.close();
  });
}

async function readsOnWithout(t: Test, code: string): Promise<void> {
  const paged = await PagedQueue.open();
  paged.files.fail('read', systemError(code));
  const before = paged.takeReady();
  for (let left = 50; left > 0 && paged.store.damage.length === 0; left--) await paged.turn();
  paged.files.heal('read');
  t.match(paged.store.damage[0], { kind: 'record', queue: 'q' });
  paged.store.append(messageOf('last'), [paged.queue]);
  const after = await takeBodies(paged.queue);
  t.equal(after.at(-1), 'last');
  t.ok(before.length + after.length < BODIES.length + 1);
  await paged.store.close();
}

void tap.test('what the disk has lost is reported, and the queue goes on behind it', (t) =>
  readsOnWithout(t, 'EIO'),
);

void tap.test('a queue that is removed while it is being read leaves no open file behind', async (t) => {
  const paged = await PagedQueue.open();
  paged.takeReady();
  paged.queue.remove();
  for (let left = 100; left > 0; left--) await paged.turn();
  t.equal(paged.files.ghosts, 0);
  t.notOk([...paged.files.contents().keys()].some((path) => path.endsWith('.segment')));
  await paged.store.close();
});

void tap.test('a store that is closed while it is being read leaves no open file behind', async (t) => {
  const paged = await PagedQueue.open();
  paged.takeReady();
  await paged.store.close();
  for (let left = 100; left > 0; left--) await paged.turn();
  t.equal(paged.files.openFiles, 0);
});

void tap.test('what is taken after a read that failed has its place', async (t) => {
  const paged = await PagedQueue.open();
  paged.files.fail('open', systemError('EMFILE'));
  const before = paged.takeReady();
  for (let left = 5; left > 0; left--) await paged.turn();
  paged.files.heal('open');
  const purged = paged.queue.purge();
  t.equal(purged, BODIES.length - before.length);
  for (let left = 20; left > 0; left--) await paged.turn();
  t.equal(paged.queue.count, 0, 'what was purged meanwhile does not come back');
  paged.store.append(messageOf('next'), [paged.queue]);
  t.equal(bodyOf((await takeOne(paged.queue)).message), 'next');
  await paged.store.close();
});
