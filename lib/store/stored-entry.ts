import { Entry } from './entry.js';
import type { Message } from './message.js';
import type { Page } from './page.js';

/** An entry of the durable store: knows the page that keeps account of it. */
export class StoredEntry extends Entry {
  readonly page: Page;
  /** Taken and neither settled nor put back. */
  out = true;
  /** Already among those whose return the next batch will tell. */
  noted = false;

  constructor(message: Message, position: number, returns: number, page: Page) {
    super(message, position, returns);
    this.page = page;
  }
}
