import type { Clock, Timer } from '../base/clock.js';
import type { Message } from '../store/message.js';
import type { QueueStore } from '../store/message-store.js';

/** When the messages at the head of a queue expire. As in RabbitMQ only heads do, so that one timer is enough. */
export class HeadExpiry {
  readonly #clock: Clock;
  /** x-message-ttl, milliseconds. */
  readonly #ttl: number | undefined;
  readonly #due: () => void;
  #timer: Timer | undefined;
  /** When #timer fires, milliseconds since the epoch. */
  #timerDue = Infinity;
  /** Messages that expire have been seen since the queue was last empty. */
  #pending = false;
  /** A consumer waits for what was accepted from then on, so that it counts as alive. Milliseconds since the epoch. */
  #sparedSince = Infinity;

  /** @param due called when a head may have expired; calls `arm` when it is done */
  constructor(clock: Clock, ttl: number | undefined, due: () => void) {
    this.#clock = clock;
    this.#ttl = ttl;
    this.#due = due;
  }

  get pending(): boolean {
    return this.#pending;
  }

  /** The message is about to become part of the queue. True: it expires some time. */
  notice(message: Message): boolean {
    if (message.expiration < 0 && this.#ttl === undefined) return false;
    this.#pending = true;
    return true;
  }

  isExpired(message: Message): boolean {
    if (message.expiration < 0 && this.#ttl === undefined) return false;
    return this.#expiresAt(message) <= this.#clock.now() && message.arrivedAt < this.#sparedSince;
  }

  /** Until `spareNone` neither this message nor what came after it expires. */
  spare(message: Message): void {
    if (message.arrivedAt < this.#sparedSince) this.#sparedSince = message.arrivedAt;
  }

  spareNone(): void {
    this.#sparedSince = Infinity;
  }

  /**
   * After a restart: what is there may expire. Where nothing can, no head is looked at: each look would read a page,
   * and there may be very many queues.
   */
  recover(levels: readonly QueueStore[]): void {
    if (this.#ttl === undefined && !levels.some(({ mayExpire }) => mayExpire)) return;
    this.#pending = true;
    this.arm(levels);
  }

  /** The heads have changed. */
  arm(levels: readonly QueueStore[]): void {
    if (!this.#pending || this.#sparedSince !== Infinity) return;
    let due = Infinity;
    let isEmpty = true;
    for (const level of levels) {
      if (level.count > 0) isEmpty = false;
      const head = level.head();
      if (head !== undefined) due = Math.min(due, this.#expiresAt(head));
    }
    if (isEmpty) this.#pending = false;
    if (due === Infinity || this.#timerDue <= due) return;
    this.#timer?.cancel();
    this.#timerDue = due;
    this.#timer = this.#clock.after(Math.max(0, due - this.#clock.now()), () => {
      this.#timerDue = Infinity;
      this.#due();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#pending = false;
  }

  #expiresAt(message: Message): number {
    const own = message.expiration >= 0 ? message.expiration : Infinity;
    return message.arrivedAt + Math.min(own, this.#ttl ?? Infinity);
  }
}
