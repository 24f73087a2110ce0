import type { Clock, Timer } from '../base/clock.js';
import type { UnackedLedger } from './unacked-ledger.js';

/** The longest time between two looks, milliseconds; RabbitMQ looks as often. */
const MOST_INTERVAL = 60_000;
const LEAST_INTERVAL = 100;
/** Looks within the shortest timeout. */
const LOOKS = 4;
/** Looks within the longest timeout, at most: so many marks are kept. */
const MOST_LOOKS = 1024;

/** Deliveries with tags below `next` were sent at `at` or earlier. */
interface Mark {
  readonly next: number;
  /** Milliseconds since the first look. */
  readonly at: number;
}

/**
 * Finds deliveries of one channel that stay unacknowledged for too long. [RMQ consumer_timeout]
 *
 * Deliveries carry no time. Now and then the next delivery tag is noted with the time, so that the age of what is
 * outstanding is known well enough: a timeout is noticed a few looks late and never early, also if somebody sets the
 * machine's clock.
 */
export class AckTimeout {
  readonly #clock: Clock;
  readonly #ledger: UnackedLedger;
  readonly #expired: (ms: number) => void;
  #marks: Mark[] = [];
  /** The shortest and the longest that were asked for, milliseconds. */
  #shortest = Infinity;
  #longest = 0;
  #timer: Timer | undefined;
  /** Until the next look, milliseconds. */
  #interval = 0;
  /** At the last look, milliseconds since the first one. */
  #now = 0;

  /** @param expired told the timeout that has passed, milliseconds; nothing is looked at after that */
  constructor(clock: Clock, ledger: UnackedLedger, expired: (ms: number) => void) {
    this.#clock = clock;
    this.#ledger = ledger;
    this.#expired = expired;
  }

  /** There may be deliveries with this timeout from now on. Milliseconds. */
  watch(timeout: number): void {
    if (timeout === Infinity || (timeout >= this.#shortest && timeout <= this.#longest)) return;
    this.#shortest = Math.min(timeout, this.#shortest);
    this.#longest = Math.max(timeout, this.#longest);
    this.#timer?.cancel();
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    const wanted = Math.min(MOST_INTERVAL, Math.max(LEAST_INTERVAL, this.#shortest / LOOKS));
    this.#interval = Math.max(wanted, this.#longest / MOST_LOOKS);
    this.#timer = this.#clock.after(this.#interval, () => this.#look());
  }

  #look(): void {
    this.#now += this.#interval;
    const now = this.#now;
    const { next, oldest } = this.#ledger;
    // Of the marks that no timeout reaches back to, the last one says enough.
    const reach = this.#marks.findLastIndex(({ at }) => now - at >= this.#longest);
    const marks = this.#marks.filter((mark, index) => mark.next > oldest && index >= reach);
    if (oldest < next) marks.push({ next, at: now });
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
