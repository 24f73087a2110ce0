import type { DurableQueueStore } from './durable-queue-store.js';
import type { Generation } from './generation.js';
import { MESSAGE_OVERHEAD } from './limits.js';
import type { Message } from './message.js';
import type { Range } from './queue-record.js';
import type { Segment } from './segment.js';
import { SlotMask } from './slot-mask.js';
import type { StoredEntry } from './stored-entry.js';

/** Positions that a page spans. Part of the storage format: no two pages of a queue overlap, ever. */
export const PAGE_SLOTS = 2048;

export const pageStart = (position: number): number => position - (position % PAGE_SLOTS);

/** A message that was not taken, an entry that was, or nothing: settled, never kept, or not read from disk yet. */
export type Slot = Message | StoredEntry | undefined;

/** Where a page's messages stand on disk. */
export interface Run {
  readonly segment: Segment;
  readonly offset: number;
  readonly length: number;
}

/** Messages that were not taken. */
export interface Fresh {
  readonly count: number;
  /** Of their bodies. */
  readonly bytes: number;
}

/** From here on a page of taken messages keeps the few that are left in a map. */
const SPARSE_BELOW = PAGE_SLOTS / 32;

/**
 * Up to {@link PAGE_SLOTS} messages of one queue that follow each other: the unit in which messages move between
 * memory and segments. Slot i has position `first + i`; slots below `head` were taken, the others are fresh.
 */
export class Page {
  readonly queue: DurableQueueStore;
  readonly first: number;
  /** Ends at `head` as long as the fresh messages are on disk only. */
  slots: Slot[] = [];
  head = 0;
  /** Messages not settled: taken, fresh and unread. */
  live = 0;
  /** Octets of the messages ever put here: bounds what one read brings in. */
  bytes = 0;
  /** The batch of the last message put here that the log keeps. */
  lastBatch = 0;
  /** The first WAL file that a restart would find them in; undefined when it is not needed any more. */
  generation: Generation | undefined;
  run: Run | undefined;
  /** The fresh messages are in memory. */
  resident = true;
  /** When not resident: slots in use, fresh messages, and octets of their bodies. */
  size = 0;
  unread = 0;
  unreadBytes = 0;
  /** When not resident: which slots are fresh; undefined when all from `head` on are. */
  mask: SlotMask | undefined;
  /** Its fresh messages are being read. */
  loading = false;
  /** The queue's last page, to which messages are added. */
  open = true;
  /** Replaces `slots` when everything was taken and little is left. */
  #sparse: Map<number, StoredEntry> | undefined;

  constructor(queue: DurableQueueStore, first: number, generation: Generation | undefined) {
    this.queue = queue;
    this.first = first;
    this.generation = generation;
  }

  /** Slots in use, whether in memory or not. */
  get end(): number {
    return this.resident ? this.slots.length : this.size;
  }

  /** Moves `head` to the first fresh message in memory; false when there is none. */
  skipHoles(): boolean {
    const { slots } = this;
    let { head } = this;
    while (head < slots.length && slots[head] === undefined) head++;
    this.head = head;
    return head < slots.length;
  }

  /** The message of this slot is done with. */
  settle(slot: number): void {
    this.live--;
    if (this.#sparse !== undefined) {
      this.#sparse.delete(slot);
      return;
    }
    this.slots[slot] = undefined;
    if (!this.open) this.#thinOut();
  }

  /** Nothing is added any more. */
  close(): void {
    this.open = false;
    this.#thinOut();
  }

