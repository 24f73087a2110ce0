import { brokerError } from '../base/errors.js';
import type { Turn, TurnTask } from '../base/turn.js';
import type { Queue } from '../broker/queue.js';
import type { Entry } from '../store/entry.js';
import { ChannelConsumer, type ChannelCredit, type ConsumerOptions } from './channel-consumer.js';
import type { Outbound } from './outbound.js';
import { type Delivery, type Taker, UnackedLedger } from './unacked-ledger.js';

export type Settlement = 'ack' | 'requeue' | 'reject';

/** Deliveries by basic.get, which take no credit. */
class Getter implements Taker {
  readonly queue: Queue;
  readonly timeout: number;

  constructor(queue: Queue, timeout: number) {
    this.queue = queue;
    this.timeout = timeout;
  }

  settled(): void {}
}

/** Settled in one turn, so that who acknowledges a million at once leaves the others theirs. */
const PER_TURN = 16_384;
/** Most deliveries outstanding on a channel while the heap is short. */
const MOST_WHILE_SHORT = 10_000;

/** Everything a channel takes from queues: its consumers, and what it has not acknowledged. */
export class Deliveries implements TurnTask {
  readonly ledger = new UnackedLedger();
  readonly #channel: number;
  readonly #outbound: Outbound;
  readonly #notifyCancel: boolean;
  readonly #consumers = new Map<string, ChannelConsumer>();
  readonly #credit: ChannelCredit = { limit: 0, outstanding: 0, heldBack: false, open: true };
  readonly #turn: Turn;
  /** Tags of consumers that the client has to be told about. */
  #cancelledTags: string[] = [];
  /** For consumers that start from now on. */
  #prefetch = 0;
  /** The channel's limit as the client wants it; 0 for none. */
  #globalPrefetch = 0;
  #heapShort = false;
  /** What the client has settled and its turns have not come to. */
  #unfinished: { readonly upTo: number; readonly how: Settlement } | undefined;

  /** @param notifyCancel the client understands a basic.cancel from the broker */
  constructor(channel: number, outbound: Outbound, turn: Turn, notifyCancel: boolean) {
    this.#turn = turn;
    this.#channel = channel;
    this.#outbound = outbound;
    this.#notifyCancel = notifyCancel;
  }

  get consumers(): ReadonlyMap<string, ChannelConsumer> {
    return this.#consumers;
  }

  /** basic.qos: the limit of each later consumer, or (global) of the channel as a whole. */
  qos(prefetch: number, global: boolean): void {
    if (!global) {
      this.#prefetch = prefetch;
      return;
    }
    this.#globalPrefetch = prefetch;
    this.#limit();
  }

