import { type BrokerError, brokerError } from '../base/errors.js';
import type { AlarmListener } from '../broker/alarms.js';
import { FRAME } from '../wire/constants.js';
import { decodeMethod } from '../wire/method-codec.js';
import type { Budget } from './budget.js';
import { Channel, type ChannelPorts } from './channel.js';

const OPEN_ID = (20 << 16) | 10;
const NO_METHOD = 'expected method frame, got non method frame instead';

export interface ChannelsPorts extends ChannelPorts {
  /** Most channels of this connection; 0 for no limit. */
  readonly channelMax: number;
  readonly budget: Budget;
}

/** The channels of one connection by number. */
export class Channels implements AlarmListener {
  readonly #ports: ChannelsPorts;
  readonly #channels = new Map<number, Channel>();
  #last: Channel | undefined;
  /** Channels other than #last that had frames in the bytes at hand. */
  readonly #touched: Channel[] = [];
  /** Class and method id of a method on a channel that is not open. */
  #orphanMethodId = 0;
  #published = false;

  constructor(ports: ChannelsPorts) {
    this.#ports = ports;
    ports.door.broker.alarms.listen(this);
  }

  set now(ms: number) {
    this.#ports.now = ms;
  }

  get size(): number {
    return this.#channels.size;
  }

  /** Whether something was published since this was last asked. */
  hasPublished(): boolean {
    const published = this.#published;
    this.#published = false;
    return published;
  }

  /** A promise means that no frame may be handled before it is settled. */
  frame(type: number, number: number, bytes: Buffer, start: number, end: number): Promise<void> | undefined {
    const last = this.#last;
    const channel = last?.number === number ? last : this.#channels.get(number);
    if (channel === undefined) {
      this.#open(type, number, bytes, start, end);
      return undefined;
    }
    if (channel !== last) {
      if (last !== undefined) this.#touched.push(last);
      this.#last = channel;
    }
    if (type !== FRAME.method) this.#published = true;
    const pending = channel.frame(type, bytes, start, end);
    if (pending === undefined && channel.isClosed) this.#remove(channel);
    return pending;
  }

  /** Class and method id that an error on the channel is about. */
  methodId(number: number): number {
    return this.#channels.get(number)?.methodId ?? this.#orphanMethodId;
  }

  fail(number: number, error: BrokerError): void {
    this.#channels.get(number)?.fail(error);
  }

  /** Consumers may have room in the socket again. */
  resume(): void {
    for (const channel of this.#channels.values()) channel.deliveries.resume();
  }

  /** The heap has run short, or there is room in it again. */
  alarmsChanged(): void {
    const heapShort = this.#ports.door.broker.alarms.isShort('heap');
    for (const { deliveries } of this.#channels.values()) deliveries.heapShort = heapShort;
  }

  /** The received bytes are about to go. */
  park(): void {
    this.#ports.arena.forget();
    this.#last?.publisher.assembler.park();
    const touched = this.#touched;
    if (touched.length === 0) return;
    for (const channel of touched) channel.publisher.assembler.park();
    touched.length = 0;
  }

  close(): void {
    this.#ports.door.broker.alarms.unlisten(this);
    this.#ports.budget.giveBack(this.#channels.size);
    for (const channel of this.#channels.values()) channel.close();
    this.#channels.clear();
    this.#last = undefined;
    this.#touched.length = 0;
    this.#published = false;
  }

  #remove(channel: Channel): void {
    this.#channels.delete(channel.number);
    this.#ports.budget.giveBack(1);
    if (this.#last === channel) this.#last = undefined;
  }

  #open(type: number, number: number, bytes: Buffer, start: number, end: number): void {
    this.#orphanMethodId = 0;
    this.#checkLimits();
    if (type !== FRAME.method) throw brokerError('unexpectedFrame', NO_METHOD);
    this.#orphanMethodId = end - start < 4 ? 0 : bytes.readUInt32BE(start);
    if (this.#orphanMethodId !== OPEN_ID) {
      decodeMethod(bytes, start, end);
      throw brokerError('channelError', "expected 'channel.open'");
    }
    decodeMethod(bytes, start, end);
    const channel = new Channel(number, this.#ports);
    channel.deliveries.heapShort = this.#ports.door.broker.alarms.isShort('heap');
    this.#channels.set(number, channel);
    this.#ports.budget.take();
    channel.send('channel.open-ok', {});
  }

  /** How many are open is limited, not their numbers. [RMQ] */
  #checkLimits(): void {
    const { channelMax, budget } = this.#ports;
    const { size } = this.#channels;
    if (channelMax > 0 && size >= channelMax) {
      throw brokerError(
        'limitReached',
        `number of channels opened (${size}) has reached the negotiated channel_max (${channelMax})`,
      );
    }
    if (!budget.isSpent) return;
    throw brokerError(
      'limitReached',
      `number of channels opened on this node has reached the maximum allowed limit of (${budget.most})`,
    );
  }
}
