import type { Entry } from './entry.js';
import type { Message } from './message.js';

/**
 * The messages of one queue (of one priority level of it). Every entry is in exactly one of two states: ready, in
 * order of position, or taken. The caller is the queue's only user.
 */
export interface QueueStore {
  /** Ready messages, on disk or in memory. */
  readonly count: number;
  /** Sum of the ready messages' body lengths, bytes. */
  readonly bytes: number;
  /** Some of what was there when the queue was opened may have an expiration of its own. */
  readonly mayExpire: boolean;
  /** The message at the head without taking it; undefined when empty, or when it has to be read first. */
  head(): Message | undefined;
  /** Takes the head. Undefined when empty, or when it has to be read first: `readable` is called when it was. */
  take(): Entry | undefined;
  /** Puts taken entries back to where they were, counting the return. Any order is accepted. */
  requeue(entries: readonly Entry[]): void;
  /** Done with a taken entry for good: acknowledged, expired, rejected, dead-lettered. */
  settle(entry: Entry): void;
  /** Settles everything that is ready and says how many they were. Taken entries stay. */
  purge(): number;
  /** Forgets the queue and all of its entries, ready and taken. */
  remove(): void;
}

export interface QueueStoreOptions {
  /** Names this incarnation of the queue through restarts; unique per node, never used again. */
  readonly id: string;
  /** Keep persistent messages through a restart. */
  readonly durable: boolean;
  /** Called when a `take` or `head` that came back empty-handed is worth repeating. */
  readonly readable: () => void;
}

/** A batch that is 0 needs no waiting: what it stands for is as safe as it will ever be. */
export const SAFE = 0;

/** One change to the store, for `transact`. */
export type StoreChange =
  | { readonly type: 'append'; readonly message: Message; readonly queues: readonly QueueStore[] }
  | { readonly type: 'settle'; readonly entry: Entry; readonly queue: QueueStore };

/**
 * Keeps messages. What it accepts is visible to `take` at once; whether it would survive a crash is told by batch:
 * `append` answers the number of the commit batch that carries it, and `committed` grows to that number when it is
 * on disk. Nothing may be confirmed to a publisher before.
 */
export interface MessageStore {
  /** Opens the queue with what it still holds from before. Once per id. */
  queue(options: QueueStoreOptions): QueueStore;
  /** Adds the message at the tail of each queue; returns the batch to wait for, or SAFE. */
  append(message: Message, queues: readonly QueueStore[]): number;
  /** All of the changes or, after a crash, none of them. Returns the batch to wait for, or SAFE. */
  transact(changes: readonly StoreChange[]): number;
  /** All batches up to and including this one are safe. */
  readonly committed: number;
  /** The one listener that is told when `committed` has grown; set once, before the first append. */
  onCommitted(listener: () => void): void;
  /**
   * The one listener that is told, once, when nothing can be kept safe any more: `committed` will not grow again and
   * the node has to stop. A full disk is no such failure: it is waited for.
   */
  onFailed(listener: (error: Error) => void): void;
  /** Ends recovery: drops what belongs to ids that were not opened. */
  recovered(): Promise<void>;
  /** Writes and syncs what is pending, then closes. */
  close(): Promise<void>;
}
