/** Octets of one output buffer. */
const SIZE = 65_536;
const KEPT = 64;

/** Output buffers, shared by all connections: one that writes nothing holds none. */
export class BufferPool {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(SIZE);
  }

  /** Only what nobody reads any more. */
  give(buffer: Buffer): void {
    if (buffer.length === SIZE && this.#free.length < KEPT) this.#free.push(buffer);
  }
}
