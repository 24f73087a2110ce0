import type { Clock } from '../base/clock.js';
import type { DurableQueueStore } from './durable-queue-store.js';
import { encodeFileHeader, FILE_KIND, FILE_START, fileName } from './file-header.js';
import type { StoreFiles } from './files.js';
import { Generation } from './generation.js';
import type { StoreLimits } from './limits.js';
import { appendRemovedRecord } from './queue-record.js';
import { putUint48, RECORD, RECORD_HEADER } from './record.js';
import { RecordBuffer } from './record-buffer.js';
import { isOutOfSpace, StoreFailedError } from './store-errors.js';
import type { StoreLog } from './store-log.js';

export interface MessageLogOptions {
  readonly directory: string;
  readonly files: StoreFiles;
  readonly clock: Clock;
  readonly log: StoreLog;
  readonly limits: StoreLimits;
  /** Runs its argument at the end of the turn. */
  readonly defer: (task: () => void) => void;
  /** 32 random bits. */
  readonly random: () => number;
  readonly storeId: string;
  /** The first WAL file's number. */
  readonly firstNumber: number;
  readonly firstQueue: number;
}

const MARKER_BYTES = RECORD_HEADER + 6;
/** Flag of a batch record: the first one of a process. What stands in older files was written by another. */
export const FIRST_BATCH = 1;

interface Waiting {
  readonly batch: number;
  readonly task: () => void;
}

/**
 * The write-ahead log: records gather in a buffer, and one write and sync at a time takes them to the current file
 * (group commit). What gathers while it is under way goes with the next one.
 */
export class MessageLog {
  /** Records are added here; they belong to the batch {@link batch} and the generation {@link current}. */
  buffer = new RecordBuffer();
  current: Generation;
  /** The number of the batch that is gathering. */
  batch = 0;
  committed = 0;
  /** Numbers for queues; none is given away twice. */
  nextQueue: number;
  readonly #options: MessageLogOptions;
  #idle = new RecordBuffer();
  /** Generations before the current one, the oldest first. */
  readonly #older: Generation[] = [];
  #dirty: DurableQueueStore[] = [];
  #waiting: Waiting[] = [];
  #scheduled = false;
  #flying = false;
  #progressTimer = false;
  #failed: Error | undefined;
  #onCommitted: () => void = () => {};
  #onFailed: (error: Error) => void = () => {};
  #firstBatch = true;
  readonly #flushNow = (): void => this.#flush();

  constructor(options: MessageLogOptions) {
    this.#options = options;
    this.nextQueue = options.firstQueue;
    this.current = this.#newGeneration(options.firstNumber);
    this.#openBatch();
  }

  onCommitted(listener: () => void): void {
    this.#onCommitted = listener;
  }

  onFailed(listener: (error: Error) => void): void {
    this.#onFailed = listener;
  }

  /** To be called when something that has to be safe was added to the buffer. Returns the batch to wait for. */
  schedule(): number {
    if (!this.#scheduled && !this.#flying) {
      this.#scheduled = true;
      this.#options.defer(this.#flushNow);
    }
    return this.batch;
  }

  /** The queue has progress to tell; it goes with the next batch, or by itself a little later. */
  noteProgress(queue: DurableQueueStore): void {
    this.#dirty.push(queue);
    if (this.#progressTimer) return;
    this.#progressTimer = true;
    this.#options.clock.after(this.#options.limits.progressDelay, () => {
      this.#progressTimer = false;
      if (this.#dirty.length > 0) this.schedule();
    });
  }

  /** Takes over a file that an earlier process wrote. */
  adopt(generation: Generation): void {
    this.#older.push(generation);
  }

  /** Writes the queue's facts into the current generation, giving it a number if it has none. */
  writeFacts(queue: DurableQueueStore): void {
    if (queue.number === 0) queue.number = this.nextQueue++;
    queue.writeFacts(this.buffer);
    queue.facts?.queues.delete(queue);
    queue.facts = this.current;
    this.current.queues.add(queue);
  }

  removeQueue(queue: DurableQueueStore): void {
    queue.facts?.queues.delete(queue);
    appendRemovedRecord(this.buffer, queue.number);
    this.schedule();
  }

  /** Runs the task when everything added so far is safe. */
  afterCommit(task: () => void): void {
    this.#waiting.push({ batch: this.batch, task });
    this.schedule();
  }

