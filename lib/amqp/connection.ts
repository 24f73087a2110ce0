import { randomBytes } from 'node:crypto';
import type { User } from '../auth/user-directory.js';
import { assert } from '../base/assert.js';
import type { Timer } from '../base/clock.js';
import { BrokerError, brokerError } from '../base/errors.js';
import type { AuthorizedVhost } from '../broker/authorized-vhost.js';
import type { Broker } from '../broker/broker.js';
import { FRAME, FRAME_OVERHEAD, PROTOCOL_HEADER } from '../wire/constants.js';
import { FrameReader, type FrameSink } from '../wire/frame-reader.js';
import { decodeMethod } from '../wire/method-codec.js';
import type { MethodArgs } from '../wire/methods.js';
import { frameText } from '../wire/octets-text.js';
import { EMPTY_TABLE, type FieldTable } from '../wire/values.js';
import type { BufferPool } from './buffer-pool.js';
import { Channels } from './channels.js';
import type { ConnectionSettings } from './connection-settings.js';
import { toRefusal } from './refusal.js';
import { hasCapability, logIn, MECHANISM_NAMES, tuneRefusal } from './handshake.js';
import { Heartbeat, type HeartbeatEvents } from './heartbeat.js';
import { MessageArena } from './message-arena.js';
import { Outbound } from './outbound.js';
import type { Transport, TransportEvents } from './transport.js';

/** How far a connection has come. It only ever moves down this list. [AMQP 2.2.4] */
const STATES = ['header', 'starting', 'tuning', 'opening', 'running', 'closing', 'closed'] as const;
type State = (typeof STATES)[number];

/** How long a client that failed the handshake is left without an answer, milliseconds. */
const SILENCE_MS = 1000;
/** How long the answer to connection.close is waited for, milliseconds. */
const CLOSE_TIMEOUT_MS = 30_000;
/** Before tune-ok, octets of a frame. [RMQ initial_frame_max] */
const FIRST_FRAME_MAX = 131_072;
/** Waiting to be sent to the client: above this the connection is not read. Octets. */
const MOST_UNSENT = 16 * 1024 * 1024;

/** What the listener gives to each connection, and learns from it. */
export interface ConnectionPorts {
  readonly broker: Broker;
  readonly settings: ConnectionSettings;
  readonly pool: BufferPool;
  readonly log: ConnectionLog;
  /** The transport is closed and everything the connection held was given back. */
  readonly ended: (connection: Connection) => void;
}

/** What is worth telling the operator. */
export interface ConnectionLog {
  refused(connection: Connection, reason: string): void;
  opened(connection: Connection): void;
  failed(connection: Connection, error: BrokerError): void;
  /** A defect of the broker's own; the connection was closed. */
  defect(connection: Connection, error: unknown): void;
}

/** One client connection, from the protocol header to the end. Knows no socket: bytes come in, bytes go out. */
export class Connection implements FrameSink, TransportEvents, HeartbeatEvents {
  readonly id = randomBytes(9).toString('base64url');
  readonly transport: Transport;
  readonly #ports: ConnectionPorts;
  readonly #outbound: Outbound;
  readonly #reader: FrameReader;
  #state: State = 'header';
  #header: Buffer | undefined;
  #user: User | undefined;
  #door: AuthorizedVhost | undefined;
  #channels: Channels | undefined;
  #clientProperties: FieldTable = EMPTY_TABLE;
  #deadline: Timer | undefined;
  #heartbeat: Heartbeat | undefined;
  #heard = false;
  #waitingForTurn = false;
  /** Class and method id of the method at hand on channel 0. */
  #methodId = 0;

