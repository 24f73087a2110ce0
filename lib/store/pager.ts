import { Ring } from '../base/ring.js';
import type { Disk } from './disk.js';
import type { DurableQueueStore } from './durable-queue-store.js';
import type { Generation } from './generation.js';
import type { MessageLog } from './message-log.js';
import { LoadedPages } from './loaded-pages.js';
import type { Page } from './page.js';
import type { Segment } from './segment.js';
import { SegmentReader } from './segment-reader.js';
import type { SegmentWriter } from './segment-writer.js';
import { SegmentWriters } from './segment-writers.js';
import { isOutOfSpace } from './store-errors.js';
import { type Damage, tellDamage } from './store-log.js';

/** A full page that may leave memory once its batch is safe. */
interface Candidate {
  readonly page: Page;
  readonly batch: number;
}

/** How many octets of pages are encoded before they are written. */
const WRITE_AT = 512 * 1024;
/** What is moved when the store closes saves the next start to read so many times more. */
const READ_FOR_MOVED = 16;
/** A generation with fewer octets is not worth leaving for the memory that it takes. */
const ROTATE_FROM = 4 * 2 ** 20;

/**
 * Moves messages between memory and segments, one job at a time: full pages of long queues leave memory, WAL files
 * retire (what is live in them leaves memory too), segments that nobody needs are deleted. Reading goes beside that.
 */
export class Pager {
  /** What messages take that were not taken yet, estimated. */
  memory = 0;
  readonly damage: Damage[];
  readonly pageOctets: number;
  readonly #log: MessageLog;
  readonly #disk: Disk;
  readonly #reader: SegmentReader;
  readonly #loaded: LoadedPages;
  readonly #writers: SegmentWriters;
  readonly #candidates = new Ring<Candidate>();
  /** Octets of #candidates. */
  #waiting = 0;
  /** Segments that had no page when they were last looked at. */
  readonly #unused = new Set<Segment>();
  #running: Promise<void> | undefined;
  #closed = false;
  #idleTimer = false;
  #lastBatch = 0;

  constructor(log: MessageLog, disk: Disk, firstSegment: number, damage: Damage[]) {
    this.#log = log;
    this.#disk = disk;
    this.damage = damage;
    this.pageOctets = disk.limits.page;
    this.#reader = new SegmentReader(disk);
    this.#loaded = new LoadedPages(
      this.#reader,
      (found) => this.report(found),
      () => this.#giveBack(),
    );
    this.#writers = new SegmentWriters(log, disk, firstSegment);
    log.onLanded(() => this.#landed());
  }

  /** Octets of pages that are to leave memory and did not yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** There is memory for messages that nobody has asked for yet. */
  get hasRoom(): boolean {
    return this.memory < this.#disk.limits.memory;
  }

  /** The page was filled and stands far behind the queue's head. */
  pageFull(page: Page): void {
    this.#candidates.push({ page, batch: page.lastBatch });
    this.#waiting += page.bytes;
    this.kick();
  }

  /** The page has no message any more. */
  pageDied(page: Page): void {
    page.generation?.pages.delete(page);
    this.#loaded.delete(page);
    const segment = page.run?.segment;
    if (segment?.pages.delete(page) !== true || segment.pages.size > 0) return;
    this.#unused.add(segment);
    this.kick();
  }

  /** Reads the page's fresh messages and tells its queue. */
  load(page: Page): void {
    this.#loaded.load(page);
  }

