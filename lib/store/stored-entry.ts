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

  /** What a restart has to count: a message that is out comes back. */
  get returnsAfterCrash(): number {
    return this.out ? this.returns + 1 : this.returns;
  }

  /** Lets go of a buffer that is much larger than the message in it. */
  detach(): void {
    const { bytes, start, end } = this.message;
    if (bytes.length < 2 * (end - start)) return;
    const own = Buffer.allocUnsafeSlow(end - start);
    bytes.copy(own, 0, start, end);
    this.message = this.message.movedTo(own, 0);
  }
}
