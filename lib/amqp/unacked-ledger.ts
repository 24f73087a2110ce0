import type { Entry } from '../store/entry.js';
import type { Queue } from '../broker/queue.js';

/** Who received a delivery, and learns that it was settled. */
export interface Taker {
  readonly queue: Queue;
  /** How long a delivery may be outstanding, milliseconds; Infinity for ever. */
  readonly timeout: number;
  /** One delivery less is outstanding. */
  settled(): void;
}

/** A delivery that its channel has not settled. */
export interface Delivery {
  readonly tag: number;
  readonly entry: Entry;
  readonly taker: Taker;
}

/** A window this wide, and mostly empty, is not widened: what is left in it becomes strays. */
const WIDE = 1024;
const SPARSE = 4;
const SMALL = 16;
/** An empty ring with more slots than this is given up for a small one. */
const LARGE = 65_536;

/**
 * Deliveries of one channel by delivery tag, which counts up from 1 without a gap. [AMQP 1.1 delivery-tag]
 *
 * The newest tags stand in a ring, a slot each. A delivery that stays while thousands after it are settled is moved
 * to a map, so that it does not stretch the ring.
 */
export class UnackedLedger {
  #entries: (Entry | undefined)[] = new Array<Entry | undefined>(SMALL).fill(undefined);
  #takers: (Taker | undefined)[] = new Array<Taker | undefined>(SMALL).fill(undefined);
  #mask = SMALL - 1;
  /** Tags in [#first, #next) stand in the ring. */
  #first = 1;
  /** The next tag to be given. */
  #next = 1;
  /** In the ring. */
  #count = 0;
  /** Outstanding below #first. */
  #strays: Map<number, Delivery> | undefined;
  #straysInOrder = true;

  get size(): number {
    return this.#count + (this.#strays?.size ?? 0);
  }

  /** The tag that the next delivery will have. */
  get next(): number {
    return this.#next;
  }

