import type { Entry } from './entry.js';

/**
 * Entries that were taken and came back; the lowest position is the first out. A binary heap: any number of them
 * may come back in any order, a few at a time, without the others being moved.
 */
export class Returned<T extends Pick<Entry, 'position'> = Entry> {
  /** The children of #heap[i] are #heap[2i + 1] and #heap[2i + 2], and neither has a lower position. */
  #heap: T[] = [];

  get length(): number {
    return this.#heap.length;
  }

  first(): T | undefined {
    return this.#heap[0];
  }

  shift(): T | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (last === undefined || first === undefined) return undefined;
    if (this.#heap.length > 0) this.#sink(0, last);
    return first;
  }

  /** In any order. */
  insert(entries: readonly T[]): void {
    if (entries.length > this.#heap.length) {
      this.#heap = this.#heap.concat(entries);
      for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#sink(i, this.#heap[i] as T);
      return;
    }
    for (const entry of entries) this.#rise(entry);
  }

  clear(): void {
    this.#heap = [];
  }

  /** Adds `entry` at the end and moves it up to its place. */
  #rise(entry: T): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as T;
      if (above.position <= entry.position) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  /** Puts `entry` in place of #heap[from], whose subtrees are in order, and moves it down to its place. */
  #sink(from: number, entry: T): void {
    const heap = this.#heap;
    const { length } = heap;
    let at = from;
    for (let child = 2 * at + 1; child < length; child = 2 * at + 1) {
      const right = heap[child + 1];
      if (right !== undefined && right.position < (heap[child] as T).position) child++;
      const below = heap[child] as T;
      if (below.position >= entry.position) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = entry;
  }
}
