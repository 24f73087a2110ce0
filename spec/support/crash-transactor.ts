import type { ClientChannel } from './crash-client-channel.js';
import type { Copy } from './crash-copy.js';
import { type Actor, type Load, pause } from './crash-load.js';
import { bodyOf } from './crash-publication.js';
import type { QueueBook } from './crash-queue-book.js';
import { QUEUES, TRANSACTION_FAN } from './crash-topology.js';
import { TransactionBook } from './crash-transaction-book.js';

const PREFETCH = 60;
const MOST_PUBLISHES = 40;
/** Messages in the queue that nobody consumes. */
const MOST = 2000;

/** Moves messages in transactions: acknowledges some of one queue, publishes others to several, all or nothing. */
export class Transactor implements Actor {
  readonly name: string;
  /** Outstanding, by delivery tag. */
  readonly #held = new Map<number, Copy>();
  #outputs: readonly QueueBook[] = [];

  constructor(name: string) {
    this.name = name;
  }

  async run(load: Load): Promise<void> {
    const client = await load.open();
    const channel = await client.channel();
    await channel.call('tx.select', {});
    await this.#consume(load, channel);
    this.#outputs = QUEUES.transactionOutput.map(({ name }) => load.ledger.book(name));
    while (!client.isEnded) {
      await pause(load.random);
      await this.#transact(load, channel);
    }
  }

  async #consume({ ledger }: Load, channel: ClientChannel): Promise<void> {
    const input = ledger.book(QUEUES.transactionInput.name);
    input.isUntouched = false;
    channel.onDeliver = (arrival) => {
      const copy = input.deliver(arrival);
      if (copy !== undefined) this.#held.set(arrival.tag, copy);
    };
    await channel.call('basic.qos', { prefetchCount: PREFETCH });
    await channel.call('basic.consume', { queue: input.name });
  }

  async #transact(load: Load, channel: ClientChannel): Promise<void> {
    const { random, ledger } = load;
    const transaction = new TransactionBook();
    const isKept = !random.oneIn(6);
    const isMixed = random.oneIn(2);
    if (isMixed) this.#publishSome(load, channel, transaction, isKept);
    const settled = this.#settleSome(load, channel);
    if (!isMixed) this.#publishSome(load, channel, transaction, isKept);
    if (!isKept) {
      await channel.call('tx.rollback', {});
      return;
    }
    for (const tag of settled) this.#settle(transaction, tag);
    ledger.asked(transaction);
    await channel.call('tx.commit', {});
    ledger.answered(transaction);
  }

  #publishSome(load: Load, channel: ClientChannel, transaction: TransactionBook, isKept: boolean): void {
    const { random, ledger } = load;
    for (let left = random.below(MOST_PUBLISHES); left > 0; left--) {
      const isForAll = random.oneIn(2);
      const books = isForAll ? this.#outputs : [random.pick(this.#outputs)];
      if (books.some(({ copies }) => copies.size > MOST)) continue;
      const publication = ledger.publication({ publisher: this.name, priority: random.below(3) });
      const [exchange, key] = isForAll ? [TRANSACTION_FAN, ''] : ['', (books[0] as QueueBook).name];
      channel.publish(exchange, key, publication.properties, bodyOf(publication));
      if (isKept) transaction.published.push(...books.map((book) => book.expect(publication)));
    }
  }

  /** The tags that the transaction acknowledges. */
  #settleSome({ random }: Load, channel: ClientChannel): number[] {
    const tags = [...this.#held.keys()].toSorted((a, b) => a - b);
    if (tags.length === 0 || random.oneIn(5)) return [];
    if (random.oneIn(2)) {
      const last = random.pick(tags);
      channel.send('basic.ack', { deliveryTag: last, multiple: true });
      return tags.filter((tag) => tag <= last);
    }
    const some = random.shuffled(tags).slice(0, 1 + random.below(PREFETCH));
    for (const tag of some) channel.send('basic.ack', { deliveryTag: tag });
    return some;
  }

  #settle(transaction: TransactionBook, tag: number): void {
    const copy = this.#held.get(tag);
    this.#held.delete(tag);
    if (copy !== undefined) transaction.settle(copy);
  }
}
