import type { Turn, TurnTask } from '../base/turn.js';
import type { Queue } from './queue.js';

/** Told when the dispatcher has caught up. */
export interface ReliefListener {
  relieved(): void;
}

/** Ready messages a queue may hold, with consumers asking for them, before publishers are made to wait. */
const BACKLOG_MARK = 16_384;

/** Delivers in turns of its own, never in the publisher's. */
export class Dispatcher implements TurnTask {
  readonly #turn: Turn;
  #ready: Queue[] = [];
  #scheduled = false;
  #waiting: ReliefListener[] = [];
  #behind = false;

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

  /** Consumers could take more than this process manages to deliver: reading more publishes now only grows queues. */
  get behind(): boolean {
    return this.#behind;
  }

  /** Calls `listener.relieved()` once, when `behind` has become false. */
  onRelief(listener: ReliefListener): void {
    this.#waiting.push(listener);
  }

  runTurn(): void {
    const queues = this.#ready;
    this.#ready = [];
    this.#scheduled = false;
    let behind = false;
    for (const queue of queues) {
      if (queue.isDeleted || !queue.drain()) continue;
      behind ||= queue.messageCount > BACKLOG_MARK;
      this.#nextTurn(queue);
    }
    this.#become(behind);
  }

  #nextTurn(queue: Queue): void {
    this.#ready.push(queue);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#turn.again(this);
  }

  #become(behind: boolean): void {
    this.#behind = behind;
    if (behind || this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const listener of waiting) listener.relieved();
  }
}
