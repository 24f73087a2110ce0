import { type BrokerError, brokerError } from '../base/errors.js';
import { FRAME } from '../wire/constants.js';
import { decodeMethod } from '../wire/method-codec.js';
import { Channel, type ChannelPorts } from './channel.js';

const OPEN_ID = (20 << 16) | 10;
const NO_METHOD = 'expected method frame, got non method frame instead';

/** The channels of one connection by number. */
export class Channels {
  readonly #ports: ChannelPorts;
  readonly #channels = new Map<number, Channel>();
  #last: Channel | undefined;
  /** Class and method id of a method on a channel that is not open. */
  #orphanMethodId = 0;
  #pending = 0;
  /** Something was published since this was last set to false. */
  published = false;

  constructor(ports: ChannelPorts) {
    this.#ports = ports;
  }

  set now(ms: number) {
    this.#ports.now = ms;
  }

  get size(): number {
    return this.#channels.size;
  }

  /** A channel works on something that holds the connection's frames back. */
  get busy(): boolean {
    return this.#pending > 0;
  }

  frame(type: number, number: number, bytes: Buffer, start: number, end: number): Promise<void> | undefined {
    const channel = this.#last?.number === number && !this.#last.isClosed ? this.#last : this.#find(number);
    if (channel === undefined) {
      this.#open(type, number, bytes, start, end);
      return undefined;
    }
    this.#last = channel;
    if (type !== FRAME.method) this.published = true;
    const pending = channel.frame(type, bytes, start, end);
    if (pending !== undefined) return this.#track(pending);
    if (channel.isClosed) this.#remove(channel);
    return undefined;
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

  /** The received bytes are about to go. */
  park(): void {
    this.#ports.arena.forget();
    const last = this.#last;
    if (last !== undefined && this.#channels.size === 1) {
      last.publisher.assembler.park();
      return;
    }
    for (const channel of this.#channels.values()) channel.publisher.assembler.park();
  }

  close(): void {
    for (const channel of this.#channels.values()) channel.close();
    this.#channels.clear();
    this.#last = undefined;
  }

  async #track(pending: Promise<void>): Promise<void> {
    this.#pending++;
    try {
      await pending;
    } finally {
      this.#pending--;
    }
  }

  #find(number: number): Channel | undefined {
    return this.#channels.get(number);
  }

  #remove(channel: Channel): void {
    this.#channels.delete(channel.number);
    if (this.#last === channel) this.#last = undefined;
  }

  #open(type: number, number: number, bytes: Buffer, start: number, end: number): void {
    this.#orphanMethodId = 0;
    if (type !== FRAME.method) throw brokerError('unexpectedFrame', NO_METHOD);
    this.#orphanMethodId = end - start < 4 ? 0 : bytes.readUInt32BE(start);
    if (this.#orphanMethodId !== OPEN_ID) {
      decodeMethod(bytes, start, end);
      throw brokerError('channelError', "expected 'channel.open'");
    }
    decodeMethod(bytes, start, end);
    const channel = new Channel(number, this.#ports);
    this.#channels.set(number, channel);
    channel.send('channel.open-ok', {});
  }
}
