import type { Disk } from './disk.js';
import { FILE_KIND, FILE_START, type FileHeader, type NumberedFile } from './file-header.js';
import type { StoreFile } from './files.js';
import { onlyTarget, readMessage } from './message-record.js';
import { Page, pageStart } from './page.js';
import type { QueueMentions } from './queue-mentions.js';
import type { RecoveredFacts } from './recovered-facts.js';
import type { RecoveringQueue } from './recovering-queue.js';
import { isSound, probeHeader, RECORD } from './record.js';
import { RecordScanner, visitRecords } from './record-scanner.js';
import { Segment } from './segment.js';
import { type IndexEntry, readIndex, type SegmentIndex } from './segment-index.js';
import { firstRangeAbove, isCovered } from './settled-ranges.js';
import { SlotMask } from './slot-mask.js';
import type { Damage } from './store-log.js';
import { readFileHeader, withFile } from './wal-file.js';

/** What has to be known about the WAL to judge a segment without an index. */
export interface WalState {
  /** Whether there is a WAL file of this number that had not retired. */
  hasWal(number: number): boolean;
  /** Segments below this number were complete when the last process stopped in good order. */
  readonly completeBelow: number;
}

interface FoundSegment {
  readonly segment: Segment;
  readonly entries: readonly IndexEntry[];
  /** The index could not be read, so that the whole file had to be. */
  readonly scanned: boolean;
}

/** How much of a segment's end is read in the hope that the index fits in. */
const INDEX_GUESS = 64 * 1024;

/** What recovery takes from segments: their indexes, and the messages of pages of which only a part is live. */
export class RecoveredSegments {
  /** Above the number of every segment. */
  next = 1;
  /** Above the number of every WAL file that a segment depends on, or did once. */
  nextWal = 1;
  readonly #disk: Disk;
  readonly #verifies: boolean;
  readonly #facts: RecoveredFacts;
  readonly #damage: Damage[];
  /** The newest first: a page that was moved counts where it stands now. */
  readonly #found: FoundSegment[] = [];
  readonly #useless: string[] = [];

  /** @param verifies read all pages that have something live, and tell what is damaged */
  constructor(disk: Disk, facts: RecoveredFacts, damage: Damage[], verifies = false) {
    this.#disk = disk;
    this.#facts = facts;
    this.#damage = damage;
    this.#verifies = verifies;
  }

  async readIndexes(files: readonly NumberedFile[], wal: WalState): Promise<void> {
    for (const { name, kind, number } of files.toReversed()) {
      if (number >= this.next) this.next = number + 1;
      if (kind === FILE_KIND.paged) this.#useless.push(name);
      else await this.#readIndex(name, number, wal);
    }
  }

  /** Gives the queues their pages. Segments that nobody needs are deleted after. */
  async place(queues: ReadonlyMap<number, RecoveringQueue>, mentions: QueueMentions): Promise<void> {
    for (const { segment, entries, scanned } of this.#found) {
      const incomplete: Page[] = [];
      for (const entry of entries) {
        mentions.add(segment, entry.queue);
        const page = placeEntry(entry, segment, queues.get(entry.queue), this.#verifies);
        if (page?.mask !== undefined) incomplete.push(page);
      }
      if (incomplete.length > 0) await this.#countPages(segment, incomplete);
      if (segment.pages.size === 0) this.#drop(segment, mentions);
      else if (scanned)
        this.#damage.push({ file: segment.name, offset: segment.size, length: 0, kind: 'index' });
    }
  }

  #drop(segment: Segment, mentions: QueueMentions): void {
    mentions.drop(segment);
    this.#useless.push(segment.name);
  }

  async deleteUseless(): Promise<void> {
    for (const name of this.#useless) await this.#disk.unlink(name);
  }

  async #readIndex(name: string, number: number, wal: WalState): Promise<void> {
    await withFile(this.#disk.files, this.#disk.path(name), async (file) => {
      const { header, isIntact, size } = await readFileHeader(file, name);
      // A segment that was never finished may lack anything; the WAL has its messages. Before that retires it is finished.
      const isUnfinished = header === undefined || wal.hasWal(header.wal);
      if (header !== undefined && header.wal >= this.nextWal) this.nextWal = header.wal + 1;
      const index = header === undefined ? undefined : await readIndexAt(file, header, size);
      const entries = index?.entries;
      const wasComplete = number < wal.completeBelow;
      if (entries === undefined && isUnfinished) {
        this.#useless.push(name);
        if (header === undefined) {
          const kind = wasComplete ? 'header' : 'torn';
          this.#damage.push({ file: name, offset: 0, length: size, kind });
        } else if (wasComplete && size > FILE_START)
          this.#damage.push({ file: name, offset: size, length: 0, kind: 'index' });
        return;
      }
      // A process that was killed may have left it in the system's memory only; soon the WAL will not have it.
      if (isUnfinished) await file.sync();
      if (!isIntact) this.#damage.push({ file: name, offset: 0, length: FILE_START, kind: 'header' });
      if (header === undefined) return;
      const segment = new Segment(number, header.salt, true);
      segment.size = size;
      segment.sealed = true;
      for (const [queue, id] of index?.names ?? []) this.#facts.name({ number: queue, id });
      const found = entries ?? (await scanEntries(file, header, size));
      this.#found.push({ segment, entries: found, scanned: entries === undefined });
      for (const entry of found) this.#facts.of(entry.queue).see(entry.first + entry.slots.at(-1)! - 1);
    });
  }

  /** Counts what is live in pages of which the index does not tell. */
  async #countPages(segment: Segment, pages: readonly Page[]): Promise<void> {
    await withFile(this.#disk.files, this.#disk.path(segment.name), async (file) => {
      for (const page of pages) {
        const { offset, length } = page.run!;
        const bytes = Buffer.allocUnsafeSlow(length);
        const filled = await file.read(bytes, offset);
        const bad = countPage(page, bytes.subarray(0, filled));
        if (page.live === 0) segment.pages.delete(page);
        if (!this.#verifies) continue;
        for (const [at, octets] of bad) {
          const queue = page.queue.id;
          this.#damage.push({
            file: segment.name,
            offset: offset + at,
            length: octets,
            queue,
            kind: 'record',
          });
        }
      }
    });
  }
}

