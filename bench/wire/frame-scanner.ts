import { FRAME_END, FRAME_PREFIX } from './encode.js';

/**
 * Takes one whole frame: its type, and its payload as `buffer[start, end)`. The buffer is valid during the call only.
 */
export type FrameSink = (type: number, buffer: Buffer, start: number, end: number) => void;

/** Octets of a frame that are not payload: prefix and end mark. */
const OVERHEAD = FRAME_PREFIX + 1;

const payloadSize = (bytes: Buffer, at: number): number =>
  ((bytes[at + 3]! << 24) | (bytes[at + 4]! << 16) | (bytes[at + 5]! << 8) | bytes[at + 6]!) >>> 0;

/**
 * Finds frames in received chunks and decodes nothing. A frame that lies whole in a chunk is shown in place; only one
 * that a chunk's end has cut is copied.
 */
export class FrameScanner {
  sink: FrameSink;
  readonly #maxPayload: number;
  #cut = Buffer.alloc(64);
  #cutLength = 0;

  /** `maxPayload`, octets: a longer frame is taken for a lost frame boundary. */
  constructor(maxPayload: number, sink: FrameSink) {
    this.#maxPayload = maxPayload;
    this.sink = sink;
  }

  /** Shows every frame that ends within `chunk[0, length)` to the sink. Throws an Error where no frame can be. */
  scan(chunk: Buffer, length: number): void {
    let at = this.#cutLength === 0 ? 0 : this.#finishCut(chunk, length);
    while (at + FRAME_PREFIX <= length) {
      const size = this.#checkedSize(chunk, at);
      const end = at + FRAME_PREFIX + size;
      if (end >= length) break;
      this.#show(chunk, at, end);
      at = end + 1;
    }
    if (at < length) this.#topUp(chunk, at, length, this.#cutLength + length - at);
  }

  #checkedSize(bytes: Buffer, at: number): number {
    const size = payloadSize(bytes, at);
    if (size > this.#maxPayload) throw new Error(`a frame of ${size} octets: the frame boundary was lost`);
    return size;
  }

  #show(bytes: Buffer, at: number, end: number): void {
    if (bytes[end] !== FRAME_END) throw new Error('no frame end where one must be');
    this.sink(bytes[at]!, bytes, at + FRAME_PREFIX, end);
  }

  /** Completes the cut frame from the chunk's beginning; returns how much of the chunk it took. */
  #finishCut(chunk: Buffer, length: number): number {
    let at = this.#topUp(chunk, 0, length, FRAME_PREFIX);
    if (this.#cutLength < FRAME_PREFIX) return length;
    const whole = this.#checkedSize(this.#cut, 0) + OVERHEAD;
    at = this.#topUp(chunk, at, length, whole);
    if (this.#cutLength < whole) return length;
    this.#cutLength = 0;
    this.#show(this.#cut, 0, whole - 1);
    return at;
  }

  /** Copies from the chunk until the cut frame has `wanted` octets or the chunk is used up; returns the new position. */
  #topUp(chunk: Buffer, at: number, length: number, wanted: number): number {
    if (wanted > this.#cut.length) this.#cut = Buffer.concat([this.#cut], wanted);
    const taken = Math.max(0, Math.min(wanted - this.#cutLength, length - at));
    chunk.copy(this.#cut, this.#cutLength, at, at + taken);
    this.#cutLength += taken;
    return at + taken;
  }
}
