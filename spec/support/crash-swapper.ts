import type { ClientChannel } from './crash-client-channel.js';
import { ConfirmingChannel } from './crash-confirming-channel.js';
import type { Ledger } from './crash-ledger.js';
import { type Actor, type Load, pause } from './crash-load.js';
import type { Copy } from './crash-copy.js';
import type { QueueBook } from './crash-queue-book.js';
import { QUEUES } from './crash-topology.js';

const MOST = 100;
const { name: QUEUE } = QUEUES.swapped;

/** Deletes a queue that is its own, and declares it again, so that a new one of the same name takes its place. */
export class Swapper implements Actor {
  readonly name = 'swapper';
  /** Incarnations of which one is there, if the broker is killed now; 0 stands for none at all. */
  #possible: readonly number[] = [1];
  #incarnations = 1;

  async run(load: Load): Promise<void> {
    const { ledger, random } = load;
    const client = await load.open();
    const channel = await ConfirmingChannel.open(client, ledger);
    await declare(channel.raw);
    this.#possible = [ledger.book(QUEUE).incarnation];
    while (!client.isEnded) {
      this.#publish(load, channel);
      if (random.oneIn(2)) await channel.below(0);
      if (random.oneIn(4)) await this.#swap(load, channel);
      await pause(random);
    }
  }

  #publish({ ledger, random }: Load, channel: ConfirmingChannel): void {
    const book = ledger.book(QUEUE);
    for (let left = random.below(MOST); left > 0; left--) {
      const publication = ledger.publication({ publisher: this.name });
      book.expect(publication);
      channel.publish('', QUEUE, publication);
    }
  }

  async #swap(load: Load, { raw }: ConfirmingChannel): Promise<void> {
    const book = load.ledger.book(QUEUE);
    const old = book.incarnation;
    this.#possible = [old, 0];
    const deleted = raw.call('queue.delete', { queue: QUEUE });
    if (load.random.oneIn(2)) {
      await deleted;
      this.#possible = [0];
    }
    book.incarnation = ++this.#incarnations;
    this.#possible = [...this.#possible, book.incarnation];
    await Promise.all([deleted, declare(raw)]);
    this.#possible = [book.incarnation];
    for (const copy of book.copies.values())
      if (copy.incarnation === old) book.copies.delete(copy.publication.id);
  }

  /** After a restart there is no such queue. */
  isAbsent(ledger: Ledger): void {
    if (!this.#possible.includes(0)) ledger.complain(`${QUEUE}: the queue is gone`);
    const book = ledger.book(QUEUE);
    book.copies.clear();
    book.incarnation = ++this.#incarnations;
    this.#possible = [0, book.incarnation];
  }

  /** After a restart: forgets what was in other incarnations than the one that is there. */
  narrow(ledger: Ledger, found: ReadonlySet<Copy>): void {
    const book = ledger.book(QUEUE);
    const here = new Set(
      [...book.copies.values()].filter((copy) => found.has(copy)).map((copy) => copy.incarnation),
    );
    if (here.size > 1) ledger.complain(`${QUEUE}: has messages of ${here.size} queues of this name`);
    const [incarnation = this.#emptiest(book)] = here;
    if (!this.#possible.includes(incarnation)) {
      ledger.complain(`${QUEUE}: incarnation ${incarnation} is there, not ${this.#possible.join(' or ')}`);
    }
    book.incarnation = incarnation;
    this.#possible = [incarnation];
    for (const copy of book.copies.values()) {
      if (copy.incarnation !== incarnation) book.copies.delete(copy.publication.id);
    }
  }

  /** The one that would be missing the least if the queue is empty. */
  #emptiest(book: QueueBook): number {
    const promised = [...book.copies.values()].filter(({ isPromised }) => isPromised);
    const empty = this.#possible.find(
      (one) => one > 0 && promised.every(({ incarnation }) => incarnation !== one),
    );
    return empty ?? this.#possible.find((one) => one > 0) ?? 0;
  }
}

function declare(channel: ClientChannel): Promise<unknown> {
  return channel.call('queue.declare', { queue: QUEUE, durable: true });
}
