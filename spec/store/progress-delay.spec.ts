import tap from 'tap';
import { ManualClock } from '../../lib/base/clock.js';
import { openDurableMessageStore } from '../../lib/store/durable-message-store.js';
import type { StoreFile } from '../../lib/store/files.js';
import { messageOf, takeOne } from '../support/messages.js';
import { Random } from '../support/random.js';
import { tinyLimits } from '../support/tiny-limits.js';
import { UnsafeFiles } from '../support/unsafe-files.js';

async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** A write to the log that begins while the door is shut ends when it opens. */
class SlowLog extends UnsafeFiles {
  #door: Promise<void> = Promise.resolve();
  openDoor = (): void => {};

  shutDoor(): void {
    this.#door = new Promise((resolve) => {
      this.openDoor = resolve;
    });
  }

  override async createSynced(path: string): Promise<StoreFile> {
    const file = await super.createSynced(path);
    const write: StoreFile['write'] = async (buffers, at) => {
      await this.#door;
      return file.write(buffers, at);
    };
    return { ...file, write };
  }
}

void tap.test(
  'what is settled while the log is busy is written too, although nothing else happens',
  async (t) => {
    const files = new SlowLog(new Random(1));
    const clock = new ManualClock();
    const limits = { ...tinyLimits, idleDelay: 1_000_000 };
    const store = await openDurableMessageStore({ directory: '/store', files, clock, limits });
    const queue = store.queue({ id: 'q', durable: true, readable: () => {} });
    for (const body of ['first', 'second', 'third']) store.append(messageOf(body), [queue]);
    await turns(20);
    files.shutDoor();
    queue.settle(await takeOne(queue));
    clock.advance(limits.progressDelay);
    await turns(20);
    queue.settle(await takeOne(queue));
    clock.advance(limits.progressDelay);
    await turns(20);
    files.openDoor();
    await turns(20);
    const again = await openDurableMessageStore({ directory: '/store', files: files.kill(), clock, limits });
    t.equal(again.queue({ id: 'q', durable: true, readable: () => {} }).count, 1);
    await again.close();
  },
);