  constructor(transport: Transport, ports: ConnectionPorts) {
    this.transport = transport;
    this.#ports = ports;
    this.#outbound = new Outbound(transport, ports.pool, ports.broker.turn, () => this.#relieved());
    this.#reader = new FrameReader(this, FIRST_FRAME_MAX);
    this.#deadline = ports.broker.clock.after(ports.settings.handshakeTimeout, () => {
      this.#ports.log.refused(this, 'the handshake took too long');
      this.transport.destroy();
    });
  }

  get state(): State {
    return this.#state;
  }

  get user(): string {
    return this.#user?.name ?? '';
  }

  get clientProperties(): FieldTable {
    return this.#clientProperties;
  }

  /** Peer and own address, the way RabbitMQ names connections. */
  get name(): string {
    const { peer, local } = this.transport;
    return `${peer.host}:${peer.port} -> ${local.host}:${local.port}`;
  }

  receive(chunk: Buffer): void {
    this.#heard = true;
    if (this.#state === 'closed') return;
    try {
      const rest = this.#state === 'header' ? this.#protocolHeader(chunk) : chunk;
      if (this.#channels !== undefined) this.#channels.now = this.#ports.broker.clock.now();
      if (rest.length > 0) this.#reader.push(rest);
    } catch (error) {
      this.#failed(error);
    }
    this.#slowDown(chunk.length);
  }

  /** FrameSink. */
  frame(type: number, channel: number, bytes: Buffer, start: number, end: number): void {
    if (this.#state === 'running' && channel !== 0 && type !== FRAME.heartbeat) {
      this.#channelFrame(type, channel, bytes, start, end);
      return;
    }
    if (this.#state === 'closed') return;
    this.#methodId = 0;
    if (type === FRAME.heartbeat) this.#onHeartbeat(channel, bytes, start, end);
    else if (type === FRAME.method && channel === 0) this.#connectionMethod(bytes, start, end);
    else if (this.#state !== 'closing') this.#strayFrame(type, bytes, start, end);
  }

  /** FrameSink. */
  gone(): void {
    this.#channels?.park();
  }

  drained(): void {
    this.#outbound.drained();
  }

  closed(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#deadline?.cancel();
    this.#heartbeat?.stop();
    this.#outbound.close();
    this.#channels?.close();
    const left = this.#door?.leave() ?? Promise.resolve();
    left
      .catch((error: unknown) => this.#ports.log.defect(this, error))
      .finally(() => this.#ports.ended(this));
  }

  /** Sends connection.close and waits for the client's answer. */
  close(error: BrokerError, methodId = 0): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    if (this.#state !== 'running' && this.#state !== 'opening' && this.#state !== 'starting') {
      this.#outbound.end();
      return;
    }
    this.#channels?.close();
    this.#outbound.method(0, 'connection.close', {
      replyCode: error.code,
      replyText: error.message,
      classId: methodId >>> 16,
      methodId: methodId & 0xffff,
    });
    this.#becomeClosing();
  }

  wasHeard(): boolean {
    const heard = this.#heard;
    this.#heard = false;
    return heard || this.#reader.paused;
  }

  hasSpoken(): boolean {
    const spoken = this.#outbound.active;
    this.#outbound.active = false;
    return spoken;
  }

  sendHeartbeat(): void {
    this.#outbound.heartbeat();
    this.#outbound.active = false;
  }

  peerIsSilent(): void {
    this.#ports.log.refused(this, 'missed heartbeats from the client');
    this.transport.destroy();
  }

  /** The dispatcher lets this publisher read on. */
  admit(): void {
    this.#waitingForTurn = false;
    this.#goOn();
  }

  #become(state: State): void {
    assert(
      STATES.indexOf(state) > STATES.indexOf(this.#state),
      `a connection goes from ${this.#state} to ${state}`,
    );
    this.#state = state;
  }

  #becomeClosing(): void {
    this.#become('closing');
    this.#heartbeat?.stop();
    this.#deadline?.cancel();
    this.#deadline = this.#ports.broker.clock.after(CLOSE_TIMEOUT_MS, () => this.transport.destroy());
  }

  #protocolHeader(chunk: Buffer): Buffer {
    const bytes = this.#header === undefined ? chunk : Buffer.concat([this.#header, chunk]);
    this.#header = bytes;
    if (bytes.length < PROTOCOL_HEADER.length) return NOTHING;
    this.#header = undefined;
    const header = bytes.subarray(0, PROTOCOL_HEADER.length);
    if (!ACCEPTED_HEADERS.some((accepted) => accepted.equals(header))) {
      this.#ports.log.refused(this, `not an AMQP 0-9-1 protocol header: ${header.toString('latin1')}`);
      this.#outbound.raw(PROTOCOL_HEADER);
      this.#outbound.end();
      this.#state = 'closed';
      return NOTHING;
    }
    this.#become('starting');
    this.#outbound.method(0, 'connection.start', {
      versionMajor: 0,
      versionMinor: 9,
      serverProperties: this.#ports.settings.serverProperties,
      mechanisms: Buffer.from(MECHANISM_NAMES),
      locales: Buffer.from('en_US'),
    });
    return bytes.subarray(PROTOCOL_HEADER.length);
  }

  #channelFrame(type: number, channel: number, bytes: Buffer, start: number, end: number): void {
    const channels = this.#channels as Channels;
    try {
      const pending = channels.frame(type, channel, bytes, start, end);
      if (pending !== undefined) this.#await(channel, pending);
    } catch (error) {
      this.#channelFailed(channel, error);
    }
  }

  /** The channel works on something that takes time: reads no further frames until it is done. */
  #await(channel: number, pending: Promise<void>): void {
    this.#reader.pause();
    pending
      .catch((error: unknown) => this.#channelFailed(channel, error))
      .then(() => this.#goOn())
      .catch((error: unknown) => this.#failed(error));
  }

  #goOn(): void {
    if (this.#waitingForTurn || this.#state === 'closed') return;
    try {
      if (this.#reader.paused) this.#reader.resume();
    } catch (error) {
      this.#failed(error);
    }
    this.#slowDown(0);
    if (!this.#reader.paused) this.transport.resume();
  }

  /** A publisher that floods waits for its next turn; a client that does not read its answers is not read either. */
  #slowDown(octets: number): void {
    if (this.#reader.paused) {
      this.transport.pause();
      return;
    }
    const flooding = this.#channels?.published === true && octets >= FLOOD;
    if (this.#channels !== undefined) this.#channels.published = false;
    if (!flooding && this.#outbound.pending < MOST_UNSENT) return;
    this.#reader.pause();
    this.transport.pause();
    if (!flooding) return;
    this.#waitingForTurn = true;
    this.#ports.broker.dispatcher.wait(this);
  }

  #relieved(): void {
    this.#channels?.resume();
    if (this.#reader.paused && this.#channels?.busy !== true) this.#goOn();
  }

  #channelFailed(channel: number, error: unknown): void {
    const refusal = toRefusal(error);
    const id = this.#channels?.methodId(channel) ?? 0;
    if (refusal?.scope === 'channel' && this.#state === 'running') {
      this.#channels?.fail(channel, refusal);
      this.#ports.log.failed(this, refusal);
      return;
    }
    this.#failed(error, id);
  }

  /** Ends the connection for `error`: with connection.close where the client can be told, silently where not. */
  #failed(error: unknown, methodId = this.#methodId): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    const refusal = toRefusal(error);
    if (refusal === undefined) this.#ports.log.defect(this, error);
    const told = refusal ?? brokerError('internalError');
    this.#ports.log.failed(this, told);
    if (this.#state === 'running' || this.#state === 'opening') this.close(told, idsOf(told, methodId));
    else this.#dropSilently();
  }

  /** The client learns nothing, and not at once: that is what RabbitMQ does to a failed handshake. */
  #dropSilently(): void {
    if (this.#state !== 'closing') this.#becomeClosing();
    this.#deadline?.cancel();
    this.#deadline = this.#ports.broker.clock.after(SILENCE_MS, () => this.transport.destroy());
  }

  #onHeartbeat(channel: number, bytes: Buffer, start: number, end: number): void {
    if (end > start)
      throw brokerError('malformedFrame', `${frameText(FRAME.heartbeat, bytes, start, end)}: unknown_frame`);
    if (channel !== 0) throw brokerError('unexpectedFrame', frameText(FRAME.heartbeat, bytes, start, end));
  }

  #strayFrame(type: number, bytes: Buffer, start: number, end: number): void {
    const text = frameText(type, bytes, start, end);
    if (type < FRAME.method || type > FRAME.body)
      throw brokerError('malformedFrame', `${text}: unknown_frame`);
    throw brokerError('unexpectedFrame', text);
  }

  #connectionMethod(bytes: Buffer, start: number, end: number): void {
    this.#methodId = end - start < 4 ? 0 : bytes.readUInt32BE(start);
    if (this.#state === 'closing') {
      this.#whileClosing();
      return;
    }
    const { name, args } = decodeMethod(bytes, start, end);
    if (name === 'connection.start-ok' && this.#state === 'starting') this.#onStartOk(args);
    else if (name === 'connection.tune-ok' && this.#state === 'tuning') this.#onTuneOk(args);
    else if (name === 'connection.open' && this.#state === 'opening') this.#onOpen(args);
    else if (name === 'connection.close' && this.#state === 'running') this.#onClose();
    else if (name === 'connection.update-secret' && this.#state === 'running') {
      this.#outbound.method(0, 'connection.update-secret-ok', {});
    } else throw brokerError('channelError', `unexpected method in connection state ${this.#state}`);
  }

  #whileClosing(): void {
    if (this.#methodId === CLOSE_ID) this.#outbound.method(0, 'connection.close-ok', {});
    if (this.#methodId === CLOSE_OK_ID) this.#outbound.end();
  }

  #onStartOk(args: MethodArgs<'connection.start-ok'>): void {
    this.#clientProperties = args.clientProperties;
    const { settings, broker } = this.#ports;
    const user = logIn({ users: broker.users, settings, peerHost: this.transport.peer.host }, args);
    if (typeof user === 'string') {
      this.#refuseLogin(user, args.mechanism);
      return;
    }
    this.#user = user;
    this.#become('tuning');
    const { channelMax, frameMax, heartbeat } = settings;
    this.#outbound.method(0, 'connection.tune', { channelMax, frameMax, heartbeat });
  }

  #refuseLogin(reason: string, mechanism: string): void {
    this.#ports.log.refused(this, `login refused: ${reason}`);
    if (
      reason === 'wrongCredentials' &&
      hasCapability(this.#clientProperties, 'authentication_failure_close')
    ) {
      this.close(brokerError('loginRefused', mechanism));
    } else this.#dropSilently();
  }

  #onTuneOk(args: MethodArgs<'connection.tune-ok'>): void {
    const refusal = tuneRefusal(this.#ports.settings, args);
    if (refusal !== undefined) throw brokerError('notAllowed', refusal);
    const frameMax = args.frameMax === 0 ? UNLIMITED_FRAME : args.frameMax;
    this.#reader.maxPayload = frameMax;
    this.#outbound.maxPayload = frameMax - FRAME_OVERHEAD;
    this.#become('opening');
    if (args.heartbeat > 0) this.#heartbeat = new Heartbeat(this.#ports.broker.clock, args.heartbeat, this);
  }

  #onOpen({ virtualHost }: MethodArgs<'connection.open'>): void {
    const { broker, settings } = this.#ports;
    this.#door = broker.enter(virtualHost, this.#user as User, this.id);
    this.#channels = new Channels({
      door: this.#door,
      outbound: this.#outbound,
      turn: broker.turn,
      arena: new MessageArena(),
      maxMessageSize: settings.maxMessageSize,
      notifyCancel: hasCapability(this.#clientProperties, 'consumer_cancel_notify'),
      now: broker.clock.now(),
    });
    this.#become('running');
    this.#deadline?.cancel();
    this.#outbound.method(0, 'connection.open-ok', {});
    this.#ports.log.opened(this);
  }

  /** The client is leaving: its exclusive queues go before it hears the answer. */
  #onClose(): void {
    this.#channels?.close();
    this.#becomeClosing();
    this.#reader.pause();
    const left = this.#door?.leave() ?? Promise.resolve();
    left
      .catch((error: unknown) => this.#ports.log.defect(this, error))
      .then(() => {
        this.#outbound.method(0, 'connection.close-ok', {});
        this.#outbound.end();
      })
      .catch((error: unknown) => this.#ports.log.defect(this, error));
  }
}

/** A chunk this large, with publishes in it, says that more is waiting. Octets. */
const FLOOD = 32_768;
const NOTHING = Buffer.alloc(0);
const CLOSE_ID = (10 << 16) | 50;
const CLOSE_OK_ID = (10 << 16) | 51;
/** Octets; what a negotiated frame_max of 0 amounts to. */
const UNLIMITED_FRAME = 0x7fff_ffff;
/** 0-9-1, and 0-9 in its two notations, which RabbitMQ takes as well. */
const ACCEPTED_HEADERS = [
  PROTOCOL_HEADER,
  Buffer.from([0x41, 0x4d, 0x51, 0x50, 1, 1, 0, 9]),
  Buffer.from([0x41, 0x4d, 0x51, 0x50, 1, 1, 8, 0]),
];

/** Framing errors name no method. */
function idsOf(error: BrokerError, methodId: number): number {
  return error.kind === 'malformedFrame' || error.kind === 'malformedContent' ? 0 : methodId;
}