  /** Writes and syncs everything, then says that the end was a good one. */
  async close(): Promise<void> {
    await this.#settled();
    if (this.#failed === undefined && this.current.file !== undefined) {
      this.buffer.seal(this.buffer.begin(RECORD.closed, 0, RECORD_HEADER));
      await this.#settled();
    }
    for (const { file } of [...this.#older, this.current]) await file?.close();
    this.#failed ??= new Error('the store is closed');
  }

  async #settled(): Promise<void> {
    while (this.#failed === undefined && (this.#flying || this.#hasWork())) {
      await new Promise<void>((resolve) => {
        this.#waiting.push({ batch: this.batch, task: resolve });
        this.#flush();
      });
    }
  }

  #hasWork(): boolean {
    return this.buffer.length > MARKER_BYTES || this.#dirty.length > 0;
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#flying || this.#failed !== undefined) return;
    for (const queue of this.#dirty) queue.writeProgress(this.buffer);
    this.#dirty.length = 0;
    if (this.buffer.length === MARKER_BYTES) {
      this.#skipBatch();
      return;
    }
    const { buffer, current, batch } = this;
    const at = Math.max(current.size, FILE_START);
    current.size = at + buffer.length;
    this.buffer = this.#idle;
    this.#idle = buffer;
    if (current.size + current.transient >= this.#options.limits.walFile) {
      this.#older.push(current);
      this.current = this.#newGeneration(current.number + 1);
    }
    this.#openBatch();
    this.#flying = true;
    this.#commit(current, buffer, at).then(
      () => this.#land(batch),
      (error: unknown) => this.#fail(error),
    );
  }

  /** Nothing to write: whoever waits for this batch waits for the ones before it. */
  #skipBatch(): void {
    if (this.#waiting.length === 0) return;
    this.#land(this.batch - 1, this.batch);
  }

  async #commit(generation: Generation, buffer: RecordBuffer, at: number): Promise<void> {
    const pieces = buffer.pieces();
    for (;;) {
      try {
        generation.file ??= await this.#createFile(generation);
        await generation.file.write(pieces, at);
        break;
      } catch (error) {
        if (!isOutOfSpace(error)) throw error;
        await this.#waitForSpace(error);
      }
    }
    await generation.file.sync();
  }

  async #createFile(generation: Generation): Promise<NonNullable<Generation['file']>> {
    const { directory, files, storeId } = this.#options;
    const { number, salt } = generation;
    const path = `${directory}/${fileName(FILE_KIND.wal, number)}`;
    const file = await files.create(path);
    try {
      const header = { kind: FILE_KIND.wal, salt, number, wal: number, nextQueue: this.nextQueue, storeId };
      await file.write([encodeFileHeader(header)], 0);
      await files.syncDirectory(directory);
      return file;
    } catch (error) {
      await file.close();
      await files.unlink(path);
      throw error;
    }
  }

  async #waitForSpace(error: unknown): Promise<void> {
    const { clock, limits, log } = this.#options;
    log.error({ err: error }, 'the disk is full: nothing is confirmed until there is space again');
    await new Promise<void>((resolve) => clock.after(limits.fullDiskDelay, resolve));
  }

  #land(batch: number, reached: number = batch): void {
    this.#flying = false;
    this.committed = batch;
    if (this.#waiting.length > 0) this.#runWaiting(reached);
    this.#onCommitted();
    if (this.buffer.length > MARKER_BYTES || this.#waiting.length > 0) this.#flush();
  }

  #runWaiting(reached: number): void {
    const due = this.#waiting.filter((waiting) => waiting.batch <= reached);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((waiting) => waiting.batch > reached);
    for (const waiting of due) waiting.task();
  }

  #fail(error: unknown): void {
    this.#flying = false;
    this.#failed = new StoreFailedError('writing the message log', error);
    for (const waiting of this.#waiting) waiting.task();
    this.#waiting = [];
    this.#onFailed(this.#failed);
  }

  #newGeneration(number: number): Generation {
    return new Generation(number, this.#options.random());
  }

  #openBatch(): void {
    this.batch++;
    this.buffer.reset(this.current.salt);
    const start = this.buffer.begin(RECORD.batch, this.#firstBatch ? FIRST_BATCH : 0, MARKER_BYTES);
    this.#firstBatch = false;
    putUint48(this.buffer.view, start + RECORD_HEADER, this.batch);
    this.buffer.seal(start);
  }
}
