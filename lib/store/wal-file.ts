import { decodeFileHeader, FILE_START, type FileHeader } from './file-header.js';
import type { StoreFile, StoreFiles } from './files.js';
import { FIRST_BATCH } from './message-log.js';
import { getUint48, RECORD, RECORD_HEADER } from './record.js';
import { RecordScanner, type RecordVisitor } from './record-scanner.js';
import type { Damage } from './store-log.js';

/** Calls `use` with the open file and closes it after. */
export async function withFile<T>(
  files: StoreFiles,
  path: string,
  use: (file: StoreFile) => Promise<T>,
): Promise<T> {
  const file = await files.open(path);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

export interface OpenedHeader {
  readonly header: FileHeader | undefined;
  /** Both copies are as they were written. */
  readonly isIntact: boolean;
  readonly size: number;
}

export async function readFileHeader(file: StoreFile, name: string): Promise<OpenedHeader> {
  const bytes = Buffer.alloc(FILE_START);
  const filled = await file.read(bytes, 0);
  const { header, isIntact } = decodeFileHeader(bytes.subarray(0, filled), name);
  return { header, isIntact, size: await file.size() };
}

/** A WAL file as it was found. */
export interface FoundWal {
  readonly name: string;
  readonly number: number;
  /** Undefined when it cannot be read: then nothing in the file can. */
  readonly header: FileHeader | undefined;
  readonly isIntact: boolean;
  readonly size: number;
}

interface BadStretch {
  readonly offset: number;
  readonly length: number;
}

/** What one reading of a WAL file showed about the file itself. */
export class WalFileScan implements RecordVisitor {
  /** The file begins with the first batch of a process; undefined when there is no batch. */
  startsProcess: boolean | undefined;
  /** The process that wrote it stopped in good order, and all segments below this number were complete. */
  closedAt: number | undefined;
  /** All files below this number had retired. */
  oldest = 0;
  #lastBatch = 0;
  #batches = 0;
  readonly #bad: BadStretch[] = [];
  readonly #visit: RecordVisitor['record'];
  readonly #interrupt: () => void;

  /** @param interrupt called where records do not stand one right behind the other */
  constructor(visit: RecordVisitor['record'], interrupt: () => void) {
    this.#visit = visit;
    this.#interrupt = interrupt;
  }

  async run(file: StoreFile, salt: number, size: number): Promise<void> {
    await new RecordScanner(file, salt, size).scan(FILE_START, this);
  }

  record(type: number, bytes: Buffer, start: number, end: number, offset: number): void {
    if (type === RECORD.batch) {
      if (this.#lastBatch === 0) this.startsProcess = (bytes[start + 9]! & FIRST_BATCH) !== 0;
      this.#lastBatch = offset;
      this.#batches++;
      this.oldest = Math.max(this.oldest, getUint48(bytes, start + RECORD_HEADER + 6));
    } else if (type === RECORD.closed) {
      this.closedAt = getUint48(bytes, start + RECORD_HEADER);
    } else {
      this.#visit(type, bytes, start, end, offset);
    }
  }

  bad(offset: number, length: number): void {
    this.#interrupt();
    this.#bad.push({ offset, length });
  }

  /**
   * Everything unreadable. A batch is written when the one before it was synced, so only the last one can be torn,
   * and only if `isSynced` is not known from a later file or from a good end.
   */
  damage({ name, isIntact, size }: FoundWal, isSynced: boolean): Damage[] {
    const tornFrom = isSynced || this.closedAt !== undefined ? Number.POSITIVE_INFINITY : this.#lastBatch;
    const damage = this.#bad.map(({ offset, length }): Damage => {
      return { file: name, offset, length, kind: offset >= tornFrom ? 'torn' : 'record' };
    });
    if (isIntact) return damage;
    // The header is written with the first batch and synced with it.
    const kind = tornFrom < Number.POSITIVE_INFINITY && this.#batches < 2 ? 'torn' : 'header';
    return [{ file: name, offset: 0, length: Math.min(size, FILE_START), kind }, ...damage];
  }
}
