import type { DurableQueueStore } from './durable-queue-store.js';
import type { Generation } from './generation.js';
import type { Message } from './message.js';
import type { Range } from './queue-record.js';
import type { StoredEntry } from './stored-entry.js';

/** Positions that a page spans. Part of the storage format: no two pages of a queue overlap, ever. */
export const PAGE_SLOTS = 2048;

export const pageStart = (position: number): number => position - (position % PAGE_SLOTS);

/** A message that was not taken, an entry that was, or nothing: settled, or never kept. */
export type Slot = Message | StoredEntry | undefined;

/**
 * Up to {@link PAGE_SLOTS} messages of one queue that follow each other: the unit in which messages move between
 * memory and segments. Slot i has position `first + i`.
 */
export class Page {
  readonly queue: DurableQueueStore;
  readonly first: number;
  slots: Slot[] = [];
  /** Slots below are taken (or were always empty). */
  head = 0;
  /** Messages not settled, taken ones too. */
  live = 0;
  /** Octets of the messages ever put here: bounds what one read brings in. */
  bytes = 0;
  /** The WAL file that a restart would find them in; undefined when it is not needed any more. */
  generation: Generation | undefined;

  constructor(queue: DurableQueueStore, first: number, generation: Generation | undefined) {
    this.queue = queue;
    this.first = first;
    this.generation = generation;
  }

  /** Moves `head` to the first fresh message; false when there is none. */
  skipHoles(): boolean {
    const { slots } = this;
    let { head } = this;
    while (head < slots.length && slots[head] === undefined) head++;
    this.head = head;
    return head < slots.length;
  }

  /** Settles what was never taken. */
  dropFresh(): void {
    for (let slot = this.head; slot < this.slots.length; slot++) {
      if (this.slots[slot] === undefined) continue;
      this.slots[slot] = undefined;
      this.live--;
    }
    this.head = this.slots.length;
  }

  /** What is not settled, in order. */
  liveRanges(into: Range[]): void {
    let from = -1;
    for (let slot = 0; slot < this.slots.length; slot++) {
      const isLive = this.slots[slot] !== undefined;
      if (isLive && from < 0) from = slot;
      if (isLive || from < 0) continue;
      into.push({ from: this.first + from, to: this.first + slot });
      from = -1;
    }
    if (from >= 0) into.push({ from: this.first + from, to: this.first + this.slots.length });
  }
}
