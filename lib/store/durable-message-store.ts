import { randomBytes, randomInt } from 'node:crypto';
import { assert } from '../base/assert.js';
import type { Clock } from '../base/clock.js';
import { Disk } from './disk.js';
import { DurableQueueStore } from './durable-queue-store.js';
import type { StoreFiles } from './files.js';
import { defaultStoreLimits, type StoreLimits } from './limits.js';
import type { Message } from './message.js';
import { MessageLog } from './message-log.js';
import { beginMessage, endMessage, putTarget } from './message-record.js';
import {
  type MessageStore,
  type QueueStore,
  type QueueStoreOptions,
  SAFE,
  type StoreChange,
} from './message-store.js';
import { nodeFiles } from './node-files.js';
import { Pager } from './pager.js';
import { appendProgressRecord } from './progress-record.js';
import { appendNameRecord } from './queue-record.js';
import { innerSalt, RECORD } from './record.js';
import { RecordBuffer } from './record-buffer.js';
import { RecoveredSegments } from './recovered-segments.js';
import { Recovery } from './recovery.js';
import { joinRanges } from './settled-ranges.js';
import { type Damage, nullLog, type StoreLog, tellDamage } from './store-log.js';

export interface DurableStoreOptions {
  /** Absolute; made if it is not there. One store at a time: the caller holds the lock. */
  readonly directory: string;
  readonly clock: Clock;
  readonly files?: StoreFiles;
  readonly log?: StoreLog;
  readonly limits?: Partial<StoreLimits>;
  /** Runs its argument at the end of the turn; `setImmediate` by default. */
  readonly defer?: (task: () => void) => void;
  /** 32 random bits. */
  readonly random?: () => number;
  /** Told when the disk is full, and when there is room again. What was accepted is kept, but no more should come. */
  readonly onFull?: (isFull: boolean) => void;
  /** Told while recovery goes on: octets of the log read so far, and how many there are. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Keeps messages on disk. Made by {@link openDurableMessageStore}. */
export class DurableMessageStore implements MessageStore {
  readonly #log: MessageLog;
  readonly #pager: Pager;
  /** What recovery found and nobody opened yet. */
  readonly #recovered = new Map<string, DurableQueueStore>();
  /** What a transaction consists of, before it becomes one record. */
  readonly #inner = new RecordBuffer();

  constructor(log: MessageLog, pager: Pager, recovered: readonly DurableQueueStore[]) {
    this.#log = log;
    this.#pager = pager;
    for (const queue of recovered) this.#recovered.set(queue.id, queue);
  }

  /** What was found damaged so far. */
  get damage(): readonly Damage[] {
    return this.#pager.damage;
  }

  get committed(): number {
    return this.#log.committed;
  }

  onCommitted(listener: () => void): void {
    this.#log.onCommitted(listener);
  }

  onFailed(listener: (error: Error) => void): void {
    this.#log.onFailed(listener);
  }

  queue({ id, durable, readable }: QueueStoreOptions): QueueStore {
    const queue = this.#recovered.get(id) ?? new DurableQueueStore(id, durable, this.#log, this.#pager);
    this.#recovered.delete(id);
    queue.readable = readable;
    return queue;
  }

  append(message: Message, queues: readonly QueueStore[]): number {
    const logged = this.#append(this.#log.buffer, message, queues as readonly DurableQueueStore[]);
    return logged ? this.#log.appended() : SAFE;
  }