  /** The lowest tag outstanding; Infinity for none. */
  get oldest(): number {
    let oldest = Infinity;
    for (const tag of this.#strays?.keys() ?? []) oldest = Math.min(oldest, tag);
    if (this.#count === 0) return oldest;
    let first = this.#first;
    while (this.#entries[first & this.#mask] === undefined) first++;
    return Math.min(oldest, first);
  }

  /** Deliveries that the ring has slots for. */
  get capacity(): number {
    return this.#mask + 1;
  }

  /** Takes a tag for a delivery that needs no acknowledgement. */
  skip(): number {
    const tag = this.#next++;
    if (this.#count === 0) this.#first = this.#next;
    else this.#makeRoom();
    return tag;
  }

  add(entry: Entry, taker: Taker): number {
    const tag = this.#next++;
    this.#makeRoom();
    const slot = tag & this.#mask;
    this.#entries[slot] = entry;
    this.#takers[slot] = taker;
    this.#count++;
    return tag;
  }

  /** Puts a delivery back that was removed, under its tag. */
  restore(delivery: Delivery): void {
    this.#strays ??= new Map();
    this.#strays.set(delivery.tag, delivery);
    this.#straysInOrder = false;
  }

  has(tag: number): boolean {
    if (this.#strays?.has(tag)) return true;
    return tag >= this.#first && tag < this.#next && this.#entries[tag & this.#mask] !== undefined;
  }

  /** The outstanding deliveries with tags below `tag`, in no particular order. They stay. */
  *below(tag: number): Generator<Delivery> {
    for (const stray of this.#strays?.values() ?? []) if (stray.tag < tag) yield stray;
    for (let current = this.#first; current < Math.min(tag, this.#next); current++) {
      const slot = current & this.#mask;
      const entry = this.#entries[slot];
      if (entry !== undefined) yield { tag: current, entry, taker: this.#takers[slot] as Taker };
    }
  }

  /** Removes and returns one delivery; undefined if the tag is not outstanding. */
  remove(tag: number): Delivery | undefined {
    const stray = this.#strays?.get(tag);
    if (stray !== undefined) {
      this.#strays?.delete(tag);
      return stray;
    }
    if (!this.has(tag)) return undefined;
    const delivery = this.#clear(tag);
    this.#advance();
    return delivery;
  }

  /** Removes the deliveries up to `tag`, in order; of more than `most` the first. */
  removeUpTo(tag: number, most = Infinity): readonly Delivery[] {
    const removed: Delivery[] = [];
    if (this.#strays !== undefined) this.#removeStrays(tag, most, removed);
    const last = Math.min(tag, this.#next - 1);
    let current = this.#first;
    for (; current <= last && removed.length < most; current++) {
      if (this.#entries[current & this.#mask] !== undefined) removed.push(this.#clear(current));
    }
    this.#first = current;
    this.#advance();
    // A restored delivery may stand among the strays with a tag of the ring's range.
    return this.#strays === undefined || removed.length < 2
      ? removed
      : removed.toSorted((a, b) => a.tag - b.tag);
  }

  /** Removes all deliveries and hands them over, in order. */
  drain(take: (entry: Entry, taker: Taker) => void): void {
    if (this.#strays !== undefined) {
      for (const { entry, taker } of this.removeUpTo(Infinity)) take(entry, taker);
      return;
    }
    // There may be a million of them: nothing is made for each.
    for (let tag = this.#first; tag < this.#next; tag++) {
      const entry = this.#entries[tag & this.#mask];
      if (entry !== undefined) take(entry, this.#takers[tag & this.#mask] as Taker);
    }
    this.#count = 0;
    this.#first = this.#next;
    this.#resize(SMALL - 1);
  }

  /** Strays come in order of their tags; only a restored delivery breaks it. */
  #removeStrays(tag: number, most: number, removed: Delivery[]): void {
    if (!this.#straysInOrder) {
      this.#strays = new Map([...(this.#strays ?? [])].toSorted(([a], [b]) => a - b));
      this.#straysInOrder = true;
    }
    for (const stray of this.#strays?.values() ?? []) {
      if (stray.tag > tag || removed.length >= most) return;
      removed.push(stray);
      this.#strays?.delete(stray.tag);
    }
  }

  #clear(tag: number): Delivery {
    const slot = tag & this.#mask;
    const delivery = { tag, entry: this.#entries[slot] as Entry, taker: this.#takers[slot] as Taker };
    this.#entries[slot] = undefined;
    this.#takers[slot] = undefined;
    this.#count--;
    return delivery;
  }

  #advance(): void {
    if (this.#count > 0) {
      while (this.#entries[this.#first & this.#mask] === undefined) this.#first++;
      return;
    }
    this.#first = this.#next;
    if (this.#mask >= LARGE) this.#resize(SMALL - 1);
  }

  #makeRoom(): void {
    if (this.#next - this.#first <= this.#mask + 1) return;
    if (this.#mask >= WIDE && this.#count * SPARSE < this.#mask) this.#moveToStrays();
    else this.#resize(this.#mask * 2 + 1);
  }

  #moveToStrays(): void {
    this.#strays ??= new Map();
    const last = this.#next - 2;
    for (let tag = this.#first; tag <= last; tag++) {
      if (this.#entries[tag & this.#mask] === undefined) continue;
      this.#strays.set(tag, this.#clear(tag));
    }
    this.#first = last + 1;
  }

  #resize(mask: number): void {
    const entries = new Array<Entry | undefined>(mask + 1).fill(undefined);
    const takers = new Array<Taker | undefined>(mask + 1).fill(undefined);
    for (let tag = this.#first; tag < this.#next - 1; tag++) {
      entries[tag & mask] = this.#entries[tag & this.#mask];
      takers[tag & mask] = this.#takers[tag & this.#mask];
    }
    this.#entries = entries;
    this.#takers = takers;
    this.#mask = mask;
  }
}