  #giveBack(): void {
    const { memory } = this.#disk.limits;
    if (this.memory > memory) this.memory -= this.#loaded.giveBack((given) => this.memory - given > memory);
  }

  report(damage: Damage): void {
    this.damage.push(damage);
    tellDamage(this.#disk.log, damage);
  }

  /** Starts working if there is something to do. */
  kick(): void {
    if (this.#disk.isFull && this.#unused.size > 0) void this.#sweep();
    if (this.#running !== undefined || this.#closed || !this.#hasWork()) return;
    this.#running = this.#run()
      .catch((error: unknown) => {
        // They are in the WAL as well, and nobody waits any more.
        if (!this.#closed || !isOutOfSpace(error)) this.#log.fail('writing messages to a segment', error);
      })
      .finally(() => {
        this.#running = undefined;
        this.kick();
      });
  }

  /** Finishes what is under way and makes the segments readable without the WAL, if there is room. Returns whether there was. */
  async close(): Promise<boolean> {
    this.#closed = true;
    await this.#disk.stop();
    await this.#running;
    const isSealed = !this.#log.failed && (await this.#sealAll());
    await this.#writers.close();
    await this.#reader.close();
    return isSealed;
  }

  /** Number of the next segment. */
  get nextSegment(): number {
    return this.#writers.next;
  }

  async #sealAll(): Promise<boolean> {
    try {
      await this.#writers.sealAll(Number.POSITIVE_INFINITY);
      await this.#retireCovered();
      return true;
    } catch (error) {
      if (isOutOfSpace(error)) return false;
      throw error;
    }
  }

  /** Files of which nearly everything that is live stands in segments: the next start need not read them. */
  async #retireCovered(): Promise<void> {
    const { older } = this.#log;
    for (let left = older.length; left > 0 && this.#isCovered(older[0]!); left--)
      await this.#retire(older[0]!);
  }

  #isCovered({ lastBatch, waste, facts, liveOctets }: Generation): boolean {
    if (lastBatch > this.#log.committed || this.#disk.isFull) return false;
    return waste > facts + READ_FOR_MOVED * liveOctets;
  }

  #hasWork(): boolean {
    return !this.#log.failed && (this.#isReady() || this.#unused.size > 0 || this.#due() !== undefined);
  }

  async #run(): Promise<void> {
    while (!this.#closed && this.#hasWork()) {
      if (this.#unused.size > 0) await this.#deleteUnused();
      if (this.#isReady()) await this.#pageOut();
      const generation = this.#due();
      if (generation !== undefined) await this.#retire(generation);
    }
  }

  #isReady(): boolean {
    const first = this.#candidates.at(0);
    return first !== undefined && !this.#disk.isFull && first.batch <= this.#log.committed;
  }

  async #pageOut(): Promise<void> {
    const writers = new Set<SegmentWriter>();
    let octets = 0;
    while (octets < WRITE_AT && this.#isReady()) {
      const { page } = this.#candidates.shift()!;
      this.#waiting -= page.bytes;
      if (!leavesMemory(page)) continue;
      const writer = await this.#writers.of(page.queue);
      if (!leavesMemory(page)) continue;
      writer.add(page);
      writers.add(writer);
      octets += page.bytes;
    }
    for (const writer of writers) await this.#flush(writer, true);
  }

  /** Writes what was gathered and gives the memory back. */
  async #flush(writer: SegmentWriter, keepsNear: boolean): Promise<void> {
    const { segment } = writer;
    for (const page of await writer.flush()) {
      if (page.live === 0 || page.queue.removed) {
        page.run = undefined;
        continue;
      }
      segment.pages.add(page);
      if (!page.queue.durable) page.generation?.pages.delete(page);
      if (keepsNear && page.queue.isNear(page)) {
        this.#loaded.add(page);
        continue;
      }
      this.memory -= page.cost();
      page.unload();
    }
    if (segment.pages.size === 0) this.#unused.add(segment);
  }

  /** The generation that has to retire now. */
  #due(): Generation | undefined {
    const oldest = this.#log.older[0];
    if (oldest === undefined || oldest.lastBatch > this.#log.committed) return undefined;
    if (this.#disk.isFull) return this.#freesMuch(oldest) ? oldest : undefined;
    // What has to be repeated in a new file must be little beside what is gone with the old one.
    if (oldest.waste >= oldest.facts && oldest.isEmpty()) return oldest;
    const { wal, memory } = this.#disk.limits;
    return this.#log.waste > wal || (this.memory > memory && !oldest.isEmpty()) ? oldest : undefined;
  }

  /** On a full disk no file retires that needs more room than it gives. */
  #freesMuch({ waste, facts, liveOctets }: Generation): boolean {
    const { reserve } = this.#disk.limits;
    return liveOctets <= reserve / 8 && waste > facts + 2 * liveOctets;
  }

  async #retire(generation: Generation): Promise<void> {
    if (!(await this.#moveOut(generation))) return;
    await this.#writers.sealAll(generation.number);
    generation.pages.clear();
    await this.#transactionsSafe();
    for (const queue of generation.queues.keys()) this.#renewFacts(generation, queue);
    for (const number of generation.removed) {
      if (this.#log.mentions.has(number)) this.#log.writeRemoved(number);
    }
    await this.#log.commit();
    // Before the file goes, everything that replaces it has to be there, and what it helped to delete be gone.
    await this.#disk.sync();
    this.#log.older.shift();
    await generation.file?.close();
    if (generation.hasFile) await this.#disk.unlink(generation.name);
  }

  /** Writes what is live in the generation to segments that many queues share. False when it was given up. */
  async #moveOut(generation: Generation): Promise<boolean> {
    const wasFull = this.#disk.isFull;
    let isDone = true;
    await this.#endPages(generation);
    for (const page of generation.pages) {
      isDone = wasFull || !this.#disk.isFull;
      if (!isDone) break;
      if (page.live === 0 || page.run !== undefined) continue;
      const writer = await this.#writers.shared(page.queue.durable);
      await this.#transactionsSafe();
      if (page.live === 0 || page.queue.removed) continue;
      writer.add(page);
      if (writer.gathered >= WRITE_AT) await this.#flush(writer, false);
    }
    for (const writer of this.#writers.allShared()) await this.#flush(writer, false);
    return isDone;
  }

  /**
   * A page may go on beyond the generation in which it began. From here on none of them does, and what was added last
   * is in the WAL: a message in a segment whose transaction was lost would be a part of that transaction.
   */
  async #endPages(generation: Generation): Promise<void> {
    let last = 0;
    for (const page of generation.pages) {
      if (page.live === 0) page.queue.dropEmpty(page);
      else page.queue.closeTail(page);
      if (page.lastBatch > last) last = page.lastBatch;
    }
    while (last > this.#log.committed) await this.#log.commit();
  }

  /**
   * What a transaction settled must not be left out anywhere, nor be deleted, as long as the transaction may be lost.
   * Nothing may be awaited between this and the use of what is live.
   */
  async #transactionsSafe(): Promise<void> {
    while (this.#log.lastTransaction > this.#log.committed) await this.#log.commit();
  }

  /** Repeats what the oldest file knew about the queue; a queue with nothing live needs no mention. */
  #renewFacts(generation: Generation, queue: DurableQueueStore): void {
    generation.removeFacts(queue);
    if (queue.hasLive()) this.#log.writeFacts(queue);
    else this.#log.forgetQueue(queue);
  }

  async #deleteUnused(): Promise<void> {
    await this.#transactionsSafe();
    const unused = Array.from(this.#unused);
    for (const segment of unused) {
      if (!this.#unused.delete(segment) || segment.pages.size > 0) continue;
      const written = await this.#writers.abandon(segment);
      await this.#reader.forget(segment);
      this.#log.mentions.drop(segment);
      if (written || segment.sealed) await this.#disk.unlink(segment.name);
    }
  }

  /** On a full disk the job that is under way may wait for room: what is of no use goes meanwhile. */
  async #sweep(): Promise<void> {
    for (const segment of this.#unused) {
      if (!segment.sealed || segment.pages.size > 0 || this.#log.lastTransaction > this.#log.committed)
        continue;
      this.#unused.delete(segment);
      try {
        await this.#reader.forget(segment);
        await this.#disk.unlink(segment.name);
      } catch (error) {
        this.#log.fail('deleting a segment', error);
      }
      this.#log.mentions.drop(segment);
    }
  }

  #landed(): void {
    const { older, current } = this.#log;
    if (!this.hasRoom && older.length === 0 && current.load > ROTATE_FROM) this.#log.rotate();
    if (this.#disk.isFull && current.waste > this.#disk.limits.reserve / 4 && this.#freesMuch(current))
      this.#log.rotate();
    this.kick();
    if (this.#idleTimer || this.#closed) return;
    this.#idleTimer = true;
    this.#lastBatch = this.#log.batch;
    this.#disk.clock.after(this.#disk.limits.idleDelay, () => this.#idle());
  }

  /** Leaves the current file when it is of no use and nothing is going on. */
  #idle(): void {
    this.#idleTimer = false;
    if (this.#closed) return;
    this.#giveBack();
    const { current } = this.#log;
    if (this.#lastBatch !== this.#log.batch) {
      this.#landed();
    } else if (current.waste > current.facts + this.#disk.limits.idleWal && current.isEmpty()) {
      this.#log.rotate();
    } else if (this.#log.isSmall) {
      this.#disk.release();
    }
  }
}

/** One that is being taken from is near the head; and a transaction may have settled a part of it. */
function leavesMemory(page: Page): boolean {
  return page.run === undefined && page.live > 0 && page.head === 0 && !page.queue.isNear(page);
}
