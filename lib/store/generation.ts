import type { DurableQueueStore } from './durable-queue-store.js';
import { FILE_KIND, fileName } from './file-header.js';
import type { StoreFile } from './files.js';
import type { Page } from './page.js';

/**
 * One WAL file and what depends on it. A new one begins when the current one is full; the oldest one retires when
 * nothing depends on it any more, or when it has to. Transient messages belong to a generation as well, for the
 * memory that they take; one without a persistent message never gets a file, and its number goes to the next one.
 */
export class Generation {
  readonly number: number;
  /** Seeds the checksums in the file. */
  readonly salt: number;
  /** Pages with messages that only this file (or only memory) keeps. */
  readonly pages = new Set<Page>();
  /** Queues whose last queue record stands here, and how many octets it takes. */
  readonly queues = new Map<DurableQueueStore, number>();
  /** Open as long as it is written to. */
  file: StoreFile | undefined;
  /** There is a file, open or not. */
  hasFile = false;
  /** Octets on disk, or on the way there; 0 when there is no file. */
  size = 0;
  #facts = 0;
  /** Numbers that this file says are done with. */
  readonly removed: number[] = [];
  /** Octets of transient messages. */
  transient = 0;
  /** The last batch that stands here; set when the next generation begins. */
  lastBatch = 0;

  constructor(number: number, salt: number) {
    this.number = number;
    this.salt = salt;
  }

  /** It has a file, or will have one as soon as there is room: something was written to it. */
  get isLogged(): boolean {
    return this.hasFile || this.size > 0;
  }

  get name(): string {
    return fileName(FILE_KIND.wal, this.number);
  }

  /** Octets of queue records that a new file would have to repeat. */
  get facts(): number {
    return this.#facts;
  }

  /** Octets that would be gone if this file retired. */
  get waste(): number {
    return this.size - this.#facts;
  }

  /** What makes it full. */
  get load(): number {
    return this.waste + this.transient;
  }

  addFacts(queue: DurableQueueStore, octets: number): void {
    queue.facts?.removeFacts(queue);
    queue.facts = this;
    this.queues.set(queue, octets);
    this.#facts += octets;
  }

  removeFacts(queue: DurableQueueStore): void {
    this.#facts -= this.queues.get(queue) ?? 0;
    this.queues.delete(queue);
    queue.facts = undefined;
  }

  /** What would have to be moved if this file retired: octets of all messages in pages of which something is live. */
  get liveOctets(): number {
    let octets = 0;
    for (const page of this.pages) if (page.live > 0 && page.run === undefined) octets += page.bytes;
    return octets;
  }

  /** Whether no message depends on it. Lets go of pages that turn out to be empty. */
  isEmpty(): boolean {
    for (const page of this.pages) {
      if (page.live > 0) return false;
      page.queue.dropEmpty(page);
    }
    return true;
  }
}
