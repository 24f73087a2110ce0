import { Ring } from '../base/ring.js';
import type { Consumer } from './consumer.js';

/** The consumers of one priority. */
interface Level {
  readonly priority: number;
  /** In line for the next message: ready when they were put here. */
  readonly waiting: Ring<Subscription>;
  /** How many of those in line have left the queue. */
  gone: number;
  /** In order of arrival. */
  readonly members: Set<Subscription>;
  /** Walks over `members`, one step for each that becomes the active one. */
  arrivals: Iterator<Subscription>;
}

/** A consumer's place in a queue. */
export class Subscription {
  readonly consumer: Consumer;
  readonly level: Level;
  /** Stands in line for the next message. */
  waiting = false;
  /** Left the queue; the line may still hold it for a while. */
  gone = false;

  constructor(consumer: Consumer, level: Level) {
    this.consumer = consumer;
    this.level = level;
  }
}

/** The consumers of one queue: round robin among the ready ones of the highest priority that has any. */
export class Roster {
  /** In order of arrival. */
  readonly #subscriptions = new Set<Subscription>();
  /** Highest priority first; none is empty. */
  readonly #levels: Level[] = [];
  readonly #singleActive: boolean;
  #active: Subscription | undefined;
  /** How many are exclusive. */
  #exclusive = 0;

  constructor(singleActive: boolean) {
    this.#singleActive = singleActive;
  }

  get size(): number {
    return this.#subscriptions.size;
  }

  /** Priorities in use. */
  get levelCount(): number {
    return this.#levels.length;
  }

  /** Places in the lines, whether they are still wanted or not. */
  get waitingCount(): number {
    return this.#levels.reduce((count, { waiting }) => count + waiting.length, 0);
  }

  /** The one that is served, where only one may be. */
  get active(): Subscription | undefined {
    return this.#active;
  }

  get hasExclusive(): boolean {
    return this.#exclusive > 0;
  }

  [Symbol.iterator](): IterableIterator<Subscription> {
    return this.#subscriptions.values();
  }

  /** Somebody would take a message now. Whoever is found not to leaves the line, as in `next`. */
  get hasReady(): boolean {
    for (let i = 0; i < this.#levels.length; i++) {
      const level = this.#levels[i] as Level;
      for (let first = level.waiting.at(0); first !== undefined; first = level.waiting.at(0)) {
        if (!first.gone && first.consumer.ready) return true;
        level.waiting.shift();
        first.waiting = false;
        if (first.gone) level.gone--;
      }
    }
    return false;
  }

  add(consumer: Consumer): Subscription {
    const level = this.#level(consumer.priority);
    const subscription = new Subscription(consumer, level);
    level.members.add(subscription);
    this.#subscriptions.add(subscription);
    if (consumer.exclusive) this.#exclusive++;
    if (this.#singleActive && this.#active === undefined) this.#active = subscription;
    this.resume(subscription);
    return subscription;
  }

  remove(subscription: Subscription): void {
    if (!this.#subscriptions.delete(subscription)) return;
    subscription.gone = true;
    const { level, consumer } = subscription;
    if (consumer.exclusive) this.#exclusive--;
    level.members.delete(subscription);
    if (level.members.size === 0) this.#levels.splice(this.#levels.indexOf(level), 1);
    else if (subscription.waiting) forgetOne(level);
    if (this.#active === subscription) this.#activateNext();
  }

  /** The consumer may have become ready. */
  resume(subscription: Subscription): void {
    if (subscription.waiting || subscription.gone || !subscription.consumer.ready) return;
    if (this.#singleActive && subscription !== this.#active) return;
    subscription.waiting = true;
    subscription.level.waiting.push(subscription);
  }

  /**
   * Takes the consumer whose turn it is; give it back with `resume` after the delivery. Those in front of it who lost
   * their credit leave the line, and come back by `resume`.
   */
  next(): Subscription | undefined {
    for (let i = 0; i < this.#levels.length; i++) {
      const level = this.#levels[i] as Level;
      for (let next = level.waiting.shift(); next !== undefined; next = level.waiting.shift()) {
        next.waiting = false;
        if (next.gone) level.gone--;
        else if (next.consumer.ready) return next;
      }
    }
    return undefined;
  }

  #activateNext(): void {
    const [level] = this.#levels;
    this.#active = level === undefined ? undefined : oldest(level);
    if (this.#active !== undefined) this.resume(this.#active);
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
    const members = new Set<Subscription>();
    const level: Level = { priority, waiting: new Ring(), gone: 0, members, arrivals: members.values() };
    this.#levels.splice(at, 0, level);
    return level;
  }
}

/** One in line has left. Once most of them have, the line closes up: constant time for each, and no place is kept for long. */
function forgetOne(level: Level): void {
  level.gone++;
  const { waiting } = level;
  if (level.gone * 2 <= waiting.length) return;
  for (let left = waiting.length; left > 0; left--) {
    const next = waiting.shift() as Subscription;
    if (!next.gone) waiting.push(next);
  }
  level.gone = 0;
}

/**
 * Who came first. Those who were before it have left, so one walk serves all calls; a new one would pass the holes of all
 * who left each time.
 */
function oldest(level: Level): Subscription | undefined {
  const next = level.arrivals.next();
  if (next.done !== true) return next.value;
  level.arrivals = level.members.values();
  return level.arrivals.next().value;
}
