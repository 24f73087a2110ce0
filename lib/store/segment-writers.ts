import type { Disk } from './disk.js';
import type { DurableQueueStore } from './durable-queue-store.js';
import type { MessageLog } from './message-log.js';
import { Segment } from './segment.js';
import { SegmentWriter } from './segment-writer.js';

/** So many queues have a segment of their own open at a time. */
const OWN_SEGMENTS = 32;

/**
 * The segments that are being written: one for each queue that pages out a lot, and one for the remains of all
 * others, so that there are few files however many queues there are.
 */
export class SegmentWriters {
  readonly #log: MessageLog;
  readonly #disk: Disk;
  #next: number;
  /** In order of their last use. */
  readonly #own = new Map<DurableQueueStore, SegmentWriter>();
  readonly #shared = new Map<boolean, SegmentWriter>();

  constructor(log: MessageLog, disk: Disk, next: number) {
    this.#log = log;
    this.#disk = disk;
    this.#next = next;
  }

  /** Number of the next segment. */
  get next(): number {
    return this.#next;
  }

  /** The queue's own writer; seals what is full. Nothing may be gathered in any writer that was not asked for. */
  async of(queue: DurableQueueStore): Promise<SegmentWriter> {
    let writer = this.#own.get(queue);
    this.#own.delete(queue);
    if (writer !== undefined && this.#isFull(writer)) {
      await writer.seal();
      writer = undefined;
    }
    // Before the new one is among them: with nothing gathered yet it would be taken for one that can be spared.
    if (this.#own.size >= OWN_SEGMENTS) await this.#sealOldest();
    writer ??= this.#begin(queue.durable);
    this.#own.set(queue, writer);
    return writer;
  }

  /** The writer for remains of all queues that are durable, or not. */
  async shared(durable: boolean): Promise<SegmentWriter> {
    let writer = this.#shared.get(durable);
    if (writer !== undefined && this.#isFull(writer)) {
      await writer.seal();
      writer = undefined;
    }
    writer ??= this.#begin(durable);
    this.#shared.set(durable, writer);
    return writer;
  }

  allShared(): Iterable<SegmentWriter> {
    return this.#shared.values();
  }

  /** Seals every segment that may have messages of this WAL file or an older one. */
  async sealAll(wal: number): Promise<void> {
    for (const [queue, writer] of this.#own) {
      if (writer.wal > wal) continue;
      this.#own.delete(queue);
      await writer.seal();
    }
    for (const [durable, writer] of this.#shared) {
      if (writer.wal > wal) continue;
      this.#shared.delete(durable);
      await writer.seal();
    }
  }

  /** Stops writing to the segment; true when there is a file of it. */
  async abandon(segment: Segment): Promise<boolean> {
    const writers = [...this.#own.entries(), ...this.#shared.entries()];
    const found = writers.find(([, { segment: written }]) => written === segment);
    if (found === undefined) return false;
    const [key, writer] = found;
    if (typeof key === 'boolean') this.#shared.delete(key);
    else this.#own.delete(key);
    return writer.close();
  }

  async close(): Promise<void> {
    for (const writer of [...this.#own.values(), ...this.#shared.values()]) await writer.close();
  }

  #isFull({ segment }: SegmentWriter): boolean {
    return segment.size >= this.#disk.limits.segment;
  }

  async #sealOldest(): Promise<void> {
    for (const [queue, writer] of this.#own) {
      if (this.#own.size < OWN_SEGMENTS) return;
      if (writer.gathered > 0) continue;
      this.#own.delete(queue);
      await writer.seal();
    }
  }

  #begin(durable: boolean): SegmentWriter {
    const segment = new Segment(this.#next++, this.#disk.random(), durable);
    return new SegmentWriter(segment, this.#disk, this.#log);
  }
}
