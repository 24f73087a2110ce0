import type { Socket } from 'node:net';
import type { Endpoint, Transport, TransportEvents } from './transport.js';

/** A TCP or TLS socket as a connection sees it. */
export class SocketTransport implements Transport {
  readonly peer: Endpoint;
  readonly local: Endpoint;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.peer = { host: socket.remoteAddress ?? 'unknown', port: socket.remotePort ?? 0 };
    this.local = { host: socket.localAddress ?? 'unknown', port: socket.localPort ?? 0 };
  }

  /** Starts handing what happens to `events`. */
  attach(events: TransportEvents): void {
    const socket = this.#socket;
    socket.on('data', (chunk: Buffer) => events.receive(chunk));
    socket.on('drain', () => events.drained());
    // A client that has sent everything still gets the answers of this turn.
    socket.on('end', () => setImmediate(() => socket.end()));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => events.closed());
  }

  get pending(): number {
    return this.#socket.writableLength;
  }

  get isFull(): boolean {
    return this.#socket.writableNeedDrain;
  }

  write(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  writeAll(chunks: readonly Buffer[]): void {
    if (!this.#socket.writable) return;
    this.#socket.cork();
    for (const chunk of chunks) this.#socket.write(chunk);
    this.#socket.uncork();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
