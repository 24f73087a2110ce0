const LAPS = 10;

/** When a count began, and when it reached each tenth of its limit. */
export class Laps {
  /** Milliseconds of this process. */
  readonly times: number[] = [];
  /** The count at which the next lap ends; infinite when there is none. */
  next: number;
  readonly #limit: number;

  /** `limit` 0: there are no laps. */
  constructor(limit: number) {
    this.#limit = limit;
    this.next = limit === 0 ? Number.POSITIVE_INFINITY : this.#endOf(1);
    if (limit > 0) this.times.push(performance.now());
  }

  reach(count: number): void {
    while (count >= this.next) {
      this.times.push(performance.now());
      this.next = this.times.length > LAPS ? Number.POSITIVE_INFINITY : this.#endOf(this.times.length);
    }
  }

  #endOf(lap: number): number {
    return Math.ceil((this.#limit * lap) / LAPS);
  }
}

/** Messages a second in each of the laps that have ended. */
export function lapRates(limit: number, times: readonly number[]): number[] {
  return times.slice(1).map((time, index) => ((limit / LAPS) * 1000) / (time - times[index]!));
}
