import { Ring } from '../base/ring.js';
import { REFUSED } from '../broker/publish.js';
import { SAFE } from '../store/message-store.js';

/** Publishes of one channel that wait for the same commit. */
interface Run {
  /** Sequence number of the last of them. */
  last: number;
  readonly batch: number;
  /** A single publish that was refused. */
  readonly refused: boolean;
}

/** Tells the publisher; sequence numbers count from 1. */
export interface ConfirmSink {
  /** Everything up to `tag` that was not told before, or that one alone. */
  ack(tag: number, multiple: boolean): void;
  nack(tag: number): void;
}

/** The only maker of confirms: in order, coalesced, and never before the commit batch is safe. [RMQ confirms] */
export class ConfirmTracker {
  #last = 0;
  #told = 0;
  /** Up to here everything is safe. */
  #safe = 0;
  readonly #waiting = new Ring<Run>();

  /** Numbers the next publish; `batch` is what publishing it returned. */
  add(batch: number): void {
    const last = ++this.#last;
    const tail = this.#waiting.at(this.#waiting.length - 1);
    if (tail === undefined && batch === SAFE) {
      this.#safe = last;
      return;
    }
    const refused = batch === REFUSED;
    const wait = Math.max(batch, tail?.batch ?? SAFE);
    if (tail !== undefined && tail.batch === wait && !tail.refused && !refused) tail.last = last;
    else this.#waiting.push({ last, batch: wait, refused });
  }

  /** Something can be told now. `committed`: highest safe batch. */
  isDue(committed: number): boolean {
    if (this.#safe > this.#told) return true;
    const first = this.#waiting.at(0);
    return first !== undefined && first.batch <= committed;
  }

  get waiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Published and not told about yet. */
  get unconfirmed(): number {
    return this.#last - this.#told;
  }

  tell(committed: number, sink: ConfirmSink): void {
    for (
      let run = this.#waiting.at(0);
      run !== undefined && run.batch <= committed;
      run = this.#waiting.at(0)
    ) {
      this.#waiting.shift();
      if (!run.refused) {
        this.#safe = run.last;
        continue;
      }
      this.#ack(sink);
      sink.nack(run.last);
      this.#safe = this.#told = run.last;
    }
    this.#ack(sink);
  }

  #ack(sink: ConfirmSink): void {
    if (this.#safe > this.#told) sink.ack(this.#safe, this.#safe - this.#told > 1);
    this.#told = Math.max(this.#told, this.#safe);
  }
}
