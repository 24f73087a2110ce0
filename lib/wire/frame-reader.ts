import { FRAME_END, FRAME_OVERHEAD } from './constants.js';
import { frameText } from './octets-text.js';
import { WireError } from './wire-error.js';

/** Takes frames as they are found. */
export interface FrameSink {
  /** One frame; its payload is bytes[start, end), valid until `gone` is called. May call `FrameReader.pause`. */
  frame(type: number, channel: number, bytes: Buffer, start: number, end: number): void;
  /**
   * The bytes handed over so far are done with: what is still needed of them has to be taken now. Those of a chunk stay
   * what they are; those of a single frame that was put together from several chunks change.
   */
  gone(): void;
}

/** A frame that cannot be: too large, or without its end octet. The message is RabbitMQ's. */
export class FrameError extends WireError {
  override readonly name = 'FrameError';
}

const HEADER = FRAME_OVERHEAD - 1;

/**
 * Finds frames in the bytes of a connection, in place: only a frame that is split between chunks is copied.
 * [AMQP 4.2.3]
 *
 *   0      1         3             7                  size+7
 *   | type | channel | size        | payload ...      | 0xCE |
 */
export class FrameReader {
  readonly #sink: FrameSink;
  /** Octets of payload. */
  #maxPayload: number;
  /** The beginning of a frame that is not complete yet. */
  #carry: Buffer | undefined;
  #carried = 0;
  #paused = false;
  /** Unread since the pause, in order. */
  #held: Buffer[] = [];

  constructor(sink: FrameSink, maxPayload: number) {
    this.#sink = sink;
    this.#maxPayload = maxPayload;
  }

  set maxPayload(octets: number) {
    this.#maxPayload = octets;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Stops after the frame at hand; what follows is kept until `resume`. */
  pause(): void {
    this.#paused = true;
  }

  /** Goes on with what was kept. Throws as `push` does. */
  resume(): void {
    this.#paused = false;
    const held = this.#held;
    this.#held = [];
    for (let i = 0; i < held.length; i++) {
      this.push(held[i] as Buffer);
      if (!this.#paused) continue;
      this.#held.push(...held.slice(i + 1));
      return;
    }
  }

  /** Reads on. `chunk` must not change afterwards. Throws FrameError; the reader is of no use afterwards. */
  push(chunk: Buffer): void {
    if (this.#paused) {
      this.#held.push(chunk);
      return;
    }
    let at = this.#carried > 0 ? this.#completeCarried(chunk) : 0;
    at = this.#readInPlace(chunk, at);
    if (at < chunk.length) {
      if (this.#paused) this.#held.push(chunk.subarray(at));
      else this.#carryOver(chunk, at);
    }
    this.#sink.gone();
  }

  #readInPlace(chunk: Buffer, from: number): number {
    const length = chunk.length;
    const sink = this.#sink;
    let at = from;
    while (length - at >= FRAME_OVERHEAD && !this.#paused) {
      const size =
        (((chunk[at + 3] as number) << 24) |
          ((chunk[at + 4] as number) << 16) |
          ((chunk[at + 5] as number) << 8) |
          (chunk[at + 6] as number)) >>>
        0;
      if (size > this.#maxPayload) this.#tooLarge(chunk[at] as number, size);
      const start = at + HEADER;
      const end = start + size;
      if (end >= length) return at;
      if (chunk[end] !== FRAME_END) this.#badEnd(chunk, at, start, end);
      sink.frame(
        chunk[at] as number,
        ((chunk[at + 1] as number) << 8) | (chunk[at + 2] as number),
        chunk,
        start,
        end,
      );
      at = end + 1;
    }
    return at;
  }

  #completeCarried(chunk: Buffer): number {
    let at = this.#fill(chunk, 0, HEADER);
    if (this.#carried < HEADER) return at;
    const carry = this.#carry as Buffer;
    const size = this.#checkSize(carry, 0);
    at = this.#fill(chunk, at, size + FRAME_OVERHEAD);
    if (this.#carried < size + FRAME_OVERHEAD) return at;
    const whole = this.#carry as Buffer;
    const end = HEADER + size;
    if (whole[end] !== FRAME_END) this.#badEnd(whole, 0, HEADER, end);
    this.#carried = 0;
    if (whole.length > SMALL_CARRY) this.#carry = undefined;
    this.#sink.frame(whole[0] as number, whole.readUInt16BE(1), whole, HEADER, end);
    this.#sink.gone();
    return at;
  }

  /** Adds bytes from `chunk` until the carried frame has `wanted`, or the chunk ends. */
  #fill(chunk: Buffer, from: number, wanted: number): number {
    const take = Math.min(wanted - this.#carried, chunk.length - from);
    if (take <= 0) return from;
    this.#reserve(Math.min(wanted, Math.max(this.#carried + take, this.#carried * 2, GROWTH)));
    chunk.copy(this.#carry as Buffer, this.#carried, from, from + take);
    this.#carried += take;
    return from + take;
  }

  #carryOver(chunk: Buffer, at: number): void {
    const rest = chunk.length - at;
    if (rest >= HEADER) this.#checkSize(chunk, at);
    this.#reserve(rest);
    chunk.copy(this.#carry as Buffer, 0, at);
    this.#carried = rest;
  }

  #reserve(octets: number): void {
    const carry = this.#carry;
    if (carry !== undefined && carry.length >= octets) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(octets, HEADER));
    carry?.copy(larger, 0, 0, this.#carried);
    this.#carry = larger;
  }

  #checkSize(bytes: Buffer, at: number): number {
    const size = bytes.readUInt32BE(at + 3);
    if (size > this.#maxPayload) this.#tooLarge(bytes[at] as number, size);
    return size;
  }

  #tooLarge(type: number, size: number): never {
    const limit = this.#maxPayload - FRAME_OVERHEAD;
    throw new FrameError(`type ${type}, all octets = <<>>: {frame_too_large,${size},${limit}}`);
  }

  #badEnd(bytes: Buffer, at: number, start: number, end: number): never {
    const found = bytes[end] as number;
    throw new FrameError(
      `${frameText(bytes[at] as number, bytes, start, end)}: {invalid_frame_end_marker,${found}}`,
    );
  }
}

/** A carry buffer no larger than this is kept for the next split frame, octets. */
const SMALL_CARRY = 4096;
/** A split frame's buffer begins with this, octets, and doubles as data arrives: a size alone allocates little. */
const GROWTH = 4096;
