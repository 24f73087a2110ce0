import { randomInt } from 'node:crypto';
import type { Connection } from '../../lib/amqp/connection.js';
import { FRAME, PROTOCOL_HEADER } from '../../lib/wire/constants.js';
import type { MethodArgs, MethodName } from '../../lib/wire/methods.js';
import { Channel } from '../../interop-tests/conformance/channel.js';
import { asMethod } from '../../interop-tests/conformance/expectation.js';
import { describe, frame, FrameSplitter, type Received } from '../../interop-tests/conformance/frames.js';
import {
  type ContentFaults,
  methodPayload,
  propertyBytes,
  type StepArgs,
  type StepProperties,
} from '../../interop-tests/conformance/raw-connection.js';
import type { MemoryTransport } from './memory-transport.js';

export interface Hello {
  readonly user?: string;
  readonly password?: string;
  readonly vhost?: string;
  readonly frameMax?: number;
  readonly channelMax?: number;
  /** Seconds. */
  readonly heartbeat?: number;
  readonly capabilities?: Record<string, boolean>;
}

const CAPABILITIES = {
  'basic.nack': true,
  publisher_confirms: true,
  consumer_cancel_notify: true,
  'connection.blocked': true,
  authentication_failure_close: true,
};
const FRAME_MAX = 131_072;

/** A client in plain protocol steps over a transport in memory. Every step that waits runs the broker until it rests. */
export class ProtocolClient {
  readonly transport: MemoryTransport;
  readonly connection: Connection;
  /** Octets of body in a frame. */
  bodySlice = FRAME_MAX - 8;
  readonly #rest: () => Promise<void>;
  readonly #splitter = new FrameSplitter();
  readonly #received: Received[] = [];
  #saidEnd = false;

  /** @param rest runs the broker until nothing happens any more */
  constructor(transport: MemoryTransport, connection: Connection, rest: () => Promise<void>) {
    this.transport = transport;
    this.connection = connection;
    this.#rest = rest;
  }

  get ended(): boolean {
    return this.transport.isDestroyed;
  }

  bytes(bytes: Buffer): void {
    this.transport.send(bytes);
  }

  frame(type: number, channel: number, payload: Buffer, end?: number): void {
    this.bytes(frame(type, channel, payload, end));
  }

  method<N extends MethodName>(channel: number, name: N, args: StepArgs<N> = {}): void {
    this.frame(FRAME.method, channel, methodPayload(name, args));
  }

  content(
    channel: number,
    body: Buffer,
    properties: StepProperties | Buffer = {},
    faults: ContentFaults = {},
  ) {
    this.bytes(contentBytes(channel, body, properties, faults, this.bodySlice));
  }

  /** From the protocol header to connection.open-ok. */
  async open(hello: Hello = {}): Promise<this> {
    await this.logIn(hello);
    const { frameMax = FRAME_MAX, channelMax = 2047, heartbeat = 0, vhost = '/' } = hello;
    this.bodySlice = frameMax - 8;
    this.method(0, 'connection.tune-ok', { frameMax, channelMax, heartbeat });
    this.method(0, 'connection.open', { virtualHost: vhost });
    asMethod(await this.next(0), 'connection.open-ok');
    return this;
  }

  /** From the protocol header to connection.tune. */
  async logIn(hello: Hello = {}): Promise<MethodArgs<'connection.tune'>> {
    this.bytes(PROTOCOL_HEADER);
    asMethod(await this.next(0), 'connection.start');
    this.startOk(hello);
    return asMethod(await this.next(0), 'connection.tune');
  }

  startOk({ user = 'guest', password = 'guest', capabilities = CAPABILITIES }: Hello = {}): void {
    this.method(0, 'connection.start-ok', {
      clientProperties: { capabilities },
      mechanism: 'PLAIN',
      response: Buffer.from(`\0${user}\0${password}`),
      locale: 'en_US',
    });
  }

  /** Opens a channel: the number given, or any that is likely to be free. */
  async channel(number = randomInt(1, 0xffff)): Promise<Channel<ProtocolClient>> {
    const channel = new Channel<ProtocolClient>(this, number);
    await channel.call('channel.open');
    return channel;
  }

  /** The next thing on `channel` or on channel 0; heartbeats only while nobody waits for a channel's frame. */
  async next(channel: number): Promise<Received> {
    await this.#rest();
    this.read();
    const at = this.#received.findIndex((one) => one.channel === channel || one.channel === 0);
    if (at < 0) throw new Error(`nothing came on channel ${channel}`);
    return this.#received.splice(at, 1)[0] as Received;
  }

  /** Everything that has come and was not asked for, once the broker rests; it is forgotten. */
  async all(): Promise<Received[]> {
    await this.#rest();
    this.read();
    return this.#received.splice(0);
  }

  /** What `all` gives, a line each. */
  async lines(): Promise<string[]> {
    return (await this.all()).map(describe);
  }

  leftovers(): string[] {
    return this.#received.map(describe);
  }

  /** Takes over what the transport has taken. */
  read(): void {
    this.#received.push(...this.#splitter.push(this.transport.taken()));
    if (this.#saidEnd || !(this.transport.isEnded || this.transport.isDestroyed)) return;
    this.#saidEnd = true;
    this.#received.push({ kind: 'end', channel: 0 });
  }

  /** A good client's end: nothing more is sent, and the other half is closed. */
  finish(): void {
    this.transport.hangUp();
  }

  destroy(): void {
    this.transport.hangUp();
  }

  drop(): void {
    this.transport.hangUp();
  }
}

/** The frames of a content: its header, and its body in slices. */
export function contentBytes(
  channel: number,
  body: Buffer,
  properties: StepProperties | Buffer,
  { classId = 60, weight = 0, bodySize = BigInt(body.length) }: ContentFaults,
  slice: number,
): Buffer {
  const fixed = Buffer.alloc(12);
  fixed.writeUInt16BE(classId, 0);
  fixed.writeUInt16BE(weight, 2);
  fixed.writeBigUInt64BE(bodySize, 4);
  const list = Buffer.isBuffer(properties) ? properties : propertyBytes(properties);
  const frames = [frame(FRAME.header, channel, Buffer.concat([fixed, list]))];
  for (let at = 0; at < body.length; at += slice) {
    frames.push(frame(FRAME.body, channel, body.subarray(at, at + slice)));
  }
  return Buffer.concat(frames);
}
