import type { Message } from '../../lib/store/message.js';
import { MemoryMessageStore } from '../../lib/store/memory-message-store.js';
import {
  type MessageStore,
  type QueueStore,
  type QueueStoreOptions,
  SAFE,
  type StoreChange,
} from '../../lib/store/message-store.js';

/** Keeps messages in memory; persistent ones are safe when `commit` says so, and everything that is transacted too. */
export class SlowMessageStore implements MessageStore {
  readonly #memory = new MemoryMessageStore();
  #batch = 1;
  #committed = SAFE;
  #listener = (): void => {};

  get committed(): number {
    return this.#committed;
  }

  queue(options: QueueStoreOptions): QueueStore {
    return this.#memory.queue(options);
  }

  append(message: Message, queues: readonly QueueStore[]): number {
    this.#memory.append(message, queues);
    return message.persistent ? this.#batch : SAFE;
  }

  transact(changes: readonly StoreChange[]): number {
    this.#memory.transact(changes);
    return this.#batch;
  }

  onCommitted(listener: () => void): void {
    this.#listener = listener;
  }

  onFailed(): void {}

  async recovered(): Promise<void> {}

  async close(): Promise<void> {}

  /** Everything up to this batch, by default the one at hand, is safe. What follows is in the next batch. */
  commit(batch = this.#batch): void {
    this.#committed = batch;
    this.#batch = Math.max(this.#batch, batch + 1);
    this.#listener();
  }

  /** What follows is in the next batch; nothing is safe yet. */
  nextBatch(): void {
    this.#batch++;
  }
}
