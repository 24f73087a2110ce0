import type { Disk } from './disk.js';
import { encodeFileHeader, FILE_KIND } from './file-header.js';
import type { StoreFile } from './files.js';
import type { Message } from './message.js';
import { beginMessage, endMessage, putTarget } from './message-record.js';
import type { MessageLog } from './message-log.js';
import type { Page } from './page.js';
import { RecordBuffer } from './record-buffer.js';
import type { Segment } from './segment.js';
import { appendIndex, type IndexEntry } from './segment-index.js';
import { StoredEntry } from './stored-entry.js';

/** Gathers pages and writes them to a segment, one write at a time. */
export class SegmentWriter {
  readonly segment: Segment;
  readonly #disk: Disk;
  readonly #log: MessageLog;
  /** No older WAL file has messages of this segment. */
  readonly wal: number;
  readonly #nextQueue: number;
  readonly #names = new Map<number, string>();
  #buffer: RecordBuffer;
  #index: IndexEntry[] = [];
  /** Encoded, not written yet. */
  #gathered: Page[] = [];
  #file: StoreFile | undefined;

  constructor(segment: Segment, disk: Disk, log: MessageLog) {
    this.segment = segment;
    this.#disk = disk;
    this.wal = log.oldestFile;
    this.#nextQueue = log.nextQueue;
    this.#log = log;
    this.#buffer = new RecordBuffer();
    this.#buffer.reset(segment.salt);
  }

  /** Octets that `flush` would write. */
  get gathered(): number {
    return this.#buffer.length;
  }

  /** Encodes what the page holds now. The page is not in the segment before `flush`. */
  add(page: Page): void {
    const offset = this.segment.size + this.#buffer.length;
    let bytes = 0;
    let mixed = false;
    let expires = false;
    const slots: number[] = [];
    for (const [slot, held] of page.held()) {
      const entry = held instanceof StoredEntry ? held : undefined;
      const message = entry?.message ?? (held as Message);
      const start = beginMessage(this.#buffer, message, 1, entry?.returnsAfterCrash ?? 0);
      putTarget(this.#buffer, start, message, 0, page.queue.number, page.first + slot);
      endMessage(this.#buffer, start, message);
      bytes += message.bodyLength;
      if (!message.persistent) mixed = true;
      if (message.expiration >= 0) expires = true;
      if (slots.at(-1) === slot) slots[slots.length - 1] = slot + 1;
      else slots.push(slot, slot + 1);
    }
    const length = this.segment.size + this.#buffer.length - offset;
    const { number, id } = page.queue;
    this.#log.mentions.add(this.segment, number);
    if (number !== 0) this.#names.set(number, id);
    this.#index.push({ queue: number, first: page.first, offset, length, bytes, mixed, expires, slots });
    page.run = { segment: this.segment, offset, length };
    this.#gathered.push(page);
  }

  /** Writes what was gathered; resolves with the pages that can be read from the segment now. */
  async flush(): Promise<readonly Page[]> {
    if (this.#gathered.length === 0) return [];
    let pages = this.#gathered;
    this.#gathered = [];
    await this.#write(async () => {
      if (!this.#disk.isFull) return;
      pages = this.#withoutDead(pages);
      await this.#disk.requireRoom(this.#buffer.length);
    });
    return pages;
  }

  /** The disk is full: encodes what is left of the pages, and returns those of which anything is. */
  #withoutDead(pages: Page[]): Page[] {
    // What a transaction settled that may still be lost must not be left out.
    if (this.#log.lastTransaction > this.#log.committed) return pages;
    this.#buffer.reset(this.segment.salt);
    this.#index.length -= pages.length;
    for (const page of pages) {
      page.run = undefined;
      if (page.live > 0 && !page.queue.removed) this.add(page);
    }
    const left = this.#gathered;
    this.#gathered = [];
    return left;
  }

  /** Makes the segment readable without the WAL, and lets go of the file. */
  async seal(): Promise<void> {
    const { segment } = this;
    if (this.#file !== undefined && segment.durable) {
      // Whoever finds an index may rely on what it names: that has to be on disk before.
      await this.#file.sync();
      appendIndex(this.#buffer, { names: this.#names, entries: this.#index });
      await this.#write(() => Promise.resolve());
      await this.#file.sync();
    }
    segment.sealed = await this.close();
  }

  /** Lets go of the file; true when there is one. */
  async close(): Promise<boolean> {
    const file = this.#file;
    this.#file = undefined;
    this.#index = [];
    await file?.close();
    return file !== undefined;
  }

  /** @param prepare called before each try */
  async #write(prepare: () => Promise<void>): Promise<void> {
    const { segment } = this;
    await this.#disk.withSpace(async () => {
      await prepare();
      if (this.#buffer.length === 0) return;
      this.#file ??= await this.#create();
      await this.#disk.append(this.#file, this.#buffer.pieces(), segment.size);
    });
    segment.size += this.#buffer.length;
    this.#buffer.reset(segment.salt);
  }

  #create(): Promise<StoreFile> {
    const { number, salt, durable, name } = this.segment;
    const kind = durable ? FILE_KIND.segment : FILE_KIND.paged;
    const { storeId } = this.#disk;
    const header = { kind, salt, number, storeId, wal: this.wal, nextQueue: this.#nextQueue };
    return this.#disk.create(name, encodeFileHeader(header));
  }
}
