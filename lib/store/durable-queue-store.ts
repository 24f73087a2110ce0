/* oxlint-disable typescript/no-unsafe-type-assertion -- the port's queues and entries are the ones made here, and what a slot holds follows from the page's head */
import { assert } from '../base/assert.js';
import { Ring } from '../base/ring.js';
import type { Entry } from './entry.js';
import type { Generation } from './generation.js';
import type { Message } from './message.js';
import type { MessageLog } from './message-log.js';
import type { QueueStore } from './message-store.js';
import { Page, PAGE_SLOTS, pageStart } from './page.js';
import { appendProgressRecord } from './progress-record.js';
import { appendQueueRecord, type Range } from './queue-record.js';
import type { RecordBuffer } from './record-buffer.js';
import { Returned } from './returned.js';
import { SettledRanges } from './settled-ranges.js';
import { StoredEntry } from './stored-entry.js';

/** A page of this many octets is full, whatever its number of messages. */
const PAGE_OCTETS = 256 * 1024;

/** What recovery knows about a queue besides its pages. */
export interface QueuePast {
  readonly number: number;
  readonly next: number;
  readonly taken: number;
  /** How often messages came back, where it was more than the once that `taken` tells. */
  readonly returns: Map<number, number>;
}

const NO_PAST: QueuePast = { number: 0, next: 0, taken: 0, returns: new Map() };

/** One queue's messages: pages in order of position, and what was taken from them and came back. */
export class DurableQueueStore implements QueueStore {
  readonly id: string;
  readonly durable: boolean;
  readable: () => void;
  /** The queue's short name in records; 0 as long as none is needed. */
  number: number;
  count = 0;
  bytes = 0;
  removed = false;
  /** Where the queue's last queue record stands. */
  facts: Generation | undefined;
  /** Every page with live messages, in order of position; the last one may be empty. */
  readonly pages = new Set<Page>();
  readonly #log: MessageLog;
  /** The pages from which something can be taken; the last one is #tail, if that is there. */
  readonly #fresh = new Ring<Page>(2);
  /** Where the next message goes. */
  #tail: Page | undefined;
  #nextFirst: number;
  readonly #returned = new Returned();
  /** Everything below was taken at least once. */
  #taken: number;
  readonly #pastReturns: Map<number, number>;
  readonly #settled = new SettledRanges();
  #noted: StoredEntry[] = [];
  /** This queue has progress to write and the log knows. */
  #dirty = false;

  constructor(id: string, durable: boolean, log: MessageLog, past: QueuePast = NO_PAST) {
    this.id = id;
    this.durable = durable;
    this.#log = log;
    this.number = past.number;
    this.readable = () => {};
    this.#taken = past.taken;
    this.#pastReturns = past.returns;
    this.#nextFirst = pageStart(past.next + PAGE_SLOTS - 1);
  }

  /** Takes over the pages that recovery made; to be called once, before anything else. */
  adopt(pages: Iterable<Page>): void {
    for (const page of [...pages].toSorted((a, b) => a.first - b.first)) {
      this.pages.add(page);
      this.#fresh.push(page);
      for (const slot of page.slots as Message[]) {
        if (slot === undefined) continue;
        page.live++;
        this.count++;
        this.bytes += slot.bodyLength;
      }
    }
  }

  /** Puts the message at the tail; returns its position. */
  push(message: Message): number {
    let page = this.#tail;
    if (
      page === undefined ||
      page.slots.length === PAGE_SLOTS ||
      page.bytes >= PAGE_OCTETS ||
      page.generation !== this.#log.current
    ) {
      page = this.#openPage();
    }
    const slot = page.slots.length;
    page.slots.push(message);
    page.live++;
    page.bytes += message.end - message.start;
    this.count++;
    this.bytes += message.bodyLength;
    return page.first + slot;
  }

