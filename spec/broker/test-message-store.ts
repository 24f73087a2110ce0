import type { Entry } from '../../lib/store/entry.js';
import { MemoryMessageStore } from '../../lib/store/memory-message-store.js';
import type { Message } from '../../lib/store/message.js';
import type {
  MessageStore,
  QueueStore,
  QueueStoreOptions,
  StoreChange,
} from '../../lib/store/message-store.js';

/** A queue whose messages have to be read first, while `paged` is set. */
export class TestQueueStore implements QueueStore {
  readonly options: QueueStoreOptions;
  readonly memory: QueueStore;
  readonly settled: Entry[] = [];
  removed = false;
  paged = false;
  mayExpire = false;
  /** How often somebody looked at the head. */
  looks = 0;

  constructor(options: QueueStoreOptions, memory: QueueStore) {
    this.options = options;
    this.memory = memory;
  }

  get count(): number {
    return this.memory.count;
  }

  get bytes(): number {
    return this.memory.bytes;
  }

  head(): Message | undefined {
    this.looks++;
    return this.paged ? undefined : this.memory.head();
  }

  take(): Entry | undefined {
    return this.paged ? undefined : this.memory.take();
  }

  requeue(entries: readonly Entry[]): void {
    this.memory.requeue(entries);
  }

  settle(entry: Entry): void {
    this.settled.push(entry);
    this.memory.settle(entry);
  }

  purge(): number {
    return this.memory.purge();
  }

  remove(): void {
    this.removed = true;
    this.memory.remove();
  }

  /** The head is in memory again. */
  becomeReadable(): void {
    this.paged = false;
    this.options.readable();
  }
}

/** Keeps messages in memory, and commits when the spec says so. */
export class TestMessageStore implements MessageStore {
  readonly queues = new Map<string, TestQueueStore>();
  /** What queues hold from before when they are opened, by their ids. */
  readonly kept = new Map<string, readonly Message[]>();
  recoveries = 0;
  committed = 0;
  #batch = 0;
  #told = (): void => {};
  readonly #memory = new MemoryMessageStore();

  queue(options: QueueStoreOptions): QueueStore {
    const queue = new TestQueueStore(options, this.#memory.queue(options));
    this.queues.set(options.id, queue);
    for (const message of this.kept.get(options.id) ?? []) {
      this.#memory.append(message, [queue.memory]);
      if (message.expiration >= 0) queue.mayExpire = true;
    }
    return queue;
  }

  append(message: Message, queues: readonly QueueStore[]): number {
    this.#memory.append(
      message,
      queues.map((queue) => (queue as TestQueueStore).memory),
    );
    return queues.length === 0 ? 0 : ++this.#batch;
  }

  transact(changes: readonly StoreChange[]): number {
    for (const change of changes) {
      if (change.type === 'append') this.append(change.message, change.queues);
      else change.queue.settle(change.entry);
    }
    return ++this.#batch;
  }

  /** Everything appended so far is safe. */
  commit(): void {
    this.committed = this.#batch;
    this.#told();
  }

  onCommitted(listener: () => void): void {
    this.#told = listener;
  }

  onFailed(): void {}

  async recovered(): Promise<void> {
    this.recoveries++;
  }

  async close(): Promise<void> {}
}
