/** Positions that were settled, gathered into ranges: one for any number of messages settled in order. */
export class SettledRanges {
  /** Finished ranges: from, to (exclusive). */
  #pairs: number[] = [];
  #from = -1;
  #to = -1;

  /**
   * Adds one position. One that is not `wanted` is added only where it lengthens a range. True when anything was
   * added.
   */
  add(position: number, wanted: boolean): boolean {
    if (position === this.#to) {
      this.#to = position + 1;
      return true;
    }
    if (!wanted) return false;
    this.addRange(position, position + 1);
    return true;
  }

  /** Adds [from, to). */
  addRange(from: number, to: number): void {
    if (this.#from >= 0) this.#pairs.push(this.#from, this.#to);
    this.#from = from;
    this.#to = to;
  }

  /** All ranges in order, joined where they touch: from, to, from, to... Nothing may be added before `clear`. */
  pairs(): readonly number[] {
    if (this.#from >= 0) this.#pairs.push(this.#from, this.#to);
    return joinRanges(this.#pairs);
  }

  clear(): void {
    this.#pairs = [];
    this.#from = -1;
    this.#to = -1;
  }
}

/** Sorts pairs of from and to (exclusive) and joins those that touch or overlap. */
export function joinRanges(pairs: readonly number[]): readonly number[] {
  if (pairs.length <= 2) return pairs;
  const joined: number[] = [];
  for (const at of inOrder(pairs)) {
    const from = pairs[at]!;
    const to = pairs[at + 1]!;
    const last = joined.length - 1;
    if (last > 0 && from <= joined[last]!) joined[last] = Math.max(joined[last]!, to);
    else joined.push(from, to);
  }
  return joined;
}

function inOrder(pairs: readonly number[]): number[] {
  const order: number[] = [];
  for (let at = 0; at < pairs.length; at += 2) order.push(at);
  return order.toSorted((a, b) => pairs[a]! - pairs[b]!);
}

/** Whether `position` is inside one of the joined ranges. */
export function isCovered(joined: readonly number[], position: number): boolean {
  const at = firstRangeAbove(joined, position) * 2;
  return at < joined.length && joined[at]! <= position;
}

/** Index of the first of the joined ranges that ends above `position`. */
export function firstRangeAbove(joined: readonly number[], position: number): number {
  let low = 0;
  let high = joined.length >> 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (joined[middle * 2 + 1]! <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