  transact(changes: readonly StoreChange[]): number {
    const inner = this.#inner;
    inner.reset(innerSalt(this.#log.buffer.salt));
    const settled = new Map<DurableQueueStore, number[]>();
    const named = new Set<DurableQueueStore>();
    for (const change of changes) {
      if (change.type === 'append') {
        const queues = change.queues as readonly DurableQueueStore[];
        if (this.#append(inner, change.message, queues)) this.#addNew(named, queues);
        continue;
      }
      const queue = change.queue as DurableQueueStore;
      if (!queue.durable || !change.entry.message.persistent) {
        queue.settle(change.entry);
        continue;
      }
      const pairs = settled.get(queue) ?? [];
      settled.set(queue, pairs);
      pairs.push(change.entry.position, change.entry.position + 1);
      // Before anything is deleted because nobody needs it any more.
      this.#log.lastTransaction = this.#log.batch;
      queue.settleUnlogged(change.entry);
    }
    for (const [queue, pairs] of settled) {
      appendProgressRecord(inner, queue.number, queue.taken, joinRanges(pairs), []);
    }
    for (const queue of named) appendNameRecord(inner, queue);
    if (inner.length === 0) return SAFE;
    this.#log.buffer.wrap(RECORD.transaction, inner);
    return this.#log.appended();
  }

  async recovered(): Promise<void> {
    for (const queue of this.#recovered.values()) queue.remove();
    this.#recovered.clear();
  }

  async close(): Promise<void> {
    const isSealed = await this.#pager.close();
    await this.#log.close(isSealed ? this.#pager.nextSegment : undefined);
  }

  /**
   * Adds the queues whose queue record is not safe yet: on a full disk, it may become part of the same write. It may be
   * lost where the transaction is not, which would then be in part for queues that nobody knows.
   */
  #addNew(named: Set<DurableQueueStore>, queues: readonly DurableQueueStore[]): void {
    for (const queue of queues) if (queue.durable && queue.numberedBy > this.#log.committed) named.add(queue);
  }

  /** Adds the message to the queues, and a record of it to `buffer` if it has to survive. False if it has not. */
  #append(buffer: RecordBuffer, message: Message, queues: readonly DurableQueueStore[]): boolean {
    const targets = message.persistent ? this.#durableAmong(queues) : 0;
    if (targets === 0) {
      for (let i = 0; i < queues.length; i++) queues[i]!.push(message);
      this.#log.appendedTransient(message.end - message.start);
      return false;
    }
    const start = beginMessage(buffer, message, targets, 0);
    for (let i = 0, target = 0; i < queues.length; i++) {
      const queue = queues[i] as DurableQueueStore;
      const position = queue.push(message);
      if (queue.durable) putTarget(buffer, start, message, target++, queue.number, position);
    }
    endMessage(buffer, start, message);
    return true;
  }

  /** How many of the queues are durable; each of them has a number after. */
  #durableAmong(queues: readonly DurableQueueStore[]): number {
    let targets = 0;
    for (let i = 0; i < queues.length; i++) {
      const queue = queues[i] as DurableQueueStore;
      if (!queue.durable) continue;
      targets++;
      if (queue.number === 0) this.#log.writeFacts(queue);
      else if (queue.named !== this.#log.current) this.#log.writeName(queue);
    }
    assert(targets < 0x10000, 'a message goes to fewer than 65536 queues');
    return targets;
  }
}

/**
 * Opens the store in a directory with everything that is still in it.
 *
 * @throws StoreVersionError when a newer version of the broker wrote it
 */
export async function openDurableMessageStore(options: DurableStoreOptions): Promise<DurableMessageStore> {
  const files = options.files ?? nodeFiles;
  const { directory } = options;
  await files.mkdir(directory);
  const recovery = new Recovery({ directory, files, onProgress: options.onProgress ?? (() => {}) });
  await recovery.readFacts();
  const disk = new Disk({
    directory,
    files,
    clock: options.clock,
    log: options.log ?? nullLog,
    limits: { ...defaultStoreLimits, ...options.limits },
    random: options.random ?? (() => randomInt(2 ** 32)),
    onFull: options.onFull ?? (() => {}),
    storeId: recovery.storeId ?? randomBytes(8).toString('hex'),
  });
  await disk.open();
  const segments = new RecoveredSegments(disk, recovery.facts, recovery.damage);
  await segments.readIndexes(recovery.segmentFiles, recovery);
  const log = new MessageLog({
    disk,
    defer: options.defer ?? setImmediate,
    older: recovery.generations,
    firstNumber: Math.max(recovery.nextFile, segments.nextWal),
    firstQueue: recovery.facts.nextQueue,
  });
  const pager = new Pager(log, disk, segments.next, recovery.damage);
  const queues = await recovery.readMessages(log, pager, segments);
  await segments.deleteUseless();
  // What an interrupted process had deleted must not come back when new files have the numbers of old ones.
  await disk.sync();
  for (const damage of recovery.damage) tellDamage(disk.log, damage);
  log.schedule();
  pager.kick();
  return new DurableMessageStore(log, pager, queues);
}
