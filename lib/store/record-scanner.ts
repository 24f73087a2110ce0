import type { StoreFile } from './files.js';
import { isSound, probeHeader, RECORD_HEADER } from './record.js';

/** What a scan meets, in order. The bytes belong to the scan and change after the call. */
export interface RecordVisitor {
  /** A sound record in bytes[start, end), at `offset` of the file. */
  record(type: number, bytes: Buffer, start: number, end: number, offset: number): void;
  /** Octets that are no sound record. */
  bad(offset: number, length: number): void;
}

const WINDOW = 1 << 20;

/** Visits the records in `bytes`, which begin with one; offsets are counted from there. */
export function visitRecords(bytes: Buffer, salt: number, visitor: RecordVisitor): void {
  let at = 0;
  while (at < bytes.length) {
    const length = soundLength(bytes, at, salt);
    if (length > 0) {
      visitor.record(bytes[at + 8]!, bytes, at, at + length, at);
      at += length;
      continue;
    }
    let next = at + 1;
    while (next < bytes.length && soundLength(bytes, next, salt) === 0) next++;
    visitor.bad(at, next - at);
    at = next;
  }
}

/** The length of the sound record at `at`, 0 when there is none. */
function soundLength(bytes: Buffer, at: number, salt: number): number {
  if (bytes.length - at < RECORD_HEADER) return 0;
  const length = probeHeader(bytes, at, salt);
  return length > 0 && at + length <= bytes.length && isSound(bytes, at, length, salt) ? length : 0;
}

/** Reads a file's records one after the other and finds its way behind what is damaged. */
export class RecordScanner {
  readonly #file: StoreFile;
  readonly #salt: number;
  readonly #end: number;
  /** Holds the file's octets from #base on. */
  #bytes: Buffer = Buffer.allocUnsafeSlow(WINDOW);
  #base = 0;
  #filled = 0;

  constructor(file: StoreFile, salt: number, end: number) {
    this.#file = file;
    this.#salt = salt;
    this.#end = end;
  }

  /** Visits everything from `offset` to the end. */
  async scan(offset: number, visitor: RecordVisitor): Promise<void> {
    let at = offset;
    while (at < this.#end) {
      at = this.#visitWindow(at, visitor);
      if (at >= this.#end || (await this.#soundLength(at)) > 0) continue;
      const next = await this.#next(at);
      visitor.bad(at, next - at);
      at = next;
    }
  }

  /** Visits the sound records that stand in the window from `at` on; returns where it had to stop. */
  #visitWindow(from: number, visitor: RecordVisitor): number {
    const bytes = this.#bytes;
    const base = this.#base;
    const filled = this.#filled;
    const salt = this.#salt;
    let start = from - base;
    if (start < 0) return from;
    while (start + RECORD_HEADER <= filled) {
      const length = probeHeader(bytes, start, salt);
      const end = start + length;
      if (length < 0 || end > filled || !isSound(bytes, start, length, salt)) break;
      visitor.record(bytes[start + 8]!, bytes, start, end, base + start);
      start = end;
    }
    return base + start;
  }

  /** Brings the record at `at` into the window; its length, or 0 when it is not sound. */
  async #soundLength(at: number): Promise<number> {
    const length = await this.#probe(at);
    if (length < 0) return 0;
    await this.#have(at, length);
    return isSound(this.#bytes, at - this.#base, length, this.#salt) ? length : 0;
  }

  /** The length that a record header at `at` tells, -1 when there is none or it leads beyond the end. */
  async #probe(at: number): Promise<number> {
    if (this.#end - at < RECORD_HEADER) return -1;
    await this.#have(at, RECORD_HEADER);
    const length = probeHeader(this.#bytes, at - this.#base, this.#salt);
    return at + length <= this.#end ? length : -1;
  }

  /** Where the first sound record behind `bad` begins, or the end. */
  async #next(bad: number): Promise<number> {
    const told = await this.#probe(bad);
    if (told > 0 && (bad + told === this.#end || (await this.#soundLength(bad + told)) > 0))
      return bad + told;
    for (let at = bad + 1; at < this.#end; at++) {
      at = await this.#nextHeader(at);
      if (at < this.#end && (await this.#soundLength(at)) > 0) return at;
    }
    return this.#end;
  }

  /** The first place from `from` on at which a record header stands, or the end. */
  async #nextHeader(from: number): Promise<number> {
    let at = from;
    while (this.#end - at >= RECORD_HEADER) {
      await this.#have(at, RECORD_HEADER);
      const last = this.#base + this.#filled - RECORD_HEADER;
      for (; at <= last; at++) {
        const length = probeHeader(this.#bytes, at - this.#base, this.#salt);
        if (length > 0 && at + length <= this.#end) return at;
      }
    }
    return this.#end;
  }

  /** Sees to it that the window holds [at, at + length), which must not reach beyond the end. */
  async #have(at: number, length: number): Promise<void> {
    if (at >= this.#base && at + length <= this.#base + this.#filled) return;
    const size = Math.max(WINDOW, length);
    if (this.#bytes.length !== size) this.#bytes = Buffer.allocUnsafeSlow(size);
    this.#base = at;
    this.#filled = 0;
    const wanted = Math.min(size, this.#end - at);
    this.#filled = await this.#file.read(this.#bytes.subarray(0, wanted), at);
    if (this.#filled < length) throw new Error(`file ended ${length - this.#filled} octets early`);
  }
}
