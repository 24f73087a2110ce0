import type { Disk } from './disk.js';
import type { DurableQueueStore } from './durable-queue-store.js';
import { encodeFileHeader, FILE_KIND, FILE_START } from './file-header.js';
import type { StoreFile } from './files.js';
import { Generation } from './generation.js';
import { LiveMessages } from './live-messages.js';
import { QueueMentions } from './queue-mentions.js';
import { appendNameRecord, appendRemovedRecord } from './queue-record.js';
import { putUint48, RECORD, RECORD_HEADER } from './record.js';
import { RecordBuffer } from './record-buffer.js';
import { StoreFailedError } from './store-errors.js';

export interface MessageLogOptions {
  readonly disk: Disk;
  /** Runs its argument at the end of the turn. */
  readonly defer: (task: () => void) => void;
  /** The files that earlier processes wrote, the oldest first. */
  readonly older: readonly Generation[];
  /** The first new WAL file's number. */
  readonly firstNumber: number;
  readonly firstQueue: number;
}

/** A batch record, behind the record header: batch number u48 | number of the oldest WAL file needed u48. */
const MARKER_BYTES = RECORD_HEADER + 12;
/** Flag of a batch record: the first one of a process. What stands in older files was written by another. */
export const FIRST_BATCH = 1;

interface Waiting {
  readonly batch: number;
  readonly task: (error?: Error) => void;
}

/** A batch on its way to the disk. */
interface Flight {
  readonly generation: Generation;
  /** Where it begins in the file. */
  readonly at: number;
  readonly flags: number;
  /** Its number; on a full disk, the number of the last one that joined it. */
  batch: number;
  buffer: RecordBuffer;
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
  /** Generations before the current one, the oldest first. */
  readonly older: Generation[];
  readonly mentions = new QueueMentions();
  /** The last batch with a transaction that settles. */
  lastTransaction = 0;
  readonly #disk: Disk;
  readonly #defer: (task: () => void) => void;
  #idle = new RecordBuffer();
  #dirty: DurableQueueStore[] = [];
  #waiting: Waiting[] = [];
  #scheduled = false;
  #flying = false;
  #rotating = false;
  #progressTimer = false;
  /** What queues have to tell waits for the batch that is under way. */
  #progressDue = false;
  #failed: Error | undefined;
  #onCommitted: () => void = () => {};
  #onLanded: () => void = () => {};
  #onFailed: (error: Error) => void = () => {};
  #firstBatch = true;
  readonly #flushNow = (): void => this.#flush();

  constructor(options: MessageLogOptions) {
    this.#disk = options.disk;
    this.#defer = options.defer;
    this.nextQueue = options.firstQueue;
    this.older = [...options.older];
    this.current = this.#newGeneration(options.firstNumber);
    this.#openBatch();
  }

  onCommitted(listener: () => void): void {
    this.#onCommitted = listener;
  }

  /** As `onCommitted`, for the store itself. */
  onLanded(listener: () => void): void {
    this.#onLanded = listener;
  }

  onFailed(listener: (error: Error) => void): void {
    this.#onFailed = listener;
  }

  /** To be called when something that has to be safe was added to the buffer. Returns the batch to wait for. */
  appended(): number {
    if (!this.#scheduled && !this.#flying) this.schedule();
    return this.batch;
  }

  /** Writes what is there at the end of the turn, or as soon as the batch that is under way is safe. */
  schedule(): void {
    if (this.#scheduled || this.#flying) return;
    this.#scheduled = true;
    this.#defer(this.#flushNow);
  }

  /** The queue has progress to tell; it goes with the next batch, or by itself a little later. */
  noteProgress(queue: DurableQueueStore): void {
    this.#dirty.push(queue);
    if (this.#progressTimer) return;
    this.#progressTimer = true;
    this.#disk.clock.after(this.#disk.limits.progressDelay, () => {
      this.#progressTimer = false;
      this.#progressDue = this.#dirty.length > 0;
      if (this.#progressDue) this.schedule();
    });
  }

  /** Writes the queue's facts into the current generation, giving it a number if it has none. */
  writeFacts(queue: DurableQueueStore): void {
    if (queue.number === 0) {
      queue.number = this.nextQueue++;
      queue.numberedBy = this.batch;
    }
    const before = this.buffer.length;
    queue.writeFacts(this.buffer);
    this.current.addFacts(queue, this.buffer.length - before);
    queue.named = this.current;
  }

  /** The queue has nothing live; it gets another number when it needs one. */
  forgetQueue(queue: DurableQueueStore): void {
    queue.facts?.removeFacts(queue);
    this.writeRemoved(queue.number);
    queue.number = 0;
    this.schedule();
  }

  writeRemoved(number: number): void {
    appendRemovedRecord(this.buffer, number);
    this.current.removed.push(number);
  }

  /** Makes the current file readable without older ones. */
  writeName(queue: DurableQueueStore): void {
    appendNameRecord(this.buffer, queue);
    queue.named = this.current;
  }

  /** Resolves when everything added so far is safe; rejects when it will never be. */
  commit(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failed !== undefined) {
        reject(this.#failed);
        return;
      }
      const task = (error?: Error): void => (error === undefined ? resolve() : reject(error));
      this.#waiting.push({ batch: this.batch, task });
      this.schedule();
    });
  }

