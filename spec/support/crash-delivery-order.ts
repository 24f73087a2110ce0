import type { Copy } from './crash-copy.js';
import type { BookContext, QueueBook } from './crash-queue-book.js';

/** Holds what one consumer gets against the order in which it was published. */
export class DeliveryOrder {
  readonly #book: QueueBook;
  readonly #context: BookContext;
  /** The last id of each publisher and priority. */
  readonly #last = new Map<string, number>();

  constructor(book: QueueBook, context: BookContext) {
    this.#book = book;
    this.#context = context;
  }

  /** Messages that were given back may come whenever they like; all others in order. */
  see({ publication }: Copy, redelivered: boolean): void {
    // Dead letters are in the order of their deaths.
    if (redelivered || this.#book.sources.length > 0) return;
    const { id, publisher } = publication;
    const level = this.#book.levelOf(publication);
    const key = `${publisher}, priority ${level}`;
    const last = this.#last.get(key) ?? 0;
    if (id < last) this.#context.complain(`${this.#book.name}: ${id} came after ${last} (${key})`);
    this.#last.set(key, id);
  }
}
