import { checksum, checksumOf } from './xxh32.js';
import { headerCheck, RECORD_HEADER } from './record.js';

const CHUNK = 1 << 20;
/** Chunks that are kept for the next use; what a burst needed beyond is given back. */
const KEPT_CHUNKS = 4;

/**
 * Gathers records for one write. The bytes stand in large chunks that are used again and again; a long payload is
 * not copied but stands as a piece of its own between them.
 */
export class RecordBuffer {
  /** The chunk that is being filled, up to `at`. */
  bytes: Buffer;
  view: DataView;
  at = 0;
  /** Of the file these records are for. */
  salt = 0;
  #pieces: Buffer[] = [];
  /** The pieces that stand in somebody else's memory. */
  #attached = new Set<Buffer>();
  /** Octets in #pieces. */
  #finished = 0;
  /** Where the bytes begin that are in no piece yet. */
  #from = 0;
  readonly #spare: Buffer[] = [];
  #used: Buffer[] = [];

  constructor() {
    this.bytes = Buffer.allocUnsafeSlow(CHUNK);
    this.view = viewOf(this.bytes);
    this.#used.push(this.bytes);
  }

  /** Octets gathered so far. */
  get length(): number {
    return this.#finished + this.at - this.#from;
  }

  /**
   * Makes room for `room` octets in one place and writes a record header there for a record of `length` octets;
   * what is beyond `room` is to be handed to `attach`. Returns where the record begins; `at` stands behind the room.
   */
  begin(type: number, flags: number, room: number, length: number = room): number {
    if (this.bytes.length - this.at < room) this.#nextChunk(room);
    const start = this.at;
    const { view } = this;
    view.setUint32(start + 4, length, true);
    view.setUint16(start + 8, type | (flags << 8), true);
    view.setUint16(start + 10, headerCheck(length, type, flags, this.salt), true);
    this.at = start + room;
    return start;
  }

  /** Ends the record that begins at `start` and ends at `at`. */
  seal(start: number): void {
    this.view.setUint32(start, checksum(this.bytes, start + 4, this.at, this.salt), true);
  }

  /** Ends the record that begins at `start` with bytes that must not change until they are written. */
  attach(start: number, payload: Buffer): void {
    const head = this.bytes.subarray(start + 4, this.at);
    this.view.setUint32(start, checksumOf([head, payload], this.salt), true);
    this.#attachPiece(payload);
  }

  /** Adds one record that contains all records of `inner`, which may be reset after. */
  wrap(type: number, inner: RecordBuffer): void {
    const pieces = inner.pieces();
    const start = this.begin(type, 0, RECORD_HEADER, RECORD_HEADER + inner.length);
    const head = this.bytes.subarray(start + 4, this.at);
    this.view.setUint32(start, checksumOf([head, ...pieces], this.salt), true);
    for (const piece of pieces) {
      if (inner.#attached.has(piece)) this.#attachPiece(piece);
      else this.#copy(piece);
    }
  }

  /**
   * Adds the records of `other`, which has the same salt, but for the first `skip` octets and those that `keep` refuses.
   * `keep` is handed where a record begins; its payload may stand elsewhere.
   */
  takeFrom(other: RecordBuffer, skip: number, keep: (bytes: Buffer, start: number) => boolean): void {
    const pieces = other.pieces();
    let at = skip;
    let index = 0;
    for (const last = pieces.length; index < last; ) {
      const piece = pieces[index]!;
      if (at === piece.length) {
        index++;
        at = 0;
        continue;
      }
      const isKept = keep(piece, at);
      for (let left = piece.readUInt32LE(at + 4); left > 0; ) {
        const part = pieces[index]!.subarray(at, at + left);
        if (isKept && other.#attached.has(pieces[index]!)) this.#attachPiece(part);
        else if (isKept) this.#copy(part);
        left -= part.length;
        at += part.length;
        if (left === 0) break;
        index++;
        at = 0;
      }
    }
  }

  /** Ends the very first record, of `length` octets, now that its content is known. */
  fillFirst(length: number, fill: (view: DataView) => void): void {
    const first = this.#used[0]!;
    const view = viewOf(first);
    fill(view);
    view.setUint32(0, checksum(first, 4, length, this.salt), true);
  }

  /** Everything gathered, in order. Valid until `reset`. */
  pieces(): readonly Buffer[] {
    this.#finishPiece();
    return this.#pieces;
  }

  /** Begins anew; the pieces' bytes will be written over. */
  reset(salt: number): void {
    for (const chunk of this.#used) {
      if (chunk.length === CHUNK && this.#spare.length < KEPT_CHUNKS) this.#spare.push(chunk);
    }
    this.#used = [];
    this.#pieces = [];
    if (this.#attached.size > 0) this.#attached = new Set();
    this.#finished = 0;
    this.salt = salt;
    this.#useChunk(CHUNK);
  }

  #attachPiece(piece: Buffer): void {
    this.#finishPiece();
    this.#pieces.push(piece);
    this.#attached.add(piece);
    this.#finished += piece.length;
  }

  #copy(piece: Buffer): void {
    if (this.bytes.length - this.at < piece.length) this.#nextChunk(piece.length);
    this.bytes.set(piece, this.at);
    this.at += piece.length;
  }

  #finishPiece(): void {
    if (this.at === this.#from) return;
    this.#pieces.push(this.bytes.subarray(this.#from, this.at));
    this.#finished += this.at - this.#from;
    this.#from = this.at;
  }

  #nextChunk(room: number): void {
    this.#finishPiece();
    this.#useChunk(Math.max(CHUNK, room));
  }

  #useChunk(size: number): void {
    this.bytes = (size === CHUNK ? this.#spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(size);
    this.view = viewOf(this.bytes);
    this.#used.push(this.bytes);
    this.at = 0;
    this.#from = 0;
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
