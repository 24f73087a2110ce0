import type { Arrival } from './crash-client-channel.js';
import type { CrashClient } from './crash-client.js';
import { ConfirmingChannel } from './crash-confirming-channel.js';
import type { Copy } from './crash-copy.js';
import { DeliveryOrder } from './crash-delivery-order.js';
import { type Actor, type Load, pause } from './crash-load.js';

export interface ConsumerOptions {
  readonly queue: string;
  readonly prefetch: number;
  readonly noAck?: boolean;
}

/** One in so many rounds a consumer's connection breaks. */
const BREAKS = 400;

/** Takes messages and settles them in every way there is: late, out of order, many at once, back to the queue. */
export class CrashConsumer implements Actor {
  readonly name: string;
  readonly #options: ConsumerOptions;
  #held = new Map<number, Copy>();
  /** Settled on the channel of now. */
  #settled: Copy[] = [];

  constructor(options: ConsumerOptions) {
    this.name = `consumer of ${options.queue}`;
    this.#options = options;
  }

  async run(load: Load): Promise<void> {
    for (;;) {
      const client = await load.open();
      const channel = await ConfirmingChannel.open(client, load.ledger);
      await this.#consume(load, channel);
      while (!client.isEnded) {
        await pause(load.random);
        if (load.random.oneIn(BREAKS) && !load.isOver) break;
        this.#settle(load, channel);
      }
      if (client.isEnded) return;
      await this.#break(client);
    }
  }

  async #consume(load: Load, channel: ConfirmingChannel): Promise<void> {
    const { queue, prefetch, noAck = false } = this.#options;
    const book = load.ledger.book(queue);
    const order = new DeliveryOrder(book, load.ledger);
    book.isUntouched = false;
    this.#held = new Map();
    this.#settled = [];
    channel.raw.onDeliver = (arrival: Arrival) => {
      load.ledger.counts.delivered++;
      const copy = book.deliver(arrival);
      if (copy === undefined) return;
      order.see(copy, arrival.redelivered);
      if (noAck) copy.depart(load.ledger.order.tick(), load.ledger.order);
      else this.#held.set(arrival.tag, copy);
    };
    await channel.raw.call('basic.qos', { prefetchCount: prefetch });
    await channel.raw.call('basic.consume', { queue, noAck });
  }

  async #break(client: CrashClient): Promise<void> {
    const ended = client.drop();
    for (const copy of this.#held.values()) copy.comeBack();
    for (const copy of this.#settled) copy.doubtDeparture();
    await ended;
  }

  #settle(load: Load, channel: ConfirmingChannel): void {
    const { random } = load;
    if (this.#held.size === 0) return;
    const what = random.below(100);
    if (what < 40) this.#acknowledgeUpTo(load, channel);
    else if (what < 60) for (const tag of this.#some(load)) this.#acknowledge(load, channel, tag);
    else if (what < 68) for (const tag of this.#some(load)) this.#giveBack(load, channel, tag);
    else if (what < 73) for (const tag of this.#some(load)) this.#reject(load, channel, tag);
    else return;
    channel.fence();
  }

  /** A few of the tags, in any order. */
  #some({ random }: Load): number[] {
    const tags = [...this.#held.keys()];
    return random.shuffled(tags.slice(random.below(tags.length))).slice(0, 1 + random.below(20));
  }

  #acknowledgeUpTo(load: Load, channel: ConfirmingChannel): void {
    const tags = [...this.#held.keys()].toSorted((a, b) => a - b);
    const last = load.random.pick(tags);
    channel.raw.send('basic.ack', { deliveryTag: last, multiple: true });
    for (const tag of tags) if (tag <= last) this.#depart(load, channel, tag);
  }

  #acknowledge(load: Load, channel: ConfirmingChannel, tag: number): void {
    channel.raw.send('basic.ack', { deliveryTag: tag });
    this.#depart(load, channel, tag);
  }

  #giveBack(load: Load, channel: ConfirmingChannel, tag: number): void {
    if (load.random.oneIn(2)) channel.raw.send('basic.nack', { deliveryTag: tag, requeue: true });
    else channel.raw.send('basic.reject', { deliveryTag: tag, requeue: true });
    this.#held.get(tag)?.comeBack();
    this.#held.delete(tag);
  }

  #reject(load: Load, channel: ConfirmingChannel, tag: number): void {
    channel.raw.send('basic.reject', { deliveryTag: tag, requeue: false });
    const copy = this.#held.get(tag);
    if (load.ledger.book(this.#options.queue).deadBook === undefined || copy === undefined) {
      this.#depart(load, channel, tag);
      return;
    }
    this.#held.delete(tag);
    copy.note('rejected');
    copy.isOut = false;
    copy.isLeaving = true;
  }

  #depart(load: Load, channel: ConfirmingChannel, tag: number): void {
    const copy = this.#held.get(tag);
    this.#held.delete(tag);
    if (copy === undefined) return;
    copy.depart(load.ledger.order.tick(), channel);
    this.#settled.push(copy);
    load.ledger.counts.settled++;
  }
}
