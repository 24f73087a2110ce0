import type { Arrival, ClientChannel } from './crash-client-channel.js';
import { ChannelRefused } from './crash-client-channel.js';
import { CrashClient } from './crash-client.js';
import { ConfirmingChannel } from './crash-confirming-channel.js';
import type { Copy } from './crash-copy.js';
import type { Ledger } from './crash-ledger.js';
import type { QueueBook } from './crash-queue-book.js';
import type { Swapper } from './crash-swapper.js';
import { QUEUES } from './crash-topology.js';
import { eventually } from './eventually.js';
import type { Random } from './random.js';

/** Takes everything and keeps it; takes everything and gives it back; counts only. */
export type Thoroughness = 'drain' | 'look' | 'count';

const GETS_AT_ONCE = 200;
const MISSING = 'must be there and is not';

/** Queues about which less cannot be known than everything. */
const INDIVISIBLE: readonly string[] = [
  QUEUES.transactionInput,
  ...QUEUES.transactionOutput,
  QUEUES.purged,
  QUEUES.swapped,
].map(({ name }) => name);

/** Looks into every queue after a restart, before anybody else does, and holds it against the ledger. */
export class Inspection {
  /** What was there. */
  readonly found = new Set<Copy>();
  readonly #searched: QueueBook[] = [];
  /** What has to be in a dead-letter queue, as it is not where it came from. */
  readonly #missing = new Map<QueueBook, Copy[]>();
  readonly #port: number;
  readonly #ledger: Ledger;
  readonly #random: Random;
  readonly #swapper: Swapper;

  constructor(port: number, ledger: Ledger, random: Random, swapper: Swapper) {
    this.#port = port;
    this.#ledger = ledger;
    this.#random = random;
    this.#swapper = swapper;
  }

  /** @param thoroughness for every queue; chosen for each of them where it is left out */
  async run(thoroughness?: Thoroughness): Promise<void> {
    const client = await CrashClient.open(this.#port);
    const fence = await ConfirmingChannel.open(client, this.#ledger);
    for (const book of this.#ledger.books.values()) {
      await this.#inspect(client, book, thoroughness ?? this.#choose(book));
      // Whatever expired while it was looked for is in its dead-letter queue when this is confirmed.
      fence.fence();
      await fence.below(0);
    }
    this.#ledger.judgeTransactions(this.found);
    for (const book of this.#searched) this.#becomeCertain(book);
    await client.close();
  }

  #choose(book: QueueBook): Thoroughness {
    const isLinked = book.deadBook !== undefined || book.sources.length > 0;
    if (isLinked || INDIVISIBLE.includes(book.name)) return this.#random.pick(['drain', 'look']);
    return this.#random.pick(['drain', 'look', 'count']);
  }

  async #inspect(client: CrashClient, book: QueueBook, thoroughness: Thoroughness): Promise<void> {
    const channel = await ConfirmingChannel.open(client, this.#ledger);
    const count = await this.#count(channel.raw, book);
    if (count === undefined) return;
    if (thoroughness === 'count') {
      this.#judgeCount(book, count);
    } else {
      this.#searched.push(book);
      await this.#take(channel.raw, book, count);
      if (book.name === QUEUES.swapped.name) this.#swapper.narrow(this.#ledger, this.found);
      this.#judgeAbsent(book);
      if (thoroughness === 'drain') await this.#keep(channel, book);
    }
    await channel.raw.call('channel.close', {});
    for (const copy of book.copies.values()) copy.comeBack();
  }

  /** How many messages there are; undefined if there is no such queue, and that is right. */
  async #count(channel: ClientChannel, book: QueueBook): Promise<number | undefined> {
    try {
      const { method } = await channel.call('queue.declare', { queue: book.name, passive: true });
      return method.name === 'queue.declare-ok' ? method.args.messageCount : undefined;
    } catch (error) {
      if (!(error instanceof ChannelRefused)) throw error;
      if (book.name === QUEUES.swapped.name && error.code === 404) this.#swapper.isAbsent(this.#ledger);
      else this.#ledger.complain(`${book.name}: ${error.message}`);
      return undefined;
    }
  }

  #judgeCount(book: QueueBook, count: number): void {
    const copies = [...book.copies.values()];
    const least =
      book.name === QUEUES.careless.name ? 0 : copies.filter(({ isPromised }) => isPromised).length;
    if (count >= least && count <= copies.length) return;
    this.#ledger.complain(`${book.name}: has ${count} messages, not ${least} to ${copies.length}`);
  }

