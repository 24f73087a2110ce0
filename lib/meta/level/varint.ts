/** Reads LevelDB's integers of 7 bits an octet, and what has its length before it. Throws RangeError at the end. */
export class VarintReader {
  at: number;
  readonly #bytes: Buffer;
  readonly #end: number;

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.at = at;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#end;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 63; scale *= 128) {
      if (this.isAtEnd) throw new RangeError('an integer goes on beyond the end');
      const octet = this.#bytes[this.at++]!;
      value += (octet & 127) * scale;
      if (octet < 128) return value;
    }
    throw new RangeError('an integer of more than 63 bits');
  }

  octets(length: number): Buffer {
    if (length > this.#end - this.at) throw new RangeError('octets beyond the end');
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }
}
