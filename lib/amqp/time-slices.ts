import type { Clock } from '../base/clock.js';
import { Ring } from '../base/ring.js';
import type { Turn, TurnTask } from '../base/turn.js';

/** Goes on when its slice has come. */
export interface Sliced {
  admit(): void;
}

/** How long those who wait may work in one turn, milliseconds. */
const TURN_MS = 20;

/**
 * Connections that send much, or what takes long, go on one after the other, for a limited time in each turn: whoever asks for
 * little is answered in between, however many of them there are.
 */
export class TimeSlices implements TurnTask {
  readonly #clock: Clock;
  readonly #turn: Turn;
  readonly #waiting = new Ring<Sliced>();
  #scheduled = false;

  constructor(clock: Clock, turn: Turn) {
    this.#clock = clock;
    this.#turn = turn;
  }

  /** Calls `sliced.admit()` in one of the next turns, after those who came before. */
  wait(sliced: Sliced): void {
    this.#waiting.push(sliced);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#turn.again(this);
  }

  runTurn(): void {
    const end = this.#clock.now() + TURN_MS;
    for (let left = this.#waiting.length; left > 0 && this.#clock.now() < end; left--) {
      this.#waiting.shift()?.admit();
    }
    this.#scheduled = this.#waiting.length > 0;
    if (this.#scheduled) this.#turn.again(this);
  }
}
