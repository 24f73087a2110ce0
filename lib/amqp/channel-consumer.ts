import type { Consumer } from '../broker/consumer.js';
import type { Queue } from '../broker/queue.js';
import type { Subscription } from '../broker/roster.js';
import type { Entry } from '../store/entry.js';
import type { Outbound } from './outbound.js';
import type { Taker, UnackedLedger } from './unacked-ledger.js';

/** What the consumers of one channel share. */
export interface ChannelCredit {
  /** 0: no limit. [RMQ basic.qos global] */
  limit: number;
  outstanding: number;
  /** A consumer found the limit reached. */
  heldBack: boolean;
  /** The channel is open and may be sent deliveries. */
  open: boolean;
}

export interface ConsumerOptions {
  readonly tag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly priority: number;
  /** Most deliveries outstanding, 0 for no limit. */
  readonly prefetch: number;
  /** How long a delivery may be outstanding, milliseconds; Infinity for ever. */
  readonly timeout: number;
}

/** A consumer of one channel: sends what its queue hands it, as long as there is credit. */
export class ChannelConsumer implements Consumer, Taker {
  readonly queue: Queue;
  readonly tag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly priority: number;
  readonly prefetch: number;
  readonly timeout: number;
  readonly #encodedTag: Buffer;
  readonly #channel: number;
  readonly #outbound: Outbound;
  readonly #ledger: UnackedLedger;
  readonly #credit: ChannelCredit;
  readonly #onCancelled: (consumer: ChannelConsumer) => void;
  #subscription: Subscription | undefined;
  #outstanding = 0;

  constructor(
    channel: number,
    queue: Queue,
    options: ConsumerOptions,
    outbound: Outbound,
    ledger: UnackedLedger,
    credit: ChannelCredit,
    onCancelled: (consumer: ChannelConsumer) => void,
  ) {
    this.#channel = channel;
    this.queue = queue;
    this.tag = options.tag;
    this.noAck = options.noAck;
    this.exclusive = options.exclusive;
    this.priority = options.priority;
    this.prefetch = options.prefetch;
    this.timeout = options.timeout;
    const text = Buffer.from(options.tag);
    this.#encodedTag = Buffer.concat([Buffer.from([text.length]), text]);
    this.#outbound = outbound;
    this.#ledger = ledger;
    this.#credit = credit;
    this.#onCancelled = onCancelled;
  }

  get ready(): boolean {
    const credit = this.#credit;
    if (!credit.open || this.#outbound.congested) return false;
    if (this.noAck) return true;
    if (this.prefetch !== 0 && this.#outstanding >= this.prefetch) return false;
    if (credit.limit === 0 || credit.outstanding < credit.limit) return true;
    credit.heldBack = true;
    return false;
  }

  attach(): void {
    this.#subscription = this.queue.attach(this);
  }

  detach(): void {
    if (this.#subscription !== undefined) this.queue.detach(this.#subscription);
    this.#subscription = undefined;
  }

  /** There may be credit, or room in the socket, again. */
  resume(): void {
    if (this.#subscription !== undefined && !this.#subscription.waiting)
      this.queue.resume(this.#subscription);
  }

  deliver(entry: Entry): void {
    let tag: number;
    if (this.noAck) tag = this.#ledger.skip();
    else {
      tag = this.#ledger.add(entry, this);
      this.#outstanding++;
      this.#credit.outstanding++;
    }
    this.#outbound.deliver(this.#channel, this.#encodedTag, tag, entry.returns > 0, entry.message);
  }

  settled(): void {
    this.#outstanding--;
    this.#credit.outstanding--;
    this.resume();
  }

  cancelled(): void {
    this.#subscription = undefined;
    this.#onCancelled(this);
  }
}
