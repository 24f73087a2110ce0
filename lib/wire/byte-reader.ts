import { decodeText, decodeUtf8 } from './text.js';
import { WireError } from './wire-error.js';

/** Greater than every tag that the broker gives out: what a received 64-bit number beyond exact integers decodes to. */
const BEYOND_SAFE = Number.MAX_SAFE_INTEGER + 1;

/** A cursor over received bytes. Every read checks that its bytes are there and throws {@link WireError} if not. */
export class ByteReader {
  readonly bytes: Buffer;
  at: number;
  /** One past the last readable byte. May be narrowed while a nested value is read. */
  end: number;

  constructor(bytes: Buffer, start: number, end: number) {
    if (start < 0 || start > end || end > bytes.length)
      throw new WireError(`no bytes from ${start} to ${end}`);
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  /** Moves over `count` bytes and returns the offset of the first. */
  skip(count: number): number {
    const at = this.at;
    if (count > this.end - at) throw new WireError(`${count} bytes wanted at ${at}, ${this.end - at} left`);
    this.at = at + count;
    return at;
  }

  octet(): number {
    return this.bytes[this.skip(1)]!;
  }

  short(): number {
    const at = this.skip(2);
    return (this.bytes[at]! << 8) | this.bytes[at + 1]!;
  }

  long(): number {
    return this.bytes.readUInt32BE(this.skip(4));
  }

  /** A delivery tag. Exact up to 2^53 - 1; anything greater is 2^53, a tag that is never given out. */
  longlong(): number {
    const high = this.long();
    const low = this.long();
    return high > 0x1fffff ? BEYOND_SAFE : high * 0x1_0000_0000 + low;
  }

  unsigned64(): bigint {
    return this.bytes.readBigUInt64BE(this.skip(8));
  }

  signed64(): bigint {
    return this.bytes.readBigInt64BE(this.skip(8));
  }

  /** A short string of any bytes. */
  shortstr(): string {
    const length = this.octet();
    const at = this.skip(length);
    return length === 0 ? '' : decodeText(this.bytes, at, at + length);
  }

  /** A short string that has to be UTF-8. */
  name(): string {
    const length = this.octet();
    const at = this.skip(length);
    return length === 0 ? '' : decodeUtf8(this.bytes, at, at + length);
  }

  /** A copy: what is decoded may outlive the socket's chunk. */
  longstr(): Buffer {
    const length = this.long();
    const at = this.skip(length);
    return Buffer.from(this.bytes.subarray(at, at + length));
  }
}