  /** Leaves the current file for a new one behind the next batch. */
  rotate(): void {
    this.#rotating = true;
    this.schedule();
  }

  get failed(): boolean {
    return this.#failed !== undefined;
  }

  /** Takes account of a transient message's memory. */
  appendedTransient(octets: number): void {
    const { current } = this;
    current.transient += octets;
    if (current.load >= this.#disk.limits.walFile && !this.#rotating) this.rotate();
  }

  /** Number of the oldest generation that did not retire. */
  get oldest(): number {
    return (this.older[0] ?? this.current).number;
  }

  /** Number of the oldest WAL file that did not retire, there or on its way; if there is none, of the next one. */
  get oldestFile(): number {
    return (this.older.find(({ isLogged }) => isLogged) ?? this.current).number;
  }

  /** So little is in it that it is not worth a reserve that is larger. */
  get isSmall(): boolean {
    let size = this.current.size;
    for (const older of this.older) size += older.size;
    return size <= this.#disk.limits.reserve / 4;
  }

  /** Octets of all WAL files that would be gone if they all retired. */
  get waste(): number {
    let waste = this.current.waste;
    for (const generation of this.older) waste += generation.waste;
    return waste;
  }

  /** Nothing can be kept safe any more. */
  fail(doing: string, error: unknown): void {
    if (this.#failed !== undefined) return;
    this.#flying = false;
    this.#failed = new StoreFailedError(doing, error);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { task } of waiting) task(this.#failed);
    this.#onFailed(this.#failed);
  }

  /**
   * Writes and syncs everything, then says that the end was a good one, if it was.
   * @param nextSegment all segments below this number are complete; undefined if that cannot be said
   */
  async close(nextSegment: number | undefined): Promise<void> {
    await this.#settle();
    const hasFiles = [...this.older, this.current].some(({ hasFile }) => hasFile);
    if (nextSegment !== undefined && this.#failed === undefined && hasFiles) {
      const start = this.buffer.begin(RECORD.closed, 0, RECORD_HEADER + 6);
      putUint48(this.buffer.view, start + RECORD_HEADER, nextSegment);
      this.buffer.seal(start);
      await this.#settle();
    }
    for (const { file } of [...this.older, this.current]) await file?.close();
    this.#failed ??= new StoreFailedError('writing', 'the store is closed');
  }

  async #settle(): Promise<void> {
    while (this.#failed === undefined && (this.#flying || this.#hasWork())) {
      await this.commit().catch(() => {});
    }
  }

  #hasWork(): boolean {
    return this.buffer.length > MARKER_BYTES || this.#dirty.length > 0;
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#flying || this.#failed !== undefined) return;
    this.#writeProgress();
    if (this.buffer.length === MARKER_BYTES) {
      this.#skipBatch();
      return;
    }
    const { buffer, current, batch } = this;
    const at = Math.max(current.size, FILE_START);
    const flight: Flight = { generation: current, at, flags: this.#batchFlags, batch, buffer };
    this.#prepare(flight);
    this.buffer = this.#idle;
    this.#idle = buffer;
    this.#firstBatch = false;
    const isFull = current.load >= this.#disk.limits.walFile;
    if (isFull || this.#rotating) this.#nextGeneration(batch);
    this.#openBatch();
    this.#flying = true;
    if (!this.isSmall) this.#disk.setAside();
    this.#commit(flight).then(
      () => this.#land(flight.batch),
      (error: unknown) => this.fail('writing the message log', error),
    );
  }

  /** Nothing to write: whoever waits for this batch waits for the ones before it. */
  #skipBatch(): void {
    const isRotating = this.#rotating;
    if (isRotating) {
      this.#nextGeneration(--this.batch);
      this.#openBatch();
    }
    if (this.#waiting.length === 0 && !isRotating) return;
    this.#land(this.batch - 1, this.batch);
  }

  #writeProgress(): void {
    for (const queue of this.#dirty) queue.writeProgress(this.buffer);
    this.#dirty.length = 0;
    this.#progressDue = false;
  }

  /** Writes the batch record at the beginning, and takes account of the whole. */
  #prepare({ generation, at, batch, buffer }: Flight): void {
    buffer.fillFirst(MARKER_BYTES, (view) => {
      putUint48(view, RECORD_HEADER, batch);
      putUint48(view, RECORD_HEADER + 6, this.oldest);
    });
    generation.size = at + buffer.length;
  }