  /** Whether the message of this slot is not settled, as far as memory tells. */
  holds(slot: number): boolean {
    if (this.#sparse !== undefined) return this.#sparse.has(slot);
    return slot < this.slots.length ? this.slots[slot] !== undefined : !this.resident;
  }

  /** Settles what was never taken. */
  dropFresh(): void {
    if (!this.resident) {
      this.live -= this.unread;
      this.forgetUnread();
      return;
    }
    for (let slot = this.head; slot < this.slots.length; slot++)
      if (this.slots[slot] !== undefined) this.live--;
    if (this.slots.length > this.head) this.slots.length = this.head;
  }

  /** What the fresh messages take in memory, estimated. */
  cost(): number {
    if (!this.resident) return 0;
    let cost = 0;
    for (let slot = this.head; slot < this.slots.length; slot++) {
      const message = this.slots[slot] as Message | undefined;
      if (message !== undefined) cost += message.end - message.start + MESSAGE_OVERHEAD;
    }
    return cost;
  }

  /** Nothing is left to be read. */
  forgetUnread(): void {
    this.resident = true;
    this.unread = 0;
    this.unreadBytes = 0;
    this.mask = undefined;
    this.loading = false;
  }

  /** Gives the fresh messages' memory back; they stand in the run. */
  unload(): void {
    const { slots, head } = this;
    const { count, bytes } = this.fresh();
    if (count === 0) return;
    // The run may have more than is still wanted.
    if (count < slots.length - head) this.mask = this.#freshSlots();
    this.unread = count;
    this.unreadBytes = bytes;
    this.size = slots.length;
    this.slots = slots.slice(0, head);
    this.resident = false;
  }

  /** Takes the fresh messages that were read, by slot. What turned out to be unreadable is not there any more. */
  fill(messages: readonly Slot[]): Fresh {
    const { unread } = this;
    this.forgetUnread();
    for (let slot = this.head; slot < messages.length; slot++) this.slots[slot] = messages[slot];
    const fresh = this.fresh();
    this.live += fresh.count - unread;
    return fresh;
  }

  /** The fresh messages in memory. */
  fresh(): Fresh {
    let count = 0;
    let bytes = 0;
    for (let slot = this.head; slot < this.slots.length; slot++) {
      const message = this.slots[slot] as Message | undefined;
      if (message === undefined) continue;
      count++;
      bytes += message.bodyLength;
    }
    return { count, bytes };
  }

  #freshSlots(): SlotMask {
    const mask = new SlotMask();
    for (let slot = this.head; slot < this.slots.length; slot++)
      if (this.slots[slot] !== undefined) mask.add(slot);
    return mask;
  }

  /** Taken entries and, if resident, fresh messages, by slot. */
  *held(): Iterable<[number, Message | StoredEntry]> {
    if (this.#sparse !== undefined) {
      yield* this.#sparse;
      return;
    }
    for (let slot = 0; slot < this.slots.length; slot++) {
      const held = this.slots[slot];
      if (held !== undefined) yield [slot, held];
    }
  }

  /** The entries that were taken and not settled. */
  *entries(): Iterable<StoredEntry> {
    if (this.#sparse !== undefined) {
      yield* this.#sparse.values();
      return;
    }
    for (let slot = 0; slot < this.head; slot++) {
      const entry = this.slots[slot] as StoredEntry | undefined;
      if (entry !== undefined) yield entry;
    }
  }

  /** Adds what is not settled, in order. */
  liveRanges(into: Range[]): void {
    if (this.live === 0) return;
    if (this.resident && this.head === 0 && this.live === this.slots.length) {
      addSlots(into, this.first, 0, this.live);
      return;
    }
    for (const [slot] of this.held()) addSlots(into, this.first, slot, 1);
    if (this.resident) return;
    if (this.mask === undefined) addSlots(into, this.first, this.head, this.size - this.head);
    else for (const slot of this.mask.slots()) addSlots(into, this.first, slot, 1);
  }

  // A few messages must not keep the buffers alive in which their neighbours came.
  #thinOut(): void {
    if (this.live > SPARSE_BELOW || this.live === 0 || this.head < this.end) return;
    const sparse = new Map<number, StoredEntry>();
    for (const [slot, held] of this.held()) {
      (held as StoredEntry).detach();
      sparse.set(slot, held as StoredEntry);
    }
    this.#sparse = sparse;
    this.slots = [];
  }
}

function addSlots(into: Range[], first: number, slot: number, count: number): void {
  const from = first + slot;
  const last = into.at(-1);
  if (last !== undefined && last.to === from) into[into.length - 1] = { from: last.from, to: from + count };
  else into.push({ from, to: from + count });
}
