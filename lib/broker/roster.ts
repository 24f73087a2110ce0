import { Ring } from '../base/ring.js';
import type { Consumer } from './consumer.js';

/** A consumer's place in a queue. */
export class Subscription {
  readonly consumer: Consumer;
  /** Waits in its priority's ring for the next message. */
  waiting = false;
  /** Left the queue; a ring may still hold it for a while. */
  gone = false;

  constructor(consumer: Consumer) {
    this.consumer = consumer;
  }
}

interface Level {
  readonly priority: number;
  readonly waiting: Ring<Subscription>;
}

/** The consumers of one queue: round robin among the ready ones of the highest priority that has any. */
export class Roster {
  /** In order of arrival. */
  readonly #subscriptions = new Set<Subscription>();
  /** Highest priority first. */
  readonly #levels: Level[] = [];
  readonly #singleActive: boolean;
  #active: Subscription | undefined;

  constructor(singleActive: boolean) {
    this.#singleActive = singleActive;
  }

  get size(): number {
    return this.#subscriptions.size;
  }

  /** The one that is served, where only one may be. */
  get active(): Subscription | undefined {
    return this.#active;
  }

  get hasExclusive(): boolean {
    for (const { consumer } of this.#subscriptions) if (consumer.exclusive) return true;
    return false;
  }

  [Symbol.iterator](): IterableIterator<Subscription> {
    return this.#subscriptions.values();
  }

  /** Somebody would take a message now. */
  get hasReady(): boolean {
    return this.#levels.some(({ waiting }) => {
      for (let i = 0; i < waiting.length; i++) {
        const next = waiting.at(i);
        if (next?.gone === false && next.consumer.ready) return true;
      }
      return false;
    });
  }

  add(consumer: Consumer): Subscription {
    const subscription = new Subscription(consumer);
    this.#subscriptions.add(subscription);
    if (this.#singleActive && this.#active === undefined) this.#active = subscription;
    this.resume(subscription);
    return subscription;
  }

  remove(subscription: Subscription): void {
    if (!this.#subscriptions.delete(subscription)) return;
    subscription.gone = true;
    if (this.#active === subscription) this.#activateNext();
  }

  /** The consumer may have become ready. */
  resume(subscription: Subscription): void {
    if (subscription.waiting || subscription.gone || !subscription.consumer.ready) return;
    if (this.#singleActive && subscription !== this.#active) return;
    subscription.waiting = true;
    this.#level(subscription.consumer.priority).waiting.push(subscription);
  }

  /** Takes the consumer whose turn it is; give it back with `resume` after the delivery. */
  next(): Subscription | undefined {
    for (const level of this.#levels) {
      for (let next = level.waiting.shift(); next !== undefined; next = level.waiting.shift()) {
        next.waiting = false;
        if (!next.gone && next.consumer.ready) return next;
      }
    }
    return undefined;
  }

  #activateNext(): void {
    let best: Subscription | undefined;
    for (const candidate of this.#subscriptions) {
      if (best === undefined || candidate.consumer.priority > best.consumer.priority) best = candidate;
    }
    this.#active = best;
    if (best !== undefined) this.resume(best);
  }

  #level(priority: number): Level {
    for (let i = 0; i < this.#levels.length; i++) {
      const level = this.#levels[i] as Level;
      if (level.priority === priority) return level;
      if (level.priority < priority) return this.#insertLevel(i, priority);
    }
    return this.#insertLevel(this.#levels.length, priority);
  }

  #insertLevel(at: number, priority: number): Level {
    const level: Level = { priority, waiting: new Ring() };
    this.#levels.splice(at, 0, level);
    return level;
  }
}
