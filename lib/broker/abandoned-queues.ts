import { Ring } from '../base/ring.js';
import type { Turn, TurnTask } from '../base/turn.js';
import type { Queue } from './queue.js';

/** Queues removed in one turn: as many as leave the others theirs when thousands expire together. */
const PER_TURN = 256;

/** Removes queues that nobody uses any more: at once, or when too many go together some turns later. */
export class AbandonedQueues implements TurnTask {
  readonly #turn: Turn;
  readonly #remove: (queue: Queue) => void;
  readonly #waiting = new Ring<Queue>();
  /** So many more may go in this turn. */
  #left = PER_TURN;
  #scheduled = false;

  constructor(turn: Turn, remove: (queue: Queue) => void) {
    this.#turn = turn;
    this.#remove = remove;
  }

  add(queue: Queue): void {
    this.#waiting.push(queue);
    this.#removeSome();
  }

  runTurn(): void {
    this.#scheduled = false;
    this.#left = PER_TURN;
    this.#removeSome();
  }

  #removeSome(): void {
    for (; this.#left > 0 && this.#waiting.length > 0; this.#left--) {
      const queue = this.#waiting.shift();
      // Somebody may have come back to it, or deleted it.
      if (queue !== undefined && !queue.isDeleted && queue.consumerCount === 0) this.#remove(queue);
    }
    if (this.#scheduled || this.#left === PER_TURN) return;
    this.#scheduled = true;
    this.#turn.again(this);
  }
}
