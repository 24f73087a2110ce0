import { assert } from '../base/assert.js';
import { Ring } from '../base/ring.js';
import type { Entry } from './entry.js';
import type { Generation } from './generation.js';
import type { Message } from './message.js';
import type { LoadedPage } from './page-loader.js';
import { MESSAGE_OVERHEAD } from './limits.js';
import type { Pager } from './pager.js';
import type { MessageLog } from './message-log.js';
import type { QueueStore } from './message-store.js';
import { Page, PAGE_SLOTS, pageStart } from './page.js';
import { PastReturns } from './past-returns.js';
import { appendProgressRecord } from './progress-record.js';
import { QueueProgress } from './queue-progress.js';
import { appendQueueRecord, type Range } from './queue-record.js';
import type { RecordBuffer } from './record-buffer.js';
import { Returned } from './returned.js';
import { StoredEntry } from './stored-entry.js';

/** So many pages at the head stay in memory. */
const NEAR_PAGES = 4;

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
  /** The batch in which it got the number. */
  numberedBy = 0;
  count = 0;
  bytes = 0;
  /** Set by recovery. */
  mayExpire = false;
  removed = false;
  /** The last file in which the queue's number and id stand together. */
  named: Generation | undefined;
  /** Where the queue's last queue record stands. */
  facts: Generation | undefined;
  /** Every page with live messages, in order of position; the last one may be empty. */
  readonly pages = new Set<Page>();
  readonly #log: MessageLog;
  readonly #pager: Pager;
  readonly #pageOctets: number;
  /** The pages from which something can be taken; the last one is #tail, if that is there. */
  readonly #fresh = new Ring<Page>(2);
  /** Where the next message goes. */
  #tail: Page | undefined;
  #nextFirst: number;
  readonly #returned = new Returned();
  /** Everything below was taken at least once. */
  #taken: number;
  readonly #past: PastReturns;
  readonly #progress = new QueueProgress();
  /** Somebody wanted a message that has to be read first. */
  #hungry = false;

  constructor(id: string, durable: boolean, log: MessageLog, pager: Pager, past: QueuePast = NO_PAST) {
    this.id = id;
    this.durable = durable;
    this.#log = log;
    this.#pager = pager;
    this.#pageOctets = pager.pageOctets;
    this.number = past.number;
    this.readable = () => {};
    this.#taken = past.taken;
    this.#past = new PastReturns(past.returns);
    this.#nextFirst = pageStart(past.next + PAGE_SLOTS - 1);
  }

  /** Takes over the pages that recovery made; to be called once, before anything else. */
  adopt(pages: Iterable<Page>): void {
    for (const page of [...pages].toSorted((a, b) => a.first - b.first)) {
      this.pages.add(page);
      this.#fresh.push(page);
      page.open = false;
      this.count += page.unread;
      this.bytes += page.unreadBytes;
      const { count, bytes } = page.fresh();
      page.live += count;
      this.count += count;
      this.bytes += bytes;
      this.#pager.memory += page.cost();
    }
  }

  /** Puts the message at the tail; returns its position. */
  push(message: Message): number {
    let page = this.#tail;
    if (page === undefined || page.slots.length === PAGE_SLOTS || page.bytes >= this.#pageOctets) {
      page = this.#openPage();
    }
    const slot = page.slots.length;
    page.slots.push(message);
    page.live++;
    if (message.persistent && this.durable) page.lastBatch = this.#log.batch;
    const length = message.end - message.start;
    page.bytes += length;
    this.#pager.memory += length + MESSAGE_OVERHEAD;
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
    const returns = this.#past.take(position, position < this.#taken ? 1 : 0);
    const entry = new StoredEntry(message, position, returns, page);
    page.slots[slot] = entry;
    this.#pager.memory -= message.end - message.start + MESSAGE_OVERHEAD;
    this.count--;
    this.bytes -= message.bodyLength;
    if (position >= this.#taken) {
      this.#taken = position + 1;
      if (message.persistent && this.durable) this.#noteProgress();
    } else {
      this.#noteReturn(entry);
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
    if (this.durable && this.#progress.settle(position, message.persistent)) this.#noteProgress();
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
    this.#past.clear();
    this.count = 0;
    this.bytes = 0;
    return purged;
  }

  #purgeFresh(front: Page): void {
    if (this.durable && this.number !== 0) {
      this.#progress.settleRange(front.first + front.head, this.#next());
      this.#noteProgress();
    }
    for (let page = this.#fresh.shift(); page !== undefined; page = this.#fresh.shift()) {
      this.#pager.memory -= page.cost();
      page.dropFresh();
      page.close();
      if (page.live === 0) this.#forget(page);
    }
    this.#tail = undefined;
  }

  remove(): void {
    this.removed = true;
    for (let page = this.#fresh.shift(); page !== undefined; page = this.#fresh.shift()) {
      this.#pager.memory -= page.cost();
      page.dropFresh();
    }
    for (const page of this.pages) this.#forget(page);
    this.#returned.clear();
    this.#tail = undefined;
    this.#progress.forgetSettled();
    this.count = 0;
    this.bytes = 0;
    if (this.number !== 0) this.#log.forgetQueue(this);
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
    const returned = this.#pastTwice();
    if (returned.length > 0) appendProgressRecord(buffer, this.number, this.#taken, [], returned);
  }

  /** Tells what happened since the last call. */
  writeProgress(buffer: RecordBuffer): void {
    this.#progress.write(buffer, this.removed ? 0 : this.number, this.#taken);
  }

  /** Positions and returns of what a restart has to count more than once. */
  #pastTwice(): number[] {
    const pairs: number[] = [];
    this.#past.addTwice(pairs);
    for (const page of this.pages) {
      for (const { position, returnsAfterCrash } of page.entries()) {
        if (returnsAfterCrash > 1) pairs.push(position, returnsAfterCrash);
      }
    }
    return pairs;
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
      if (!page.resident) {
        this.#hungry = true;
        this.#pager.load(page);
        return undefined;
      }
      if (page === this.#tail) return undefined;
      this.#fresh.shift();
      if (page.live === 0) this.#forget(page);
      this.#readAhead();
    }
  }

  /** Reads the page behind the front one, if there is memory for it. */
  #readAhead(): void {
    const next = this.#fresh.at(1);
    if (next !== undefined && !next.resident && this.#pager.hasRoom) this.#pager.load(next);
  }

  /** The page's fresh messages are there. */
  pageLoaded(page: Page, loaded: LoadedPage): void {
    const { messages, returns } = loaded;
    const { unread, unreadBytes } = page;
    const { count, bytes } = page.fill(messages);
    this.count += count - unread;
    this.bytes += bytes - unreadBytes;
    this.#pager.memory += page.cost();
    for (const [slot, times] of returns) this.#past.note(page.first + slot, times);
    if (!this.#hungry) return;
    this.#hungry = false;
    this.readable();
  }

  #openPage(): Page {
    const last = this.#tail;
    if (last !== undefined) last.close();
    const page = new Page(this, this.#nextFirst, this.#log.current);
    this.#nextFirst += PAGE_SLOTS;
    this.#log.current.pages.add(page);
    this.pages.add(page);
    this.#fresh.push(page);
    this.#tail = page;
    if (last === undefined) return page;
    if (last.live === 0) {
      this.#fresh.shift();
      this.#forget(last);
    } else if (this.#fresh.length > NEAR_PAGES && last.head === 0) {
      this.#pager.pageFull(last);
    }
    return page;
  }

  #release(page: Page, position: number): void {
    if (this.removed) return;
    page.settle(position - page.first);
    if (page.live > 0 || page === this.#tail) return;
    if (this.#fresh.at(0) === page) this.#fresh.shift();
    this.#forget(page);
  }

  #forget(page: Page): void {
    this.pages.delete(page);
    this.#pager.pageDied(page);
  }

  /** Whether the page is among those that will be taken from soon. */
  isNear(page: Page): boolean {
    return this.#fresh.at(0) === page || this.#fresh.at(1) === page;
  }

  /** Whether anything is not settled. */
  hasLive(): boolean {
    for (const page of this.pages) if (page.live > 0) return true;
    return false;
  }

  /** The next message begins a new page if this one is the last. */
  closeTail(page: Page): void {
    if (page !== this.#tail) return;
    page.close();
    this.#tail = undefined;
  }

  /** Lets go of an empty page. */
  dropEmpty(page: Page): void {
    this.closeTail(page);
    if (this.#fresh.at(0) === page) this.#fresh.shift();
    this.#forget(page);
  }

  #noteReturn(entry: StoredEntry): void {
    if (!this.durable || !entry.message.persistent) return;
    if (this.#progress.noteReturn(entry)) this.#noteProgress();
  }

  #noteProgress(): void {
    if (this.#progress.touch()) this.#log.noteProgress(this);
  }
}
