import type { Entry } from './entry.js';

const byPosition = (a: Entry, b: Entry): number => a.position - b.position;

/** Entries that were taken and came back, in order of position, the lowest first out. */
export class Returned {
  /** Sorted; entries before #head are gone. */
  #entries: Entry[] = [];
  #head = 0;

  get length(): number {
    return this.#entries.length - this.#head;
  }

  first(): Entry | undefined {
    return this.#entries[this.#head];
  }

  shift(): Entry | undefined {
    const entry = this.#entries[this.#head];
    if (entry === undefined) return undefined;
    this.#head++;
    if (this.#head === this.#entries.length) this.clear();
    else if (this.#head > 1024 && this.#head * 2 > this.#entries.length) this.#compact();
    return entry;
  }

  /** One lookup and one move for a single entry, one merge for many. */
  insert(entries: readonly Entry[]): void {
    const only = entries.length === 1 ? entries[0] : undefined;
    if (only !== undefined) this.#insertOne(only);
    else this.#merge(entries);
  }

  clear(): void {
    this.#entries = [];
    this.#head = 0;
  }

  #insertOne(entry: Entry): void {
    const first = this.first();
    if (first !== undefined && entry.position < first.position && this.#head > 0) {
      this.#entries[--this.#head] = entry;
      return;
    }
    let low = this.#head;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle] as Entry).position < entry.position) low = middle + 1;
      else high = middle;
    }
    this.#entries.splice(low, 0, entry);
  }

  #merge(entries: readonly Entry[]): void {
    this.#compact();
    // Two sorted runs: the engine's sort recognises them and merges in linear time.
    this.#entries = this.#entries.concat(entries.toSorted(byPosition)).toSorted(byPosition);
  }

  #compact(): void {
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }
}
