import { connect, type Socket } from 'node:net';
import { FRAME } from './encode.js';
import { FrameScanner, type FrameSink } from './frame-scanner.js';
import {
  channelOpen,
  connectionClose,
  connectionCloseOk,
  connectionOpen,
  METHOD,
  PROTOCOL_HEADER,
  startOk,
  tuneOk,
} from './methods.js';
import { type BrokerIdentity, identityOf } from './server-properties.js';

/** For one answer; a broker that takes longer while nothing but the set-up is asked of it hangs. */
const PATIENCE_MS = 60_000;
const LARGEST_FRAME = 131_072;
/** Shared by all sockets of the process: a chunk is scanned before the next is read. */
const readBuffer = Buffer.allocUnsafeSlow(256 * 1024);

interface Awaited {
  readonly key: number;
  readonly resolve: (payload: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One AMQP connection with at most one channel, for the load generator only. `request` serves set-up; for the load itself,
 * `takeOver` gives every frame to a function of the load's own.
 */
export class Session {
  readonly socket: Socket;
  /** Called when a received chunk has been scanned. */
  afterChunk: () => void = () => {};
  /** Called once when the connection ends before `close` was called. */
  onFailure: (error: Error) => void = () => {};
  identity: BrokerIdentity = { product: 'unknown', version: 'unknown' };
  readonly #url: URL;
  readonly #scanner: FrameScanner;
  #awaited: Awaited | undefined;
  #closing = false;

  private constructor(url: URL) {
    this.#url = url;
    this.#scanner = new FrameScanner(LARGEST_FRAME, (...frame) => this.settle(...frame));
    this.socket = connect({
      host: url.hostname,
      port: Number(url.port === '' ? 5672 : url.port),
      noDelay: true,
      onread: { buffer: readBuffer, callback: (length) => this.#read(length) },
    });
    this.socket.on('error', (error) => this.#fail(error));
    this.socket.on('close', () => this.#fail(new Error('the broker closed the connection')));
  }

  /** Connects and opens the vhost of `url` (amqp://user:password@host:port/vhost), and channel 1 unless told not to. */
  static async open(url: string, withChannel = true): Promise<Session> {
    const session = new Session(new URL(url));
    await session.#handshake();
    if (withChannel) await session.request(channelOpen(1), METHOD.CHANNEL_OPEN_OK);
    return session;
  }

  /** Sends `frame` and waits for the method `answer`; resolves with its payload from the class id on. One at a time. */
  async request(frame: Buffer, answer: number): Promise<Buffer> {
    const patience = setTimeout(() => this.#fail(new Error('the broker does not answer')), PATIENCE_MS);
    const payload = new Promise<Buffer>((resolve, reject) => {
      this.#awaited = { key: answer, resolve, reject };
    });
    this.socket.write(frame);
    return payload.finally(() => clearTimeout(patience));
  }

  /** From now on `sink` is shown every frame; it passes on to `settle` what it does not know. */
  takeOver(sink: FrameSink): void {
    this.#scanner.sink = sink;
  }

  /** Takes the frames of set-up and of the connection's end. */
  settle(type: number, buffer: Buffer, start: number, end: number): void {
    if (type !== FRAME.METHOD) return;
    const key = buffer.readUInt32BE(start);
    if (key === this.#awaited?.key) {
      const { resolve } = this.#awaited;
      this.#awaited = undefined;
      resolve(Buffer.from(buffer.subarray(start, end)));
    } else if (key === METHOD.CONNECTION_CLOSE || key === METHOD.CHANNEL_CLOSE) {
      if (key === METHOD.CONNECTION_CLOSE) this.socket.write(connectionCloseOk());
      this.#fail(new Error(closeReason(buffer, start)));
    }
  }

  /** Closes politely, but not waiting longer than `patienceMs`. */
  async close(patienceMs = 2000): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    const patience = setTimeout(() => this.socket.destroy(), patienceMs);
    const closed = new Promise<void>((resolve) => this.socket.once('close', () => resolve()));
    await Promise.race([
      closed,
      this.request(connectionClose(), METHOD.CONNECTION_CLOSE_OK).catch(() => undefined),
    ]);
    clearTimeout(patience);
    this.socket.destroy();
  }

  async #handshake(): Promise<void> {
    this.identity = identityOf(await this.request(PROTOCOL_HEADER, METHOD.CONNECTION_START));
    const user = decodeURIComponent(this.#url.username || 'guest');
    const password = decodeURIComponent(this.#url.password || 'guest');
    const tune = await this.request(startOk(user, password), METHOD.CONNECTION_TUNE);
    const frameMax = tune.readUInt32BE(6);
    const agreed = frameMax === 0 ? LARGEST_FRAME : Math.min(frameMax, LARGEST_FRAME);
    this.socket.write(tuneOk(tune.readUInt16BE(4), agreed));
    const vhost = decodeURIComponent(this.#url.pathname.slice(1)) || '/';
    await this.request(connectionOpen(vhost), METHOD.CONNECTION_OPEN_OK);
  }

  #read(length: number): boolean {
    try {
      this.#scanner.scan(readBuffer, length);
      this.afterChunk();
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
    return true;
  }

  #fail(error: Error): void {
    const awaited = this.#awaited;
    this.#awaited = undefined;
    awaited?.reject(error);
    if (this.#closing) return;
    this.#closing = true;
    this.socket.destroy();
    this.onFailure(error);
  }
}

/** connection.close and channel.close begin alike: reply code, reply text. */
function closeReason(buffer: Buffer, start: number): string {
  const textAt = start + 7;
  return buffer.toString('utf8', textAt, textAt + buffer[start + 6]!);
}
