import type { Logger } from './logger.js';

/** How many sockets the node accepts, and why not more. */
export interface ConnectionLimit {
  /** Infinity for no limit. */
  readonly most: number;
  readonly because: string;
}

/** How many sockets the listeners of this node have together. The beginning of refusals is logged, and their end. */
export class ConnectionBudget {
  readonly #limit: ConnectionLimit;
  readonly #log: Logger;
  #open = 0;
  #refused = 0;

  constructor(limit: ConnectionLimit, log: Logger) {
    this.#limit = limit;
    this.#log = log;
  }

  get open(): number {
    return this.#open;
  }

  /** False: there is no room for one more. */
  take(): boolean {
    if (this.#open < this.#limit.most) {
      this.#open++;
      return true;
    }
    if (this.#refused === 0) {
      const { most, because } = this.#limit;
      this.#log.warn({ connections: this.#open, most }, `new connections are refused: ${because}`);
    }
    this.#refused++;
    return false;
  }

  /** One has ended. */
  giveBack(): void {
    this.#open--;
    if (this.#refused === 0 || this.#open > this.#limit.most * ROOM_AGAIN) return;
    this.#log.info({ connections: this.#open, refused: this.#refused }, 'new connections are taken again');
    this.#refused = 0;
  }
}

/** Refusals count as over when so much of the limit is in use, so that the log does not get two lines for each client. */
const ROOM_AGAIN = 0.9;
