import type { DurableQueueStore } from './durable-queue-store.js';
import type { StoreFile } from './files.js';
import type { Page } from './page.js';

/**
 * One WAL file and what depends on it. A new one begins when the current one is full; the oldest one retires when
 * nothing depends on it any more, or when it has to. Transient messages belong to a generation as well, for the
 * memory that they take; one without a persistent message never gets a file.
 */
export class Generation {
  readonly number: number;
  /** Seeds the checksums in the file. */
  readonly salt: number;
  /** Pages with messages that only this file (or only memory) keeps. */
  readonly pages = new Set<Page>();
  /** Queues whose last queue record stands here. */
  readonly queues = new Set<DurableQueueStore>();
  /** Undefined until something has to be written. */
  file: StoreFile | undefined;
  /** On disk, or on the way there. */
  size = 0;
  /** Octets of transient messages. */
  transient = 0;

  constructor(number: number, salt: number) {
    this.number = number;
    this.salt = salt;
  }
}
