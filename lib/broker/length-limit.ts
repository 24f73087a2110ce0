import type { Message } from '../store/message.js';
import type { QueueStore } from '../store/message-store.js';
import type { QueueOptions } from './arguments/queue-arguments.js';

/** What comes before a message in its transaction, and is not in the queue yet. */
export interface Load {
  /** Messages. */
  count: number;
  /** Octets of their bodies. */
  bytes: number;
}

export const NO_LOAD: Readonly<Load> = { count: 0, bytes: 0 };

/** How much of what is ready a queue holds, and what happens beyond. [RMQ max-length] */
export class LengthLimit {
  /** What is too much is dropped at the head. */
  readonly dropsHead: boolean;
  /** What is too much is not taken. */
  readonly refuses: boolean;
  /** Messages. */
  readonly #length: number;
  /** Bytes of bodies. */
  readonly #bytes: number;

  constructor({ maxLength, maxLengthBytes, overflow }: QueueOptions) {
    const limited = maxLength !== undefined || maxLengthBytes !== undefined;
    this.dropsHead = limited && overflow === 'drop-head';
    this.refuses = limited && overflow !== 'drop-head';
    this.#length = maxLength ?? Infinity;
    this.#bytes = maxLengthBytes ?? Infinity;
  }

  /** There is more than the limit allows. */
  isOver(levels: readonly QueueStore[]): boolean {
    return this.#exceeds(levels, 0, 0);
  }

  /** The message can be added, after what is ahead of it, without exceeding the limit. */
  fits(levels: readonly QueueStore[], message: Message, ahead: Readonly<Load>): boolean {
    return !this.#exceeds(levels, ahead.count + 1, ahead.bytes + message.bodyLength);
  }

  #exceeds(levels: readonly QueueStore[], count: number, bytes: number): boolean {
    for (let i = 0; i < levels.length; i++) {
      const level = levels[i] as QueueStore;
      count += level.count;
      bytes += level.bytes;
    }
    return count > this.#length || bytes > this.#bytes;
  }
}
