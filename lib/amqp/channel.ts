import { assert } from '../base/assert.js';
import { BrokerError, brokerError } from '../base/errors.js';
import type { Clock } from '../base/clock.js';
import type { Turn, TurnTask } from '../base/turn.js';
import type { ReplyTarget } from '../broker/direct-reply.js';
import type { CommitListener } from '../broker/facilities.js';
import type { Message } from '../store/message.js';
import { SAFE } from '../store/message-store.js';
import { FRAME } from '../wire/constants.js';
import { decodeMethod } from '../wire/method-codec.js';
import type { MethodArgs, MethodName } from '../wire/methods.js';
import { AckTimeout } from './ack-timeout.js';
import { ConfirmTracker } from './confirm-tracker.js';
import { Deliveries } from './deliveries.js';
import { channelHandler, isContentMethod } from './handlers/handlers.js';
import type { Outbound } from './outbound.js';
import { interruption } from './publish-assembler.js';
import { type PublishContext, Publisher } from './publisher.js';
import { Transaction } from './transaction.js';

const PUBLISH_ID = (60 << 16) | 40;
const ACK_ID = (60 << 16) | 80;
/** Payload of basic.ack: ids 4, tag 8, flag 1. */
const ACK_SIZE = 13;
const CLOSE_OK_ID = (20 << 16) | 41;
const CLOSE_ID = (20 << 16) | 40;
const OPEN_ID = (20 << 16) | 10;
const UNTIL_SAFE_INTEGER = 0x20_0000;
/** Octets waiting for a client, above which direct replies to it are dropped. */
const MOST_UNREAD = 134_217_728;

/** What a channel is given by its connection. */
export interface ChannelPorts extends PublishContext {
  readonly outbound: Outbound;
  readonly turn: Turn;
  readonly clock: Clock;
  /** How long a delivery may stay unacknowledged unless its queue or consumer says otherwise, milliseconds. */
  readonly consumerTimeout: number;
  /** Most consumers; Infinity for no limit. */
  readonly consumersPerChannel: number;
  /** A channel has failed without a frame that was to blame. */
  readonly failed: (channel: number, error: BrokerError) => void;
  /** The client understands basic.cancel from the broker. */
  readonly notifyCancel: boolean;
}

/** Where unanswered direct requests find their way back to a channel. */
interface ReplyConsumer {
  readonly key: string;
  readonly tag: string;
}

/** One channel of a connection: takes frames, answers with frames. [AMQP 1.5] */
export class Channel implements TurnTask, ReplyTarget, CommitListener {
  readonly number: number;
  readonly ports: ChannelPorts;
  readonly deliveries: Deliveries;
  readonly publisher: Publisher;
  readonly timeout: AckTimeout;
  /** Name of the queue that an empty name stands for. */
  lastQueue = '';
  #confirms: ConfirmTracker | undefined;
  #transaction: Transaction | undefined;
  #commitBatch = -1;
  #onCommit: (() => void) | undefined;
  #replyConsumer: ReplyConsumer | undefined;
  #scheduled = false;
  #state: 'open' | 'closing' | 'closed' = 'open';
  /** Class and method id of the method at hand, for error replies. */
  methodId = 0;

