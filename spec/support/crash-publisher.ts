import { ConfirmingChannel } from './crash-confirming-channel.js';
import { type Actor, type Load, pause } from './crash-load.js';
import type { QueueBook } from './crash-queue-book.js';
import type { PublicationOptions } from './crash-ledger.js';
import type { Random } from './random.js';

export interface Target {
  readonly exchange: string;
  readonly routingKey: string;
  readonly queues: readonly string[];
  /** No more messages than this at a time, where nobody consumes. */
  readonly most?: number;
  /** What is special about a message for this target. */
  readonly options?: (random: Random) => Omit<PublicationOptions, 'publisher'>;
}

const MOST_UNCONFIRMED = 500;
const BURST = 40;
/** One in so many messages is transient. */
const TRANSIENT = 12;

/** Publishes without pause, in bursts, with many confirms outstanding. */
export class CrashPublisher implements Actor {
  readonly name: string;
  readonly #targets: readonly Target[];

  constructor(name: string, targets: readonly Target[]) {
    this.name = name;
    this.#targets = targets;
  }

  async run(load: Load): Promise<void> {
    const client = await load.open();
    const channel = await ConfirmingChannel.open(client, load.ledger);
    while (!client.isEnded) {
      this.#burst(load, channel);
      await channel.below(load.random.below(MOST_UNCONFIRMED));
      await pause(load.random);
    }
  }

  #burst({ random, ledger }: Load, channel: ConfirmingChannel): void {
    for (let left = 1 + random.below(BURST); left > 0; left--) {
      const target = random.pick(this.#targets);
      const books = target.queues.map((name) => ledger.book(name));
      if (books.some((book) => isFull(book, target))) continue;
      const publication = ledger.publication({
        publisher: this.name,
        persistent: !random.oneIn(TRANSIENT),
        ...target.options?.(random),
      });
      for (const book of books) book.expect(publication);
      channel.publish(target.exchange, target.routingKey, publication);
    }
  }
}

function isFull(book: QueueBook, { most = Infinity }: Target): boolean {
  return book.copies.size >= most;
}
