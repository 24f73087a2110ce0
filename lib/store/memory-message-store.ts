import { assert } from '../base/assert.js';
import { Ring } from '../base/ring.js';
import { Entry } from './entry.js';
import type { Message } from './message.js';
import {
  type MessageStore,
  type QueueStore,
  type QueueStoreOptions,
  SAFE,
  type StoreChange,
} from './message-store.js';
import { Returned } from './returned.js';

class MemoryQueueStore implements QueueStore {
  readonly mayExpire = false;
  /** Never taken yet; the head has position #headPosition, the others follow without a gap. */
  readonly #fresh = new Ring<Message>();
  readonly #returned = new Returned();
  #headPosition = 0;
  #bytes = 0;

  get count(): number {
    return this.#fresh.length + this.#returned.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(message: Message): void {
    this.#fresh.push(message);
    this.#bytes += message.bodyLength;
  }

  head(): Message | undefined {
    return this.#returned.length > 0 ? this.#returned.first()?.message : this.#fresh.at(0);
  }

  take(): Entry | undefined {
    const entry = this.#returned.length > 0 ? this.#returned.shift() : this.#takeFresh();
    if (entry !== undefined) this.#bytes -= entry.message.bodyLength;
    return entry;
  }

  // Whatever came back was taken before anything that is still fresh, so the returned ones always go first.
  #takeFresh(): Entry | undefined {
    const message = this.#fresh.shift();
    return message === undefined ? undefined : new Entry(message, this.#headPosition++, 0);
  }

  requeue(entries: readonly Entry[]): void {
    for (const entry of entries) {
      assert(entry.position < this.#headPosition, 'only a taken entry can be requeued');
      entry.returns++;
      this.#bytes += entry.message.bodyLength;
    }
    this.#returned.insert(entries);
  }

  settle(_entry: Entry): void {
    // Nothing refers to a taken entry any more.
  }

  purge(): number {
    const purged = this.count;
    this.#headPosition += this.#fresh.length;
    this.#fresh.clear();
    this.#returned.clear();
    this.#bytes = 0;
    return purged;
  }

  remove(): void {
    this.purge();
  }
}

/** The memory twin of the durable store: keeps nothing through a restart, so nothing has to be waited for. */
export class MemoryMessageStore implements MessageStore {
  readonly committed = SAFE;

  queue(_options: QueueStoreOptions): QueueStore {
    return new MemoryQueueStore();
  }

  append(message: Message, queues: readonly QueueStore[]): number {
    for (const queue of queues) (queue as MemoryQueueStore).push(message);
    return SAFE;
  }

  transact(changes: readonly StoreChange[]): number {
    for (const change of changes) {
      if (change.type === 'append') this.append(change.message, change.queues);
      else change.queue.settle(change.entry);
    }
    return SAFE;
  }

  onCommitted(): void {}

  onFailed(): void {}

  async recovered(): Promise<void> {}

  async close(): Promise<void> {}
}
