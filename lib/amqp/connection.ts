import { randomBytes } from 'node:crypto';
import type { User } from '../auth/user-directory.js';
import { assert } from '../base/assert.js';
import type { Timer } from '../base/clock.js';
import { BrokerError, brokerError } from '../base/errors.js';
import type { AuthorizedVhost } from '../broker/authorized-vhost.js';
import type { Guest } from '../broker/guest.js';
import { FRAME, FRAME_OVERHEAD, PROTOCOL_HEADER } from '../wire/constants.js';
import { FrameError, FrameReader, type FrameSink } from '../wire/frame-reader.js';
import { decodeMethod } from '../wire/method-codec.js';
import type { MethodArgs } from '../wire/methods.js';
import { EMPTY_TABLE, type FieldTable } from '../wire/values.js';
import { Backpressure } from './backpressure.js';
import { Channels } from './channels.js';
import type { ConnectionPorts } from './connection-ports.js';
import { idsOf, toRefusal } from './refusal.js';
import { checkTuning, greeting, hasCapability, logIn, LoginRefusal, UNLIMITED_FRAME } from './handshake.js';
import { Heartbeat, type HeartbeatEvents } from './heartbeat.js';
import { MessageArena } from './message-arena.js';
import { HOLD, InputGate } from './input-gate.js';
import { Outbound } from './outbound.js';
import { ProtocolHeader } from './protocol-header.js';
import { checkHeartbeat, strayFrame } from './stray-frame.js';
import type { Transport, TransportEvents } from './transport.js';

/** How far a connection has come. It only ever moves down this list. [AMQP 2.2.4] */
const STATES = ['header', 'starting', 'tuning', 'opening', 'running', 'closing', 'closed'] as const;
type State = (typeof STATES)[number];

/** How long a client that cannot be understood is left before the end, milliseconds. */
const SILENCE_MS = 1000;
/** How long the answer to connection.close is waited for, milliseconds. */
const CLOSE_TIMEOUT_MS = 30_000;
/** Before tune-ok, octets of a frame. [RMQ initial_frame_max] */
const FIRST_FRAME_MAX = 131_072;

/** One client connection, from the protocol header to the end. Knows no socket: bytes come in, bytes go out. */
export class Connection implements FrameSink, TransportEvents, HeartbeatEvents, Guest {
  readonly id = randomBytes(9).toString('base64url');
  readonly transport: Transport;
  readonly #ports: ConnectionPorts;
  readonly #outbound: Outbound;
  readonly #reader: FrameReader;
  readonly #gate: InputGate;
  readonly #backpressure: Backpressure;
  #state: State = 'header';
  #header: ProtocolHeader | undefined = new ProtocolHeader();
  #user: User | undefined;
  #door: AuthorizedVhost | undefined;
  #channels: Channels | undefined;
  #clientProperties: FieldTable = EMPTY_TABLE;
  #deadline: Timer | undefined;
  #heartbeat: Heartbeat | undefined;
  #heard = false;
  /** Whatever else comes is not looked at. */
  #isDeaf = false;
  /** As negotiated; 0 for no limit. */
  #channelMax = 0;
  /** What a channel works on while no frames are read. */
  #work: Promise<void> = Promise.resolve();
  /** Class and method id of the method at hand on channel 0. */
  #methodId = 0;

