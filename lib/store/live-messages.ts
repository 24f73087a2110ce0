import type { DurableQueueStore } from './durable-queue-store.js';
import type { Generation } from './generation.js';
import { eachTarget } from './message-record.js';
import { type Page, pageStart } from './page.js';
import { RECORD } from './record.js';

/** Tells which of the records that were not written yet are still of use. */
export class LiveMessages {
  readonly #queues = new Map<number, DurableQueueStore>();
  readonly #pages = new Map<DurableQueueStore, ReadonlyMap<number, Page>>();

  /** `needs` has met messages that are. */
  wereNeeded = false;

  constructor(generations: readonly Generation[]) {
    for (const { queues } of generations)
      for (const queue of queues.keys()) this.#queues.set(queue.number, queue);
  }

  /** False for a message that has left all of its queues. Everything else is needed. */
  needs(bytes: Buffer, start: number): boolean {
    const type = bytes[start + 8];
    if (type === RECORD.transaction) this.wereNeeded = true;
    if (type !== RECORD.message) return true;
    let isNeeded = false;
    eachTarget(bytes, start, (number, position) => {
      isNeeded ||= this.#isLive(number, position);
    });
    this.wereNeeded ||= isNeeded;
    return isNeeded;
  }

  #isLive(number: number, position: number): boolean {
    const queue = this.#queues.get(number);
    if (queue === undefined) return false;
    const first = pageStart(position);
    return (
      this.#pagesOf(queue)
        .get(first)
        ?.holds(position - first) ?? false
    );
  }

  #pagesOf(queue: DurableQueueStore): ReadonlyMap<number, Page> {
    let pages = this.#pages.get(queue);
    if (pages === undefined) {
      pages = new Map([...queue.pages].map((page) => [page.first, page]));
      this.#pages.set(queue, pages);
    }
    return pages;
  }
}
