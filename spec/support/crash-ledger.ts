import type { Copy } from './crash-copy.js';
import { propertiesOf, type Publication, someLength } from './crash-publication.js';
import { type BookContext, QueueBook, type QueueTraits } from './crash-queue-book.js';
import { SyncOrder } from './crash-sync-order.js';
import type { TransactionBook } from './crash-transaction-book.js';
import type { Random } from './random.js';

export interface PublicationOptions {
  readonly publisher: string;
  readonly persistent?: boolean;
  readonly priority?: number;
  /** Milliseconds. */
  readonly expiration?: number;
}

/** A book outside the broker about what it was given, what it promised and what it gave back. */
export class Ledger implements BookContext {
  readonly order = new SyncOrder();
  readonly books = new Map<string, QueueBook>();
  /** Everything that was not as promised. */
  readonly complaints: string[] = [];
  /** Transactions whose commit was asked for and not answered when the broker was killed. */
  uncertain: TransactionBook[] = [];
  life = 0;
  readonly counts = { published: 0, confirmed: 0, delivered: 0, settled: 0, commits: 0 };
  #commits: TransactionBook[] = [];
  #ids = 1;
  #fuse = 0;
  #onBurnt: () => void = () => {};
  readonly #random: Random;

  constructor(random: Random, queues: readonly QueueTraits[]) {
    this.#random = random;
    for (const traits of queues) this.books.set(traits.name, new QueueBook(traits, this));
    for (const book of this.books.values()) this.#link(book);
  }

  #link(book: QueueBook): void {
    if (book.traits.deadTo === undefined) return;
    book.deadBook = this.book(book.traits.deadTo);
    book.deadBook.sources.push(book);
  }

  book(name: string): QueueBook {
    const book = this.books.get(name);
    if (book === undefined) throw new Error(`there is no queue ${name}`);
    return book;
  }

  complain(text: string): void {
    this.complaints.push(text);
  }

  /** A new message; whoever sends it tells the books of the queues that it goes to. */
  publication({
    publisher,
    persistent = true,
    priority = 0,
    expiration = Infinity,
  }: PublicationOptions): Publication {
    this.counts.published++;
    return {
      id: this.#ids++,
      publisher,
      persistent,
      priority,
      expiration,
      length: someLength(this.#random),
      properties: propertiesOf(persistent, priority, expiration),
      sentAt: Date.now(),
      confirmedAt: Infinity,
    };
  }

  confirm(publication: Publication): void {
    publication.confirmedAt = Date.now();
    this.counts.confirmed++;
    if (--this.#fuse === 0) this.#onBurnt();
  }

  /** Resolves in the very moment in which that many more messages have been confirmed. */
  confirms(count: number): Promise<void> {
    this.#fuse = count;
    return new Promise((resolve) => {
      this.#onBurnt = resolve;
    });
  }

  /** A commit is asked for; `answered` has to follow, or the end of the broker. */
  asked(transaction: TransactionBook): void {
    this.#commits.push(transaction);
  }

  answered(transaction: TransactionBook): void {
    transaction.becomeCommitted();
    this.#commits.splice(this.#commits.indexOf(transaction), 1);
    this.counts.commits++;
    for (const { publication } of transaction.published) this.confirm(publication);
  }

  /**
   * The broker is dead, and everything that it had sent has been read.
   *
   * @param isClean it was not killed: what clients had is known to it
   */
  survive(isClean: boolean): void {
    for (const transaction of this.#commits) transaction.freeze();
    this.uncertain.push(...this.#commits);
    this.#commits = [];
    for (const book of this.books.values()) book.survive(isClean);
    this.life++;
  }

  /** @param found what the queues have after the restart */
  judgeTransactions(found: ReadonlySet<Copy>): void {
    for (const transaction of this.uncertain) {
      const half = transaction.half(found);
      if (half !== undefined) this.complain(half);
    }
    this.uncertain = [];
  }
}
