import { Buffer } from 'node:buffer';

/** Octets of the first slab; each is twice as large as the one before it, up to MOST_SLAB. */
const FIRST_SLAB = 16_384;
const MOST_SLAB = 262_144;
/** Octets copied ahead: the messages that follow in the same chunk are in place already. */
const RUN = 2048;
/** Messages from this many octets on stay in the chunk that they came in, unless it is larger than a slab. */
const STAY = 512;
/** Larger messages get a buffer of their own, octets. */
const OWN = 32_768;

/**
 * Where the bytes of received messages live. Of small ones a run is copied into a slab, so that one copy serves many,
 * and the chunk of the socket is not kept. One that is not small stays where it is: the chunk has room for few others.
 */
export class MessageArena {
  /** Holds the range that `place` was last called with. */
  bytes: Buffer = Buffer.allocUnsafeSlow(0);
  #slab = this.bytes;
  #slabSize = FIRST_SLAB;
  #at = 0;
  #source: Buffer | undefined;
  #runStart = 0;
  #runEnd = 0;
  #runBase = 0;

  /** Puts source[from, to) where it can stay; returns its offset in `bytes`. The source must not change afterwards. */
  place(source: Buffer, from: number, to: number): number {
    if (source === this.#source && from >= this.#runStart && to <= this.#runEnd) {
      this.bytes = this.#slab;
      return this.#runBase + from - this.#runStart;
    }
    const length = to - from;
    if (length > OWN) {
      this.bytes = Buffer.allocUnsafeSlow(length);
      source.copy(this.bytes, 0, from, to);
      return 0;
    }
    if (length >= STAY && source.length <= MOST_SLAB) {
      this.bytes = source;
      return from;
    }
    return this.#startRun(source, from, Math.max(to, Math.min(from + RUN, source.length)));
  }

  /** The source is done with; nothing of it is asked for again. */
  forget(): void {
    this.#source = undefined;
  }

  #startRun(source: Buffer, from: number, to: number): number {
    if (this.#slab.length - this.#at < to - from) {
      this.#slab = Buffer.allocUnsafeSlow(Math.max(this.#slabSize, to - from));
      this.#slabSize = Math.min(MOST_SLAB, this.#slabSize * 2);
      this.#at = 0;
    }
    source.copy(this.#slab, this.#at, from, to);
    this.#source = source;
    this.#runStart = from;
    this.#runEnd = to;
    this.#runBase = this.#at;
    this.#at += to - from;
    this.bytes = this.#slab;
    return this.#runBase;
  }
}
