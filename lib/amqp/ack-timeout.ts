import type { Clock, Timer } from '../base/clock.js';
import type { UnackedLedger } from './unacked-ledger.js';

/** The longest time between two looks, milliseconds; RabbitMQ looks as often. */
const MOST_INTERVAL = 60_000;
const LEAST_INTERVAL = 100;
/** Looks within the shortest timeout. */
const LOOKS = 4;
/** Of more marks than this every second one is forgotten: an old age is then known less exactly. */
const MOST_MARKS = 256;

/** Deliveries with tags below `next` were sent at `at` or earlier. */
interface Mark {
  readonly next: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Finds deliveries of one channel that stay unacknowledged for too long. [RMQ consumer_timeout]
 *
 * Deliveries carry no time. Now and then the next delivery tag is noted with the time, so that the age of what is
 * outstanding is known well enough: a timeout is noticed a few looks late and never early.
 */
export class AckTimeout {
  readonly #clock: Clock;
  readonly #ledger: UnackedLedger;
  readonly #expired: (ms: number) => void;
  #marks: Mark[] = [];
  /** The shortest that was asked for, milliseconds. */
  #shortest = Infinity;
  #timer: Timer | undefined;

  /** @param expired told the timeout that has passed, milliseconds; nothing is looked at after that */
  constructor(clock: Clock, ledger: UnackedLedger, expired: (ms: number) => void) {
    this.#clock = clock;
    this.#ledger = ledger;
    this.#expired = expired;
  }

  /** There may be deliveries with this timeout from now on. Milliseconds. */
  watch(timeout: number): void {
    if (timeout >= this.#shortest) return;
    this.#shortest = timeout;
    this.#timer?.cancel();
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    const interval = Math.min(MOST_INTERVAL, Math.max(LEAST_INTERVAL, this.#shortest / LOOKS));
    this.#timer = this.#clock.after(interval, () => this.#look());
  }

  #look(): void {
    const now = this.#clock.now();
    const { next, oldest } = this.#ledger;
    let marks = this.#marks.filter((mark) => mark.next > oldest);
    if (oldest < next) marks.push({ next, at: now });
    if (marks.length > MOST_MARKS) marks = marks.filter((_, at) => at % 2 === 1);
    this.#marks = marks;
    const expired = this.#overdue(now);
    if (expired === undefined) this.#arm();
    else this.#expired(expired);
  }

  /** The timeout of a delivery that is older than it; undefined if there is none. */
  #overdue(now: number): number | undefined {
    const { next = 0 } = this.#marks.findLast(({ at }) => now - at >= this.#shortest) ?? {};
    for (const { tag, taker } of this.#ledger.below(next)) {
      const mark = this.#marks.find((one) => tag < one.next);
      if (mark !== undefined && now - mark.at >= taker.timeout) return taker.timeout;
    }
    return undefined;
  }
}