  constructor(number: number, ports: ChannelPorts) {
    this.number = number;
    this.ports = ports;
    this.deliveries = new Deliveries(number, ports.outbound, ports.turn, ports.notifyCancel);
    this.timeout = new AckTimeout(ports.clock, this.deliveries.ledger, (ms) => this.#timedOut(ms));
    this.publisher = new Publisher(ports);
  }

  /** Neither closed nor being closed. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  get transaction(): Transaction | undefined {
    return this.#transaction;
  }

  get confirms(): boolean {
    return this.#confirms !== undefined;
  }

  /** Handles one frame; a promise means that nothing more may be handled before it is settled. */
  frame(type: number, bytes: Buffer, start: number, end: number): Promise<void> | undefined {
    if (type === FRAME.method) return this.#method(bytes, start, end);
    this.methodId = this.publisher.assembler.busy ? PUBLISH_ID : 0;
    const { assembler } = this.publisher;
    const complete =
      type === FRAME.header ? assembler.onHeader(bytes, start, end) : assembler.onBody(bytes, start, end);
    if (complete && this.#state === 'open') this.#publish();
    return undefined;
  }

  send<N extends MethodName>(name: N, args: MethodArgs<N>): void {
    if (this.#state === 'open') this.ports.outbound.method(this.number, name, args);
  }

  /** Throws unless the channel may become transactional. */
  becomeTransactional(): void {
    if (this.#confirms !== undefined) throw brokerError('confirmToTx');
    this.#transaction ??= new Transaction();
  }

  becomeConfirming(): void {
    if (this.#transaction !== undefined) throw brokerError('txToConfirm');
    this.#confirms ??= new ConfirmTracker();
  }

  /** Calls `done` when the batch is safe, or the channel is not open any more. */
  whenSafe(batch: number, done: () => void): void {
    const { broker } = this.ports.door;
    if (this.#state !== 'open' || batch <= broker.messages.committed) {
      done();
      return;
    }
    this.#commitBatch = batch;
    this.#onCommit = done;
    broker.waitForCommit(this);
  }

  /** The message store made progress. */
  committed(): void {
    if (this.#state !== 'open') return;
    const { broker } = this.ports.door;
    const { committed } = broker.messages;
    if (this.#onCommit !== undefined && this.#commitBatch <= committed) {
      const done = this.#onCommit;
      this.#onCommit = undefined;
      done();
    }
    this.#tellConfirms();
    if (this.#onCommit !== undefined || this.#confirms?.waiting === true) broker.waitForCommit(this);
  }

  /** Once per turn, if something was published in confirm mode. */
  runTurn(): void {
    this.#scheduled = false;
    if (this.#state !== 'open') return;
    this.#tellConfirms();
    if (this.#confirms?.waiting === true) this.ports.door.broker.waitForCommit(this);
  }

  ack(tag: number, multiple: boolean): void {
    this.send('basic.ack', { deliveryTag: tag, multiple });
  }

  nack(tag: number): void {
    // The bit means nothing from a server; RabbitMQ leaves it at the specification's default.
    this.send('basic.nack', { deliveryTag: tag, multiple: false, requeue: true });
  }

  /** Starts the consumer of direct replies. Throws replyConsumerSet. */
  setReplyConsumer(tag: string): void {
    if (this.#replyConsumer !== undefined) throw brokerError('replyConsumerSet');
    const key = this.ports.door.broker.replies.add(this);
    this.#replyConsumer = { key, tag };
    this.publisher.replyKey = key;
  }

  /** True if `tag` was the consumer of direct replies. */
  cancelReplyConsumer(tag: string): boolean {
    if (this.#replyConsumer?.tag !== tag) return false;
    this.ports.door.broker.replies.remove(this.#replyConsumer.key);
    this.#replyConsumer = undefined;
    this.publisher.replyKey = undefined;
    return true;
  }

  hasConsumer(tag: string): boolean {
    return this.deliveries.consumers.has(tag) || this.#replyConsumer?.tag === tag;
  }

  /** A direct reply has come. [RMQ direct reply-to] */
  reply(message: Message): void {
    if (this.#replyConsumer === undefined || this.#state !== 'open') return;
    // Replies are for requesters that wait for them: one that does not read loses them.
    if (this.ports.outbound.pending > MOST_UNREAD) return;
    const text = Buffer.from(this.#replyConsumer.tag);
    const tag = Buffer.concat([Buffer.from([text.length]), text]);
    const { outbound } = this.ports;
    outbound.deliver(this.number, tag, this.deliveries.ledger.skip(), false, message);
  }

  returnUnroutable(message: Message): void {
    const { exchange, routingKey } = message;
    this.send('basic.return', { replyCode: 312, replyText: 'NO_ROUTE', exchange, routingKey });
    if (this.#state === 'open') this.ports.outbound.content(this.number, message);
  }

  /** Sends channel.close and ignores everything but its answer from now on. */
  fail(error: BrokerError): void {
    assert(error.scope === 'channel', 'only channel errors close a channel');
    if (this.#state !== 'open') return;
    this.#tellConfirms();
    this.send('channel.close', {
      replyCode: error.code,
      replyText: error.message,
      classId: this.methodId >>> 16,
      methodId: this.methodId & 0xffff,
    });
    this.#release('closing');
  }

  /** The channel is over: everything it held goes back. */
  close(): void {
    if (this.#state === 'open') {
      this.#tellConfirms();
      this.#release('closed');
    }
    this.#state = 'closed';
  }

  #release(state: 'closing' | 'closed'): void {
    this.#state = state;
    this.timeout.stop();
    this.#transaction?.rollback(this.deliveries);
    // Whoever waits for the commit goes on; the answer is not sent any more.
    const done = this.#onCommit;
    this.#onCommit = undefined;
    done?.();
    if (this.#replyConsumer !== undefined) this.cancelReplyConsumer(this.#replyConsumer.tag);
    this.deliveries.close();
    this.publisher.assembler.reset();
  }

  #timedOut(ms: number): void {
    this.methodId = 0;
    this.ports.failed(this.number, brokerError('consumerTimeout', this.number, ms));
  }

  #method(bytes: Buffer, start: number, end: number): Promise<void> | undefined {
    const id = end - start < 4 ? 0 : bytes.readUInt32BE(start);
    const { assembler } = this.publisher;
    if (assembler.busy) {
      this.methodId = PUBLISH_ID;
      throw brokerError('unexpectedFrame', interruption(assembler));
    }
    this.methodId = id;
    if (id === PUBLISH_ID) {
      assembler.begin(bytes, start, end);
      return undefined;
    }
    if (this.#state !== 'open') return this.#whileClosing(id, bytes, start, end);
    if (id === ACK_ID && end - start === ACK_SIZE && this.#transaction === undefined) {
      return this.#acknowledge(bytes, start + 4);
    }
    const method = decodeMethod(bytes, start, end);
    if (isContentMethod(method.name)) throw brokerError('commandInvalid');
    return channelHandler(method.name)(this, method.args) ?? undefined;
  }

  #acknowledge(bytes: Buffer, at: number): Promise<void> | undefined {
    const high = bytes.readUInt32BE(at);
    const low = bytes.readUInt32BE(at + 4);
    if (high >= UNTIL_SAFE_INTEGER) throw brokerError('unknownDeliveryTag', bytes.readBigUInt64BE(at));
    const tag = high * 0x1_0000_0000 + low;
    if (((bytes[at + 8] as number) & 1) !== 0) return this.deliveries.settle(tag, true, 'ack');
    this.deliveries.acknowledge(tag);
    return undefined;
  }

  #whileClosing(id: number, bytes: Buffer, start: number, end: number): undefined {
    decodeMethod(bytes, start, end);
    if (id === OPEN_ID) throw brokerError('channelError', "second 'channel.open' seen");
    if (id === CLOSE_ID) this.ports.outbound.method(this.number, 'channel.close-ok', {});
    if (id === CLOSE_OK_ID) this.#state = 'closed';
    return undefined;
  }

  #publish(): void {
    const { assembler } = this.publisher;
    const publish = this.publisher.take();
    const { message, queues, route } = publish;
    // It goes to no queue, so no transaction holds it back. [RMQ direct reply-to]
    route.reply?.reply(message);
    if (this.#transaction !== undefined) {
      this.#transaction.publish(message, queues, assembler.mandatory);
      return;
    }
    // A direct reply that is mandatory is returned as well, as RabbitMQ does.
    if (queues.length === 0 && assembler.mandatory) this.returnUnroutable(message);
    const batch = queues.length === 0 ? SAFE : this.ports.door.publishing.publish(message, queues);
    if (this.#confirms === undefined) return;
    this.#confirms.add(batch);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.ports.turn.work(this);
  }

  #tellConfirms(): void {
    const confirms = this.#confirms;
    if (confirms === undefined || this.#state !== 'open') return;
    const { committed } = this.ports.door.broker.messages;
    if (confirms.isDue(committed)) confirms.tell(committed, this);
  }
}
