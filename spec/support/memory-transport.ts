import { Ring } from '../../lib/base/ring.js';
import type { Endpoint, Transport, TransportEvents } from '../../lib/amqp/transport.js';

/** Like a socket's: `drained` is told only after so many octets waited at once. */
const HIGH_WATER = 65_536;

/**
 * The in-memory twin of a socket. The peer takes everything at once, until `hold` makes it take nothing; then the
 * buffers that were written are kept as they are, uncopied, until `take` lets them go.
 */
export class MemoryTransport implements Transport {
  readonly peer: Endpoint;
  readonly local: Endpoint = { host: '127.0.0.1', port: 5672 };
  /** Octets of each write, in order; `writeAll` is one write. */
  readonly writes: number[] = [];
  isEnded = false;
  isDestroyed = false;
  isPaused = false;
  #events: TransportEvents | undefined;
  readonly #inbound = new Ring<Buffer>();
  #inboundOctets = 0;
  #holds = false;
  #waiting: Buffer[] = [];
  #waitingOctets = 0;
  #needsDrain = false;
  #taken: Buffer[] = [];
  #isClosed = false;

  constructor(host = '127.0.0.1') {
    this.peer = { host, port: 50_000 };
  }

  attach(events: TransportEvents): void {
    this.#events = events;
  }

  get pending(): number {
    return this.#waitingOctets;
  }

  get isFull(): boolean {
    return this.#needsDrain;
  }

  write(bytes: Buffer): void {
    this.writeAll([bytes]);
  }

  writeAll(chunks: readonly Buffer[]): void {
    if (this.isDestroyed) return;
    if (this.isEnded) throw new Error('written to after its end');
    for (const chunk of chunks) {
      this.#waiting.push(chunk);
      this.#waitingOctets += chunk.length;
    }
    this.writes.push(chunks.reduce((sum, { length }) => sum + length, 0));
    if (this.#waitingOctets >= HIGH_WATER) this.#needsDrain = this.#holds;
    if (!this.#holds) this.#takeUpTo(Infinity);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {
    this.isEnded = true;
  }

  destroy(): void {
    this.isDestroyed = true;
    this.#waiting = [];
    this.#waitingOctets = 0;
  }

  /** The peer's side: from now on it takes nothing that is written. */
  hold(): void {
    this.#holds = true;
  }

  /** The peer's side: takes so many octets of what waits; without a number, everything, now and later. */
  take(octets = Infinity): void {
    if (octets === Infinity) this.#holds = false;
    this.#takeUpTo(octets);
    if (this.#waitingOctets > 0 || !this.#needsDrain) return;
    this.#needsDrain = false;
    this.#events?.drained();
  }

  /** The peer's side: what it has taken since the last call. */
  taken(): Buffer {
    const bytes = Buffer.concat(this.#taken);
    this.#taken = [];
    return bytes;
  }

  /** The peer's side: one chunk as it comes off the wire, once the transport is not paused. */
  send(chunk: Buffer): void {
    this.#inbound.push(chunk);
    this.#inboundOctets += chunk.length;
  }

  /** The peer's side: ends the connection without a word. */
  hangUp(): void {
    this.destroy();
  }

  /** Hands over what was sent, as far as the transport is not paused, and tells of its end. True: there was something. */
  deliver(): boolean {
    let delivered = false;
    while (this.#inbound.length > 0 && !this.isPaused && !this.isDestroyed) {
      delivered = true;
      const chunk = this.#inbound.shift() as Buffer;
      this.#inboundOctets -= chunk.length;
      this.#events?.receive(chunk);
    }
    if (!this.isDestroyed || this.#isClosed) return delivered;
    this.#isClosed = true;
    this.#events?.closed();
    return true;
  }

  /** What was written and not taken, as it was handed over. */
  get waiting(): readonly Buffer[] {
    return this.#waiting;
  }

  /** Octets that were sent and are not read, because the transport is paused. */
  get unread(): number {
    return this.#inboundOctets;
  }

  #takeUpTo(octets: number): void {
    for (let left = octets; left > 0 && this.#waiting.length > 0; ) {
      const first = this.#waiting[0] as Buffer;
      const size = Math.min(left, first.length);
      this.#taken.push(Buffer.from(first.subarray(0, size)));
      if (size === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(size);
      this.#waitingOctets -= size;
      left -= size;
    }
  }
}
