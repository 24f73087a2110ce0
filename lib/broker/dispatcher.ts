import type { Turn, TurnTask } from '../base/turn.js';
import type { Queue } from './queue.js';

/** A publisher that waits for its next turn. */
export interface Publisher {
  /** Reads on. */
  admit(): void;
}

/** Ready messages in a queue that is being consumed, above which its publishers skip turns. */
const BACKLOG_MARK = 8192;
/** Most turns that publishers skip in a row. */
const MOST_SKIPPED = 8;

/**
 * Delivers in turns of its own, never in the publisher's. Publishers that send without pause get one chunk read per
 * turn, so that acknowledgements and deliveries have theirs; where consumers are at work on a backlog they skip turns.
 */
export class Dispatcher implements TurnTask {
  readonly #turn: Turn;
  #ready: Queue[] = [];
  #scheduled = false;
  #waiting: Publisher[] = [];
  #skipped = 0;

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  /** The queue has, or may have, messages and consumers for them. */
  ready(queue: Queue): void {
    this.#ready.push(queue);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#turn.work(this);
  }

  /** Calls `publisher.admit()` in one of the next turns. */
  wait(publisher: Publisher): void {
    this.#waiting.push(publisher);
    this.#nextTurn();
  }

  runTurn(): void {
    const queues = this.#ready;
    this.#ready = [];
    this.#scheduled = false;
    let backlog = 0;
    for (const queue of queues) {
      if (queue.isDeleted) continue;
      if (queue.drain()) this.#again(queue);
      backlog = Math.max(backlog, queue.messageCount);
    }
    if (this.#waiting.length > 0) this.#admit(backlog);
  }

  #admit(backlog: number): void {
    if (this.#skipped < Math.min(MOST_SKIPPED, Math.floor(backlog / BACKLOG_MARK))) {
      this.#skipped++;
      this.#nextTurn();
      return;
    }
    this.#skipped = 0;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const publisher of waiting) publisher.admit();
  }

  #again(queue: Queue): void {
    this.#ready.push(queue);
    this.#nextTurn();
  }

  #nextTurn(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#turn.again(this);
  }
}
