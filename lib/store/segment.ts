import { FILE_KIND, FILE_START, fileName } from './file-header.js';
import type { Page } from './page.js';

/**
 * A file of messages that left memory, of one queue or of many. It is written once, from the front to the end, gets
 * an index when it is full or has to survive on its own (it is sealed), and goes when no page needs it.
 */
export class Segment {
  readonly number: number;
  readonly salt: number;
  /** Its messages survive a restart. */
  readonly durable: boolean;
  /** The pages that have their run here. */
  readonly pages = new Set<Page>();
  /** Numbers of the queues that have or had something here. */
  readonly numbers = new Set<number>();
  /** Octets, on disk or on the way there. */
  size = FILE_START;
  /** Everything in it would survive a loss of power, without the WAL. */
  sealed = false;

  constructor(number: number, salt: number, durable: boolean) {
    this.number = number;
    this.salt = salt;
    this.durable = durable;
  }

  get name(): string {
    return fileName(this.durable ? FILE_KIND.segment : FILE_KIND.paged, this.number);
  }
}
