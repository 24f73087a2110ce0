import type { Segment } from './segment.js';

/**
 * Which queue numbers segments still name. As long as one does, the log has to remember that a number is done with:
 * else a restart would take the queue's old messages for live ones.
 */
export class QueueMentions {
  readonly #segments = new Map<number, number>();

  add(segment: Segment, number: number): void {
    if (number === 0 || segment.numbers.has(number)) return;
    segment.numbers.add(number);
    this.#segments.set(number, (this.#segments.get(number) ?? 0) + 1);
  }

  /** The segment is gone. */
  drop(segment: Segment): void {
    for (const number of segment.numbers) {
      const left = this.#segments.get(number)! - 1;
      if (left === 0) this.#segments.delete(number);
      else this.#segments.set(number, left);
    }
    segment.numbers.clear();
  }

  has(number: number): boolean {
    return this.#segments.has(number);
  }
}