  /**
   * Every delivery outstanding is kept in the heap. While that is short nobody gets more than can be acknowledged
   * soon, whatever the client wants.
   */
  set heapShort(isShort: boolean) {
    if (this.#heapShort === isShort) return;
    this.#heapShort = isShort;
    this.#limit();
  }

  /** Starts a consumer whose tag is free; deliveries come in a later turn. */
  consume(queue: Queue, options: Omit<ConsumerOptions, 'prefetch'>): void {
    const consumer = new ChannelConsumer(
      this.#channel,
      queue,
      { ...options, prefetch: this.#prefetch },
      this.#outbound,
      this.ledger,
      this.#credit,
      (gone) => this.#cancelled(gone),
    );
    this.#consumers.set(options.tag, consumer);
    consumer.attach();
  }

  cancel(tag: string): void {
    const consumer = this.#consumers.get(tag);
    this.#consumers.delete(tag);
    consumer?.detach();
  }

  /** A delivery tag for what basic.get took, to be acknowledged within `timeout` milliseconds. */
  got(queue: Queue, entry: Entry, timeout: number): number {
    return this.ledger.add(entry, new Getter(queue, timeout));
  }

  /**
   * basic.ack, nack and reject. Throws unknownDeliveryTag. A promise: the rest follows in later turns, or when the channel
   * closes.
   */
  settle(tag: number, multiple: boolean, how: Settlement): Promise<void> | undefined {
    if (!multiple) {
      this.finish([this.#one(tag)], how);
      return undefined;
    }
    this.#check(tag);
    // What is delivered in the meantime is not meant.
    const upTo = tag === 0 ? this.ledger.next - 1 : tag;
    const deliveries = this.ledger.removeUpTo(upTo, PER_TURN);
    this.finish(deliveries, how);
    if (deliveries.length < PER_TURN) return undefined;
    this.#unfinished = { upTo, how };
    return this.#settleRest();
  }

  /** A single acknowledgement, the most frequent of all. Throws unknownDeliveryTag. */
  acknowledge(tag: number): void {
    const { entry, taker } = this.#one(tag);
    taker.queue.acknowledge(entry);
    taker.settled();
    this.#shareCredit();
  }

  /** Takes deliveries out of the ledger without settling them. Throws unknownDeliveryTag. */
  withdraw(tag: number, multiple: boolean): readonly Delivery[] {
    return multiple ? this.several(tag) : [this.#one(tag)];
  }

  /** All outstanding up to `tag`; 0 stands for all there are. */
  several(tag: number): readonly Delivery[] {
    this.#check(tag);
    return this.ledger.removeUpTo(tag === 0 ? Infinity : tag);
  }

  finish(deliveries: readonly Delivery[], how: Settlement): void {
    if (how === 'requeue') {
      this.#requeue(deliveries);
      return;
    }
    for (const { entry, taker } of deliveries) {
      if (how === 'ack') taker.queue.acknowledge(entry);
      else taker.queue.reject(entry);
      taker.settled();
    }
    this.#shareCredit();
  }

  /** basic.recover: everything outstanding goes back to its queues. */
  recover(): void {
    this.#requeue(this.several(0));
  }

  /** Consumers may have credit, or room in the socket, again. */
  resume(): void {
    for (const consumer of this.#consumers.values()) consumer.resume();
  }

  /** The channel is closing: no delivery any more; what is outstanding goes back in order. */
  close(): void {
    this.#credit.open = false;
    const consumers = [...this.#consumers.values()];
    this.#consumers.clear();
    this.#settleMore(Infinity);
    const byQueue = new Map<Queue, Entry[]>();
    this.ledger.drain((entry, { queue }) => put(byQueue, queue, entry));
    for (const [queue, entries] of byQueue) queue.requeue(entries);
    for (const consumer of consumers) consumer.detach();
  }

  #check(tag: number): void {
    if (tag !== 0 && !this.ledger.has(tag)) throw brokerError('unknownDeliveryTag', tag);
  }

  async #settleRest(): Promise<void> {
    while (this.#unfinished !== undefined) {
      await this.#turn.next();
      this.#settleMore(PER_TURN);
    }
  }

  /** @param most of so many deliveries */
  #settleMore(most: number): void {
    if (this.#unfinished === undefined) return;
    const { upTo, how } = this.#unfinished;
    const deliveries = this.ledger.removeUpTo(upTo, most);
    if (deliveries.length < most) this.#unfinished = undefined;
    this.finish(deliveries, how);
  }

  #limit(): void {
    const wanted = this.#globalPrefetch;
    const mostNow = this.#heapShort ? MOST_WHILE_SHORT : Infinity;
    this.#credit.limit = wanted > mostNow || (wanted === 0 && this.#heapShort) ? mostNow : wanted;
    this.resume();
  }

  #one(tag: number): Delivery {
    const delivery = this.ledger.remove(tag);
    if (delivery === undefined) throw brokerError('unknownDeliveryTag', tag);
    return delivery;
  }

  #requeue(deliveries: readonly Delivery[]): void {
    const byQueue = new Map<Queue, Entry[]>();
    for (const { entry, taker } of deliveries) put(byQueue, taker.queue, entry);
    for (const [queue, entries] of byQueue) queue.requeue(entries);
    for (const { taker } of deliveries) taker.settled();
    this.#shareCredit();
  }

  /** What one consumer gave back of the channel's limit, another may take. */
  #shareCredit(): void {
    const credit = this.#credit;
    if (!credit.heldBack || credit.outstanding >= credit.limit) return;
    credit.heldBack = false;
    this.resume();
  }

  #cancelled(consumer: ChannelConsumer): void {
    this.#consumers.delete(consumer.tag);
    if (!this.#notifyCancel || !this.#credit.open) return;
    this.#cancelledTags.push(consumer.tag);
    if (this.#cancelledTags.length === 1) this.#turn.work(this);
  }

  /** Tells of cancelled consumers, after the answer to whatever cancelled them. [RMQ consumer cancel notify] */
  runTurn(): void {
    const tags = this.#cancelledTags;
    this.#cancelledTags = [];
    if (!this.#credit.open) return;
    for (const consumerTag of tags) {
      this.#outbound.method(this.#channel, 'basic.cancel', { consumerTag, nowait: true });
    }
  }
}

function put(byQueue: Map<Queue, Entry[]>, queue: Queue, entry: Entry): void {
  const entries = byQueue.get(queue);
  if (entries === undefined) byQueue.set(queue, [entry]);
  else entries.push(entry);
}