  async #take(channel: ClientChannel, book: QueueBook, count: number): Promise<void> {
    const asked = Date.now();
    const arrivals = this.#random.oneIn(2)
      ? await getAll(channel, book.name)
      : await consumeAll(channel, book, count);
    // Messages that expire leave while one looks.
    if (arrivals.length !== count && book.traits.deadTo === undefined && book.sources.length === 0) {
      this.#ledger.complain(`${book.name}: said ${count} messages, had ${arrivals.length}`);
    }
    const copies = arrivals.map((arrival) => book.deliver(arrival)).filter((copy) => copy !== undefined);
    this.#judgeOrder(book, copies);
    for (const copy of copies) {
      this.#judgeExpiry(book, copy, asked);
      this.found.add(copy);
    }
  }

  #judgeOrder(book: QueueBook, copies: readonly Copy[]): void {
    if (book.sources.length > 0) return;
    const last = new Map<string, number>();
    let level = Infinity;
    for (const copy of copies) {
      const { publication } = copy;
      const here = book.levelOf(publication);
      const key = `${publication.publisher}, priority ${here}`;
      if (here > level || publication.id < (last.get(key) ?? 0)) {
        book.complainOf(copy, `(${key}) is out of order`);
      }
      last.set(key, publication.id);
      level = here;
    }
  }

  #judgeExpiry(book: QueueBook, copy: Copy, asked: number): void {
    const { confirmedAt, expiration } = copy.publication;
    if (book.deadBook === undefined || confirmedAt + Math.min(expiration, book.traits.ttl) >= asked) return;
    book.complainOf(copy, 'was delivered after it had expired');
  }

  #judgeAbsent(book: QueueBook): void {
    const absent = [...book.copies.values()].filter((copy) => copy.isPromised && !this.found.has(copy));
    if (book.deadBook !== undefined) {
      this.#missing.set(book, absent);
      return;
    }
    for (const copy of absent) {
      if (book.name !== QUEUES.careless.name || this.#isBehindFound(book, copy))
        book.complainOf(copy, MISSING);
    }
    for (const source of book.sources) this.#judgeDead(source, book);
  }

  /** What was consumed without acknowledgements is gone from the front on. */
  #isBehindFound(book: QueueBook, { publication: { id } }: Copy): boolean {
    for (const copy of book.copies.values()) {
      if (copy.publication.id < id && this.found.has(copy)) return true;
    }
    return false;
  }

  #judgeDead(source: QueueBook, book: QueueBook): void {
    for (const copy of this.#missing.get(source) ?? []) {
      const dead = book.copies.get(copy.publication.id);
      if (dead === undefined || !this.found.has(dead)) source.complainOf(copy, MISSING);
    }
  }

  /** Acknowledges everything that was taken. */
  async #keep(channel: ConfirmingChannel, book: QueueBook): Promise<void> {
    channel.raw.send('basic.ack', { deliveryTag: 0, multiple: true });
    channel.fence();
    await channel.below(0);
    for (const copy of book.copies.values()) {
      if (this.found.has(copy)) copy.depart(this.#ledger.order.tick(), channel);
    }
    channel.fence();
    await channel.below(0);
  }

  /** From here on it is known what is there. */
  #becomeCertain(book: QueueBook): void {
    for (const copy of book.copies.values()) {
      if (!this.found.has(copy)) book.copies.delete(copy.publication.id);
      else if (copy.departure === undefined) copy.isLeaving = false;
      copy.isTwice = copy.isTwice && copy.departure === undefined;
      copy.mayBeDouble = copy.isTwice || this.#isDouble(book, copy.publication.id);
    }
  }

  #isDouble(book: QueueBook, id: number): boolean {
    const others = [...book.sources, ...(book.deadBook === undefined ? [] : [book.deadBook])];
    return others.some(({ copies }) => {
      const copy = copies.get(id);
      return copy !== undefined && this.found.has(copy);
    });
  }
}

/** Everything that is ready, by basic.get. */
async function getAll(channel: ClientChannel, queue: string): Promise<Arrival[]> {
  const arrivals: Arrival[] = [];
  for (;;) {
    const answers = await Promise.all(
      Array.from({ length: GETS_AT_ONCE }, () => channel.call('basic.get', { queue })),
    );
    for (const { message } of answers) if (message !== undefined) arrivals.push(message);
    if (answers.some(({ method }) => method.name === 'basic.get-empty')) return arrivals;
  }
}

/** Everything that is ready, by a consumer, and the rest, if there is one, by basic.get. */
async function consumeAll(channel: ClientChannel, book: QueueBook, count: number): Promise<Arrival[]> {
  const arrivals: Arrival[] = [];
  channel.onDeliver = (arrival) => arrivals.push(arrival);
  await channel.call('basic.consume', { queue: book.name, consumerTag: 'inspection' });
  if (book.traits.deadTo === undefined) {
    await eventually(
      `${count} messages of ${book.name}`,
      () => arrivals.length >= count || !channel.isOpen,
      30_000,
    );
  }
  await channel.call('basic.cancel', { consumerTag: 'inspection' });
  return [...arrivals, ...(await getAll(channel, book.name))];
}
