import { DurableQueueStore } from './durable-queue-store.js';
import type { Generation } from './generation.js';
import type { Message } from './message.js';
import type { MessageLog } from './message-log.js';
import { Page, PAGE_SLOTS, pageStart } from './page.js';
import type { Pager } from './pager.js';
import type { QueueFacts } from './recovered-facts.js';
import type { Span } from './wal-stretches.js';

/** A queue on its way from records to pages. */
export class RecoveringQueue {
  readonly facts: QueueFacts;
  readonly queue: DurableQueueStore;
  /** By their first position. */
  readonly pages = new Map<number, Page>();

  constructor(facts: QueueFacts, log: MessageLog, pager: Pager) {
    this.facts = facts;
    const { number, next, taken } = facts;
    const returns = new Map([...facts.returns].filter(([position]) => !facts.isSettled(position)));
    this.queue = new DurableQueueStore(facts.id ?? '', true, log, pager, { number, next, taken, returns });
  }

  /** Remembers where the queue's record stands. */
  placeFacts(generation: Generation): void {
    if (this.facts.home !== generation.number) return;
    generation.addFacts(this.queue, this.facts.octets);
  }

  /** Whether the message has to be taken from the WAL. What a page in a segment lacks was settled before. */
  lacks(position: number): boolean {
    if (this.facts.isSettled(position)) return false;
    return this.pages.get(pageStart(position))?.run === undefined;
  }

  /** Whether any of the positions may have to be taken from the WAL. */
  lacksAny(span: Span): boolean {
    for (let first = pageStart(span.first); first <= span.last; first += PAGE_SLOTS) {
      if (this.pages.get(first)?.run !== undefined) continue;
      const from = Math.max(first, span.first);
      const to = Math.min(first + PAGE_SLOTS - 1, span.last);
      if (!this.facts.areSettled(from, to)) return true;
    }
    return false;
  }

  put(message: Message, position: number, generation: Generation): void {
    const first = pageStart(position);
    let page = this.pages.get(first);
    if (page === undefined) {
      page = new Page(this.queue, first, generation);
      this.pages.set(first, page);
      generation.pages.add(page);
    }
    const slot = position - first;
    while (page.slots.length <= slot) page.slots.push(undefined);
    page.slots[slot] = message;
    page.bytes += message.end - message.start;
    if (message.expiration >= 0) this.queue.mayExpire = true;
  }

  /** Hands the pages to the queue. */
  finish(): DurableQueueStore {
    this.queue.adopt([...this.pages.values()].filter((page) => page.run === undefined || page.live > 0));
    return this.queue;
  }
}
