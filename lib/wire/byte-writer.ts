import { encodeText, isEscaped } from './text.js';

const SHORTSTR_MAX = 0xff;
/** UTF-8 bytes per UTF-16 code unit, at most. */
const BYTES_PER_UNIT = 3;

/** A buffer that grows. Numbers out of their range and over-long short strings throw RangeError. */
export class ByteWriter {
  #bytes: Buffer;
  #at = 0;

  constructor(capacity = 128) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#at;
  }

  /** The bytes so far; not a copy, so the writer is not to be used after it. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  octet(value: number): void {
    this.#at = this.#room(1).writeUInt8(value, this.#at);
  }

  signed8(value: number): void {
    this.#at = this.#room(1).writeInt8(value, this.#at);
  }

  short(value: number): void {
    this.#at = this.#room(2).writeUInt16BE(value, this.#at);
  }

  signed16(value: number): void {
    this.#at = this.#room(2).writeInt16BE(value, this.#at);
  }

  long(value: number): void {
    this.#at = this.#room(4).writeUInt32BE(value, this.#at);
  }

  signed32(value: number): void {
    this.#at = this.#room(4).writeInt32BE(value, this.#at);
  }

  /** An unsigned 64-bit number; `value` is a safe integer. */
  longlong(value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a safe integer`);
    this.long(Math.floor(value / 0x1_0000_0000));
    this.long(value % 0x1_0000_0000);
  }

  unsigned64(value: bigint): void {
    this.#at = this.#room(8).writeBigUInt64BE(value, this.#at);
  }

  signed64(value: bigint): void {
    this.#at = this.#room(8).writeBigInt64BE(value, this.#at);
  }

  float32(value: number): void {
    this.#at = this.#room(4).writeFloatBE(value, this.#at);
  }

  float64(value: number): void {
    this.#at = this.#room(8).writeDoubleBE(value, this.#at);
  }

  raw(bytes: Buffer): void {
    const room = this.#room(bytes.length);
    this.#at += bytes.copy(room, this.#at);
  }

  shortstr(text: string): void {
    if (text.length > SHORTSTR_MAX) throw shortstrTooLong(text.length);
    const room = this.#room(1 + text.length * BYTES_PER_UNIT);
    const length = room.write(text, this.#at + 1, 'utf8');
    if (isEscaped(text, length)) return this.#shortBytes(encodeText(text));
    if (length > SHORTSTR_MAX) throw shortstrTooLong(length);
    room[this.#at] = length;
    this.#at += 1 + length;
  }

  longstr(bytes: Buffer): void {
    this.long(bytes.length);
    this.raw(bytes);
  }

  /** Leaves room for a 32-bit length and returns its place for {@link endLength}. */
  beginLength(): number {
    this.long(0);
    return this.#at;
  }

  /** Writes the count of bytes since `begun` into the room that {@link beginLength} left. */
  endLength(begun: number): void {
    this.#bytes.writeUInt32BE(this.#at - begun, begun - 4);
  }

  #shortBytes(bytes: Buffer): void {
    if (bytes.length > SHORTSTR_MAX) throw shortstrTooLong(bytes.length);
    this.octet(bytes.length);
    this.raw(bytes);
  }

  #room(count: number): Buffer {
    const needed = this.#at + count;
    if (needed <= this.#bytes.length) return this.#bytes;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
    return grown;
  }
}

function shortstrTooLong(length: number): RangeError {
  return new RangeError(`a short string of ${length} bytes; ${SHORTSTR_MAX} are the limit`);
}