  head(): Message | undefined {
    if (this.#returned.length > 0) return this.#returned.first()?.message;
    const page = this.#front();
    return page?.slots[page.head] as Message | undefined;
  }

  take(): Entry | undefined {
    if (this.#returned.length > 0) return this.#takeReturned();
    const page = this.#front();
    if (page === undefined) return undefined;
    const slot = page.head++;
    const message = page.slots[slot] as Message;
    const position = page.first + slot;
    const entry = new StoredEntry(message, position, this.#returnsOf(position), page);
    page.slots[slot] = entry;
    this.count--;
    this.bytes -= message.bodyLength;
    if (position >= this.#taken) {
      this.#taken = position + 1;
      if (message.persistent && this.durable) this.#noteProgress();
    }
    return entry;
  }

  // Whatever came back was taken before anything that is still fresh, so the returned ones always go first.
  #takeReturned(): Entry {
    const entry = this.#returned.shift() as StoredEntry;
    entry.out = true;
    this.count--;
    this.bytes -= entry.message.bodyLength;
    this.#noteReturn(entry);
    return entry;
  }

  requeue(entries: readonly Entry[]): void {
    if (this.removed) return;
    for (const entry of entries as readonly StoredEntry[]) {
      assert(entry.out, 'only a taken entry can be requeued');
      entry.out = false;
      entry.returns++;
      this.count++;
      this.bytes += entry.message.bodyLength;
      this.#noteReturn(entry);
    }
    this.#returned.insert(entries);
  }

  settle(entry: Entry): void {
    const { message, position, page } = entry as StoredEntry;
    if (this.durable && this.#settled.add(position, message.persistent)) this.#noteProgress();
    this.#release(page, position);
  }

  /** As `settle`, but the caller writes it down. */
  settleUnlogged(entry: Entry): void {
    this.#release((entry as StoredEntry).page, entry.position);
  }

  /** Everything below was taken at least once. */
  get taken(): number {
    return this.#taken;
  }

  purge(): number {
    const purged = this.count;
    for (let entry = this.#returned.shift(); entry !== undefined; entry = this.#returned.shift()) {
      this.settle(entry);
    }
    const front = this.#fresh.at(0);
    if (front !== undefined) this.#purgeFresh(front);
    this.count = 0;
    this.bytes = 0;
    return purged;
  }

  #purgeFresh(front: Page): void {
    if (this.durable && this.number !== 0) {
      this.#settled.addRange(front.first + front.head, this.#next());
      this.#noteProgress();
    }
    for (let page = this.#fresh.shift(); page !== undefined; page = this.#fresh.shift()) {
      page.dropFresh();
      if (page.live === 0) this.#forget(page);
    }
    this.#tail = undefined;
  }

  remove(): void {
    this.removed = true;
    for (const page of this.pages) page.generation?.pages.delete(page);
    this.pages.clear();
    this.#fresh.clear();
    this.#returned.clear();
    this.#tail = undefined;
    this.#settled.clear();
    this.count = 0;
    this.bytes = 0;
    if (this.number !== 0) this.#log.removeQueue(this);
  }

  /** Tells everything that a restart has to know, once and for all up to here. */
  writeFacts(buffer: RecordBuffer): void {
    const live: Range[] = [];
    for (const page of this.pages) page.liveRanges(live);
    appendQueueRecord(buffer, {
      number: this.number,
      id: this.id,
      next: this.#next(),
      taken: this.#taken,
      live,
    });
  }

  /** Tells what happened since the last call. */
  writeProgress(buffer: RecordBuffer): void {
    this.#dirty = false;
    if (this.number !== 0 && !this.removed) {
      appendProgressRecord(buffer, this.number, this.#taken, this.#settled.pairs(), this.#noted);
    }
    this.#settled.clear();
    for (const entry of this.#noted) entry.noted = false;
    this.#noted = [];
  }

  /** The next message's position, unless a new page is due. */
  #next(): number {
    return this.#tail === undefined ? this.#nextFirst : this.#tail.first + this.#tail.slots.length;
  }

  /** The page whose slot at `head` holds the first fresh message. */
  #front(): Page | undefined {
    for (;;) {
      const page = this.#fresh.at(0);
      if (page === undefined) return undefined;
      if (page.skipHoles()) return page;
      if (page === this.#tail) return undefined;
      this.#fresh.shift();
      if (page.live === 0) this.#forget(page);
    }
  }

  #openPage(): Page {
    const last = this.#tail;
    const page = new Page(this, this.#nextFirst, this.#log.current);
    this.#nextFirst += PAGE_SLOTS;
    this.#log.current.pages.add(page);
    this.pages.add(page);
    this.#fresh.push(page);
    this.#tail = page;
    if (last !== undefined && last.live === 0) {
      this.#fresh.shift();
      this.#forget(last);
    }
    return page;
  }

  #release(page: Page, position: number): void {
    if (this.removed) return;
    page.slots[position - page.first] = undefined;
    page.live--;
    if (page.live > 0 || page === this.#tail) return;
    if (this.#fresh.at(0) === page) this.#fresh.shift();
    this.#forget(page);
  }

  #forget(page: Page): void {
    this.pages.delete(page);
    page.generation?.pages.delete(page);
  }

  #returnsOf(position: number): number {
    if (position >= this.#taken) return 0;
    return this.#pastReturns.get(position) ?? 1;
  }

  #noteReturn(entry: StoredEntry): void {
    if (!this.durable || !entry.message.persistent || entry.noted) return;
    entry.noted = true;
    this.#noted.push(entry);
    this.#noteProgress();
  }

  #noteProgress(): void {
    if (this.#dirty) return;
    this.#dirty = true;
    this.#log.noteProgress(this);
  }
}