  constructor(transport: Transport, ports: ConnectionPorts) {
    this.transport = transport;
    this.#ports = ports;
    this.#outbound = new Outbound(transport, ports.pool, ports.broker.turn, () => this.#relieved());
    this.#reader = new FrameReader(this, FIRST_FRAME_MAX);
    this.#gate = new InputGate(this.#reader, transport, () => this.#readOn());
    this.#backpressure = new Backpressure(ports.broker, ports.slices, this.#gate, this.#outbound);
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

  /** As RabbitMQ names connections: the peer's address and our own. */
  get name(): string {
    const { peer, local } = this.transport;
    return `${peer.host}:${peer.port} -> ${local.host}:${local.port}`;
  }

  receive(chunk: Buffer): void {
    this.#heard = true;
    if (this.#isDeaf) return;
    try {
      const rest = this.#state === 'header' ? this.#protocolHeader(chunk) : chunk;
      this.#backpressure.begin(this.#noteTime());
      if (rest !== undefined) this.#reader.push(rest);
    } catch (error) {
      this.#failed(error);
    }
    this.#backpressure.received(chunk.length, this.#channels?.hasPublished() === true);
  }

  frame(type: number, channel: number, bytes: Buffer, start: number, end: number): void {
    if (this.#state === 'running' && channel !== 0 && type >= FRAME.method && type <= FRAME.body) {
      this.#channelFrame(type, channel, bytes, start, end);
      this.#backpressure.frameDone();
      return;
    }
    if (this.#isDeaf) return;
    this.#methodId = 0;
    if (type === FRAME.heartbeat) checkHeartbeat(channel, bytes, start, end);
    else if (type === FRAME.method && channel === 0) this.#connectionMethod(bytes, start, end);
    else if (this.#state !== 'closing') throw strayFrame(type, bytes, start, end);
  }

  gone(): void {
    this.#channels?.park();
  }

  drained(): void {
    this.#outbound.drained();
  }

  closed(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#isDeaf = true;
    this.#ports.broker.alarms.unlisten(this.#backpressure);
    this.#deadline?.cancel();
    this.#heartbeat?.stop();
    this.#channels?.close();
    this.#outbound.close();
    if (this.#door !== undefined) this.#ports.connections.giveBack(1);
    this.#leave()
      .catch((error: unknown) => this.#ports.log.defect(this, error))
      .finally(() => this.#ports.ended(this));
  }

  /** Sends connection.close and waits for the client's answer. */
  close(error: BrokerError, methodId = 0, patience = CLOSE_TIMEOUT_MS): void {
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
    this.#becomeClosing(patience);
  }

  wasHeard(): boolean {
    const heard = this.#heard;
    this.#heard = false;
    return heard || this.#gate.held;
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

  #become(state: State): void {
    assert(
      STATES.indexOf(state) > STATES.indexOf(this.#state),
      `a connection goes from ${this.#state} to ${state}`,
    );
    this.#state = state;
  }

  #becomeClosing(patience = CLOSE_TIMEOUT_MS): void {
    this.#become('closing');
    this.#heartbeat?.stop();
    this.#ports.broker.alarms.unlisten(this.#backpressure);
    this.#deadline?.cancel();
    this.#deadline = this.#ports.broker.clock.after(patience, () => this.transport.destroy());
    // Only the answer to the close is left to be read, and the end.
    this.#gate.open();
  }

  #protocolHeader(chunk: Buffer): Buffer | undefined {
    const header = this.#header as ProtocolHeader;
    const rest = header.read(chunk);
    if (rest === undefined) return undefined;
    this.#header = undefined;
    if (!header.isAccepted) {
      this.#ports.log.refused(this, `not an AMQP 0-9-1 protocol header: ${header.text}`);
      this.#outbound.raw(PROTOCOL_HEADER);
      this.#outbound.end();
      this.#turnDeaf();
      return undefined;
    }
    this.#become('starting');
    this.#outbound.method(0, 'connection.start', greeting(this.#ports.settings));
    return rest;
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

  #await(channel: number, pending: Promise<void>): void {
    this.#gate.hold(HOLD.work);
    this.#work = pending
      .catch((error: unknown) => this.#channelFailed(channel, error))
      .then(() => this.#gate.release(HOLD.work))
      .catch((error: unknown) => this.#failed(error));
  }

  /** Reads what was kept while the gate was closed. */
  #readOn(): void {
    this.#noteTime();
    try {
      this.#reader.resume();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** What is published in the bytes at hand arrives now. */
  #noteTime(): number {
    const now = this.#ports.broker.clock.now();
    if (this.#channels !== undefined) this.#channels.now = now;
    return now;
  }

  #relieved(): void {
    this.#channels?.resume();
    this.#backpressure.relieved();
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
    if (this.#state === 'closed') return;
    if (this.#state !== 'closing') this.#tell(error, methodId);
    // After a FrameError nobody knows where its frames begin.
    if (this.#state !== 'closing' || error instanceof FrameError) this.#turnDeaf();
  }

  #tell(error: unknown, methodId: number): void {
    const refusal = toRefusal(error);
    if (refusal === undefined) this.#ports.log.defect(this, error);
    const told = refusal ?? brokerError('internalError');
    this.#ports.log.failed(this, told);
    if (this.#state === 'running' || this.#state === 'opening') this.close(told, idsOf(told, methodId));
  }

  /** The client learns nothing more, and has a moment to read what it was told: so does RabbitMQ after a failed handshake. */
  #turnDeaf(): void {
    if (this.#state !== 'closing') this.#becomeClosing();
    this.#isDeaf = true;
    this.#deadline?.cancel();
    this.#deadline = this.#ports.broker.clock.after(SILENCE_MS, () => this.transport.destroy());
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
    if (user instanceof LoginRefusal) return this.#refuseLogin(user, args.mechanism);
    this.#user = user;
    this.#become('tuning');
    const { channelMax, frameMax, heartbeat } = settings;
    this.#outbound.method(0, 'connection.tune', { channelMax, frameMax, heartbeat });
  }

  #refuseLogin({ reason, isTold }: LoginRefusal, mechanism: string): void {
    this.#ports.log.refused(this, reason);
    const isUnderstood = hasCapability(this.#clientProperties, 'authentication_failure_close');
    if (isTold && isUnderstood) this.close(brokerError('loginRefused', mechanism), 0, SILENCE_MS);
    else this.#turnDeaf();
  }

  #onTuneOk(args: MethodArgs<'connection.tune-ok'>): void {
    checkTuning(this.#ports.settings, args);
    const frameMax = args.frameMax === 0 ? UNLIMITED_FRAME : args.frameMax;
    this.#reader.maxPayload = frameMax;
    this.#outbound.maxPayload = frameMax - FRAME_OVERHEAD;
    this.#channelMax = args.channelMax;
    this.#become('opening');
    if (args.heartbeat > 0) this.#heartbeat = new Heartbeat(this.#ports.broker.clock, args.heartbeat, this);
  }

  #onOpen({ virtualHost }: MethodArgs<'connection.open'>): void {
    const { broker, settings, connections } = this.#ports;
    if (connections.isSpent) throw brokerError('connectionLimit', connections.most);
    this.#door = broker.enter(virtualHost, this.#user as User, this);
    connections.take();
    this.#channels = new Channels({
      door: this.#door,
      outbound: this.#outbound,
      turn: broker.turn,
      arena: new MessageArena(),
      maxMessageSize: settings.maxMessageSize,
      channelMax: this.#channelMax,
      budget: this.#ports.budget,
      consumerTimeout: settings.consumerTimeout,
      consumersPerChannel: settings.consumersPerChannel,
      clock: broker.clock,
      failed: (channel, error) => this.#channelFailed(channel, error),
      notifyCancel: hasCapability(this.#clientProperties, 'consumer_cancel_notify'),
      now: broker.clock.now(),
    });
    this.#become('running');
    this.#deadline?.cancel();
    this.#outbound.method(0, 'connection.open-ok', {});
    this.#backpressure.tellsBlocked = hasCapability(this.#clientProperties, 'connection.blocked');
    broker.alarms.listen(this.#backpressure);
    this.#ports.log.opened(this);
  }

  /** The client is leaving: its exclusive queues go before it hears the answer. */
  #onClose(): void {
    this.#channels?.close();
    this.#becomeClosing();
    this.#leave()
      .catch((error: unknown) => this.#ports.log.defect(this, error))
      .then(() => {
        this.#outbound.method(0, 'connection.close-ok', {});
        this.#outbound.end();
      })
      .catch((error: unknown) => this.#ports.log.defect(this, error));
  }

  /** Gives up the exclusive queues, also one whose declaration is still under way. */
  async #leave(): Promise<void> {
    await this.#work;
    await this.#door?.leave();
  }
}

const CLOSE_ID = (10 << 16) | 50;
const CLOSE_OK_ID = (10 << 16) | 51;