  async #commit(flight: Flight): Promise<void> {
    const { generation } = flight;
    const isNewFile = generation.file === undefined;
    await this.#disk.withSpace(async () => {
      const hasMessages = this.#disk.isFull && this.#compact(flight);
      if (hasMessages) await this.#disk.requireRoom(flight.buffer.length);
      await this.#write(flight);
    });
    if (isNewFile) await this.#disk.sync();
  }

  async #write({ generation, buffer, at }: Flight): Promise<void> {
    generation.file ??= await this.#createFile(generation);
    await this.#disk.append(generation.file, buffer.pieces(), at);
  }

  /**
   * The disk is full: what was gathered since joins the batch, and messages that nobody needs any more leave it. None
   * of them was promised to anybody, nor anything that settled them. Returns whether there are any others.
   */
  #compact(flight: Flight): boolean {
    const { generation } = flight;
    const joins = generation === this.current;
    const live = new LiveMessages([...this.older, this.current]);
    // What a transaction settled must not be left out as long as the transaction may be lost without it.
    const keepsAll = !joins && this.lastTransaction > flight.batch;
    const needs = (bytes: Buffer, start: number): boolean => live.needs(bytes, start) || keepsAll;
    const left = new RecordBuffer();
    left.reset(generation.salt);
    left.begin(RECORD.batch, flight.flags, MARKER_BYTES);
    left.takeFrom(flight.buffer, MARKER_BYTES, needs);
    if (joins) {
      this.#writeProgress();
      left.takeFrom(this.buffer, MARKER_BYTES, needs);
      flight.batch = this.batch;
      this.buffer = flight.buffer;
      this.#openBatch();
    }
    this.#idle = left;
    flight.buffer = left;
    this.#prepare(flight);
    return live.wereNeeded || keepsAll;
  }

  #createFile(generation: Generation): Promise<StoreFile> {
    const { name, number, salt } = generation;
    generation.hasFile = true;
    const { storeId } = this.#disk;
    const header = { kind: FILE_KIND.wal, salt, number, wal: number, nextQueue: this.nextQueue, storeId };
    return this.#disk.create(name, encodeFileHeader(header), true);
  }

  #land(batch: number, reached: number = batch): void {
    if (this.#failed !== undefined) return;
    this.#flying = false;
    this.committed = batch;
    if (this.#waiting.length > 0) this.#runWaiting(reached);
    this.#onCommitted();
    this.#onLanded();
    const hasMore = this.buffer.length > MARKER_BYTES || this.#waiting.length > 0;
    if (hasMore || this.#rotating || this.#progressDue) this.#flush();
  }

  #runWaiting(reached: number): void {
    const due = this.#waiting.filter((waiting) => waiting.batch <= reached);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((waiting) => waiting.batch > reached);
    for (const waiting of due) waiting.task();
  }

  #nextGeneration(lastBatch: number): void {
    this.#rotating = false;
    this.current.lastBatch = lastBatch;
    this.older.push(this.current);
    // A number without a file would be one that no segment may be told to depend on.
    const { number, isLogged } = this.current;
    this.current = this.#newGeneration(isLogged ? number + 1 : number);
  }

  #newGeneration(number: number): Generation {
    return new Generation(number, this.#disk.random());
  }

  get #batchFlags(): number {
    return this.#firstBatch ? FIRST_BATCH : 0;
  }

  #openBatch(): void {
    this.batch++;
    this.buffer.reset(this.current.salt);
    this.buffer.begin(RECORD.batch, this.#batchFlags, MARKER_BYTES);
  }
}
