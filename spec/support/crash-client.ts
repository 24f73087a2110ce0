import { connect, type Socket } from 'node:net';
import { frame } from '../../interop-tests/conformance/frames.js';
import { methodPayload, type StepArgs } from '../../interop-tests/conformance/raw-connection.js';
import { FRAME, PROTOCOL_HEADER } from '../../lib/wire/constants.js';
import { FrameReader } from '../../lib/wire/frame-reader.js';
import { decodeMethod } from '../../lib/wire/method-codec.js';
import type { MethodName } from '../../lib/wire/methods.js';
import { ClientChannel } from './crash-client-channel.js';

const FRAME_MAX = 131_072;
const CAPABILITIES = {
  'basic.nack': true,
  publisher_confirms: true,
  consumer_cancel_notify: true,
  'connection.blocked': true,
};

/** The connection is gone: what was under way has no answer. */
export class ConnectionGone extends Error {
  override readonly name = 'ConnectionGone';
}

/** An AMQP connection that is expected to break at any moment, as the broker at its other end is killed. */
export class CrashClient {
  /** Resolves when the last octet that the broker sent has been worked on, and the socket is closed. */
  readonly ended: Promise<void>;
  isEnded = false;
  /** Why the broker closed the connection, where it said so. */
  closeReason: string | undefined;
  /** The broker does not read publishes for now. [RMQ connection.blocked] */
  isBlocked = false;
  /** The reasons that connection.blocked told. */
  readonly blockedFor: string[] = [];
  readonly #socket: Socket;
  readonly #channels: ClientChannel[] = [];
  #corked = false;

  private constructor(port: number) {
    const reader = new FrameReader(
      { frame: (type, number, bytes, start, end) => this.#frame(type, number, bytes, start, end), gone() {} },
      FRAME_MAX,
    );
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (chunk: Buffer) => reader.push(chunk));
    this.#socket.on('error', () => {});
    this.ended = new Promise((resolve) => {
      this.#socket.once('close', () => {
        this.#becomeEnded();
        resolve();
      });
    });
    this.#channels.push(new ClientChannel(this, 0));
  }

  /** @throws ConnectionGone */
  static async open(port: number): Promise<CrashClient> {
    const client = new CrashClient(port);
    const { control } = client;
    client.write(PROTOCOL_HEADER);
    await control.answer();
    await control.call('connection.start-ok', {
      clientProperties: { capabilities: CAPABILITIES },
      mechanism: 'PLAIN',
      response: Buffer.from('\0guest\0guest'),
      locale: 'en_US',
    });
    control.send('connection.tune-ok', { frameMax: FRAME_MAX, channelMax: 2047, heartbeat: 0 });
    await control.call('connection.open', { virtualHost: '/' });
    return client;
  }

  /** Channel 0. */
  get control(): ClientChannel {
    return this.#channels[0] as ClientChannel;
  }

  /** Octets that were written and did not leave yet. */
  get backlog(): number {
    return this.#socket.writableLength;
  }

  async channel(): Promise<ClientChannel> {
    const channel = new ClientChannel(this, this.#channels.length);
    this.#channels.push(channel);
    await channel.call('channel.open', {});
    return channel;
  }

  /** Ends in good order. */
  async close(): Promise<void> {
    if (!this.isEnded) await this.control.call('connection.close', {}).catch(() => {});
    this.#socket.destroy();
    await this.ended;
  }

  /** Ends as the socket of a process does that dies. */
  async drop(): Promise<void> {
    this.#socket.resetAndDestroy();
    await this.ended;
  }

  /** What is written in one turn leaves together. */
  write(bytes: Buffer): void {
    if (this.isEnded) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      setImmediate(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(bytes);
  }

  method<N extends MethodName>(channel: number, name: N, args: StepArgs<N>): void {
    this.write(frame(FRAME.method, channel, methodPayload(name, args)));
  }

  #frame(type: number, number: number, bytes: Buffer, start: number, end: number): void {
    const channel = this.#channels[number];
    if (channel === undefined) return;
    if (type === FRAME.method) this.#method(channel, bytes, start, end);
    else if (type === FRAME.header) channel.receiveHeader(bytes, start, end);
    else if (type === FRAME.body) channel.receiveBody(bytes, start, end);
  }

  #method(channel: ClientChannel, bytes: Buffer, start: number, end: number): void {
    const method = decodeMethod(bytes, start, end);
    switch (method.name) {
      case 'connection.close':
        this.closeReason = `${method.args.replyCode} ${method.args.replyText}`;
        this.method(0, 'connection.close-ok', {});
        break;
      case 'connection.blocked':
        this.isBlocked = true;
        this.blockedFor.push(method.args.reason);
        break;
      case 'connection.unblocked':
        this.isBlocked = false;
        break;
      default:
        channel.receive(method);
    }
  }

  #becomeEnded(): void {
    this.isEnded = true;
    for (const channel of this.#channels) channel.lose(new ConnectionGone(this.closeReason));
  }
}
