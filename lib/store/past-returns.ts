/** How often messages came back before the restart, where it was more than the once that `taken` tells. */
export class PastReturns {
  readonly #counts: Map<number, number>;

  /** @param counts returns by position; belongs to this object from now on */
  constructor(counts: Map<number, number>) {
    this.#counts = counts;
  }

  /** The larger of `least` and what is known; asked once per position. */
  take(position: number, least: number): number {
    if (this.#counts.size === 0) return least;
    const returns = this.#counts.get(position) ?? 0;
    this.#counts.delete(position);
    return Math.max(returns, least);
  }

  note(position: number, returns: number): void {
    if (returns > (this.#counts.get(position) ?? 0)) this.#counts.set(position, returns);
  }

  /** Adds pairs of position and returns, of those that came back more than once. */
  addTwice(pairs: number[]): void {
    for (const [position, returns] of this.#counts) if (returns > 1) pairs.push(position, returns);
  }

  clear(): void {
    this.#counts.clear();
  }
}