/** The page that the entry stands for, if it has anything live; its mask is set when that has to be counted. */
function placeEntry(
  entry: IndexEntry,
  segment: Segment,
  queue: RecoveringQueue | undefined,
  mustCount: boolean,
): Page | undefined {
  if (queue === undefined || queue.pages.has(entry.first)) return undefined;
  const page = new Page(queue.queue, entry.first, undefined);
  page.open = false;
  page.resident = false;
  page.run = { segment, offset: entry.offset, length: entry.length };
  page.size = entry.slots.at(-1)!;
  const settled = queue.facts.settled();
  const touched = (settled[firstRangeAbove(settled, entry.first) * 2] ?? Infinity) < entry.first + page.size;
  if (mustCount || touched || entry.mixed || entry.slots.length > 2 || entry.slots[0] !== 0) {
    page.mask = liveSlots(entry, settled);
    if (page.mask === undefined) return undefined;
  } else {
    page.unread = page.size;
    page.unreadBytes = entry.bytes;
    page.live = page.size;
  }
  if (entry.expires) queue.queue.mayExpire = true;
  queue.pages.set(entry.first, page);
  segment.pages.add(page);
  return page;
}

/** Undefined when there are none. */
function liveSlots(entry: IndexEntry, settled: readonly number[]): SlotMask | undefined {
  const mask = new SlotMask();
  let count = 0;
  for (let i = 0; i < entry.slots.length; i += 2) {
    for (let slot = entry.slots[i]!; slot < entry.slots[i + 1]!; slot++) {
      if (isCovered(settled, entry.first + slot)) continue;
      mask.add(slot);
      count++;
    }
  }
  return count === 0 ? undefined : mask;
}

/** Finds out what is live in a page that has a mask: transient messages are not. Returns what is unreadable. */
function countPage(page: Page, bytes: Buffer): [offset: number, length: number][] {
  const unreadable: [number, number][] = [];
  const mask = new SlotMask();
  const before = page.mask!;
  visitRecords(bytes, page.run!.segment.salt, {
    record(type, _bytes, start, end) {
      if (type !== RECORD.message) return;
      const slot = onlyTarget(bytes, start).position - page.first;
      const message = readMessage(bytes, start, end);
      if (slot < 0 || slot >= page.size || !before.has(slot) || !message.persistent) return;
      mask.add(slot);
      page.unread++;
      page.unreadBytes += message.bodyLength;
    },
    bad: (offset, length) => unreadable.push([offset, length]),
  });
  page.mask = mask;
  page.live = page.unread;
  if (bytes.length < page.run!.length) unreadable.push([bytes.length, page.run!.length - bytes.length]);
  return unreadable;
}

/** The index at the end of the file, if there is a sound one. */
async function readIndexAt(
  file: StoreFile,
  header: FileHeader,
  size: number,
): Promise<SegmentIndex | undefined> {
  let bytes = await readEnd(file, size, INDEX_GUESS);
  if (bytes.length < 4) return undefined;
  const length = bytes.readUInt32LE(bytes.length - 4);
  if (length > size - FILE_START) return undefined;
  if (length > bytes.length) bytes = await readEnd(file, size, length);
  const start = bytes.length - length;
  if (start < 0 || length < 12 || probeHeader(bytes, start, header.salt) !== length) return undefined;
  if (bytes[start + 8] !== RECORD.index || !isSound(bytes, start, length, header.salt)) return undefined;
  return readIndex(bytes, start);
}

async function readEnd(file: StoreFile, size: number, length: number): Promise<Buffer> {
  const from = Math.max(FILE_START, size - length);
  const bytes = Buffer.alloc(Math.max(0, size - from));
  return bytes.subarray(0, await file.read(bytes, from));
}

/** Makes up for a lost index from the records themselves. */
async function scanEntries(file: StoreFile, header: FileHeader, size: number): Promise<IndexEntry[]> {
  const entries: { -readonly [K in keyof IndexEntry]: IndexEntry[K] }[] = [];
  const scanner = new RecordScanner(file, header.salt, size);
  await scanner.scan(FILE_START, {
    record(type, bytes, start, end, offset) {
      if (type !== RECORD.message) return;
      const { queue, position } = onlyTarget(bytes, start);
      const first = pageStart(position);
      const slot = position - first;
      let entry = entries.at(-1);
      if (entry?.queue !== queue || entry.first !== first) {
        entry = { queue, first, offset, length: 0, bytes: 0, mixed: false, expires: false, slots: [] };
        entries.push(entry);
      }
      entry.length = offset + end - start - entry.offset;
      const message = readMessage(bytes, start, end);
      entry.bytes += message.bodyLength;
      if (!message.persistent) entry.mixed = true;
      if (message.expiration >= 0) entry.expires = true;
      const last = entry.slots.at(-1);
      entry.slots =
        last === slot ? [...entry.slots.slice(0, -1), slot + 1] : [...entry.slots, slot, slot + 1];
    },
    bad: () => {},
  });
  return entries;
}
