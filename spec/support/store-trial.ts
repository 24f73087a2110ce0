import { ManualClock } from '../../lib/base/clock.js';
import type { Entry } from '../../lib/store/entry.js';
import { type DurableMessageStore, openDurableMessageStore } from '../../lib/store/durable-message-store.js';
import type { StoreLimits } from '../../lib/store/limits.js';
import type { StoreChange } from '../../lib/store/message-store.js';
import { bodyOf, messageOf, takeAll } from './messages.js';
import type { Random } from './random.js';
import {
  type Line,
  type LineFacts,
  type QueueLedger,
  StoreLedger,
  type TransactionLine,
} from './store-ledger.js';
import { tinyLimits } from './tiny-limits.js';
import { systemError, UnsafeFiles } from './unsafe-files.js';

const DIRECTORY = '/store';
const QUEUES = 4;

export type RestartKind = 'close' | 'kill' | 'power loss';

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Does anything that a broker may do with a store, at random, and holds it against a ledger. */
export class StoreTrial {
  /** Everything that was not as promised. */
  readonly complaints: string[] = [];
  files: UnsafeFiles;
  store!: DurableMessageStore;
  readonly clock = new ManualClock();
  readonly ledger = new StoreLedger();
  readonly #random: Random;
  readonly #limits: StoreLimits;
  #keys = 0;
  #ids = 0;
  #isBroken = false;

  constructor(random: Random, limits: StoreLimits = tinyLimits) {
    this.#random = random;
    this.#limits = limits;
    this.files = new UnsafeFiles(random);
  }

  async open(): Promise<void> {
    const random = (): number => this.#random.bits();
    const { files, clock } = this;
    const limits = this.#limits;
    this.store = await openDurableMessageStore({ directory: DIRECTORY, files, clock, limits, random });
    this.#isBroken = false;
    this.store.onFailed((error) => void (this.#isBroken || this.complaints.push(String(error))));
    for (const queue of this.ledger.queues) this.#openQueue(queue);
    while (this.ledger.queues.length < QUEUES) this.#addQueue();
    await this.store.recovered();
  }

  /** One thing that a broker may do. */
  async step(): Promise<void> {
    const what = this.#random.below(100);
    const queue = this.#random.pick(this.ledger.queues);
    if (what < 30) this.#publish();
    else if (what < 50) await this.#take(queue);
    else if (what < 65) this.#settle(queue);
    else if (what < 73) this.#requeue(queue);
    else if (what < 78) await this.#transact();
    else if (what < 80) this.#purge(queue);
    else if (what < 81) this.#replace(queue);
    else if (what < 83) await this.#readInVain(queue);
    else if (what < 90) await turn();
    else if (what < 95) this.clock.advance(this.#random.below(20));
    else await this.#settleDown();
    this.#checkCounts(queue);
  }

  /** Another program, or nobody, uses what is left of the disk. */
  changeRoom(): void {
    const { files } = this;
    files.capacity = this.#random.oneIn(3) ? Number.POSITIVE_INFINITY : files.used + this.#random.below(8192);
  }

  /** From now on the disk refuses to do one thing or another; nothing can be relied on any more. */
  breakDisk(): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    const operations = ['write', 'sync', 'create', 'syncDirectory', 'unlink'] as const;
    this.files.fail(this.#random.pick(operations), systemError('EIO'));
  }

  /** Ends the store in one way or another, opens it again and looks at what is there. */
  async restart(kind: RestartKind): Promise<void> {
    if (kind === 'close') {
      this.files.capacity = Number.POSITIVE_INFINITY;
      await this.store.close();
    }
    const { committed } = this.store;
    this.files = kind === 'power loss' ? this.files.losePower() : this.files.kill();
    await this.open();
    await this.#inspect(committed, kind === 'close');
  }

  async #inspect(committed: number, isClean: boolean): Promise<void> {
    const found = new Set<Line>();
    for (const queue of this.ledger.queues) await this.#inspectQueue(queue, committed, isClean, found);
    this.complaints.push(...this.ledger.transactionComplaints((line) => found.has(line), committed));
    for (const { kind, file, offset } of this.store.damage) {
      if (kind !== 'torn') this.complaints.push(`damage in ${file} at ${offset}: ${kind}`);
    }
    this.ledger.restart();
    for (const queue of this.ledger.queues) this.#adopt(queue, found);
  }

  async #inspectQueue(
    queue: QueueLedger,
    committed: number,
    isClean: boolean,
    found: Set<Line>,
  ): Promise<void> {
    const { count, bytes } = queue.store;
    const { mayExpire } = queue.store;
    const entries = await takeAll(queue.store);
    if (!mayExpire && entries.some(({ message }) => message.expiration >= 0))
      this.complaints.push(`${queue.id}: did not say that something expires`);
    const lines = new Map(queue.lines.map((line) => [line.key, line]));
    const observed = entries.map((entry) => ({ key: keyOf(entry), returns: entry.returns }));
    this.complaints.push(...this.ledger.complaints(queue, observed, committed, isClean));
    const sum = entries.reduce((octets, { message }) => octets + message.bodyLength, 0);
    if (count !== entries.length || bytes !== sum) {
      this.complaints.push(
        `${queue.id}: said ${count} messages, ${bytes} octets; had ${entries.length}, ${sum}`,
      );
    }
    for (const entry of entries) {
      const line = lines.get(keyOf(entry));
      if (line === undefined) continue;
      this.#compareFacts(line, entry);
      line.entry = entry;
      found.add(line);
    }
  }

  #compareFacts({ key, facts }: Line, { message }: Entry): void {
    if (factsOf(message) !== factsOf(facts))
      this.complaints.push(`${key}: another priority, expiration or time of arrival`);
  }

  #adopt(queue: QueueLedger, found: ReadonlySet<Line>): void {
    queue.lines = queue.lines.filter((line) => found.has(line));
    for (const line of queue.lines) {
      line.batch = 0;
      line.publishedBy = undefined;
      line.settledBy = undefined;
      line.settled = undefined;
      line.state = 'out';
      line.returns = line.entry!.returns;
      line.taken = this.ledger.note();
      line.returned = [];
    }
    this.#putBack(queue, queue.lines);
  }

  #openQueue(queue: QueueLedger): void {
    queue.store = this.store.queue({ id: queue.id, durable: queue.durable, readable: () => {} });
  }

  #addQueue(): void {
    const id = `queue ${this.#ids++}`;
    const durable = !this.#random.oneIn(5);
    const store = this.store.queue({ id, durable, readable: () => {} });
    this.ledger.queues.push({ id, durable, store, lines: [] });
  }

  #newLine(queue: QueueLedger, persistent: boolean, key: number, length: number, facts: LineFacts): Line {
    const line: Line = {
      key,
      length,
      facts,
      persistent: persistent && queue.durable,
      batch: Infinity,
      publishedBy: undefined,
      entry: undefined,
      state: 'ready',
      returns: 0,
      taken: undefined,
      returned: [],
      settled: undefined,
      settledBy: undefined,
    };
    queue.lines.push(line);
    return line;
  }

  #body(key: number): string {
    const size = this.#random.oneIn(40) ? this.#random.below(20_000) : this.#random.below(60);
    return `${key} ${'x'.repeat(size)}`;
  }

  #publish(): void {
    for (let left = 1 + this.#random.below(this.#random.oneIn(10) ? 60 : 6); left > 0; left--) {
      const { change, lines } = this.#publication();
      const batch = this.store.append(change.message, change.queues);
      for (const line of lines) line.batch = batch;
      this.ledger.answered(batch);
    }
  }

  #publication(): { change: Extract<StoreChange, { type: 'append' }>; lines: Line[] } {
    const key = this.#keys++;
    const persistent = !this.#random.oneIn(6);
    const body = this.#body(key);
    const targets = this.ledger.queues.filter(() => this.#random.oneIn(3));
    const facts = this.#facts();
    const lines = targets.map((queue) => this.#newLine(queue, persistent, key, body.length, facts));
    const message = messageOf(body, { persistent, ...facts });
    return { change: { type: 'append', message, queues: targets.map(({ store }) => store) }, lines };
  }

  #facts(): LineFacts {
    const random = this.#random;
    const expiration = random.oneIn(4) ? random.bits() : -1;
    return { priority: random.below(256), expiration, arrivedAt: 1_700_000_000_000 + random.bits() };
  }

  /** For a while no file can be opened. */
  async #readInVain(queue: QueueLedger): Promise<void> {
    this.files.fail('open', systemError('EMFILE'));
    queue.store.head();
    for (let left = 1 + this.#random.below(5); left > 0; left--) await turn();
    this.files.heal('open');
    this.clock.advance(2 * this.#limits.fullDiskDelay);
  }

  async #take(queue: QueueLedger): Promise<void> {
    for (let left = 1 + this.#random.below(this.#random.oneIn(5) ? 50 : 4); left > 0; left--) {
      const line = this.ledger.ready(queue)[0];
      if (line === undefined) return;
      const entry = await this.#takeOne(queue);
      if (entry === undefined) return;
      if (keyOf(entry) !== line.key)
        this.complaints.push(`${queue.id}: took ${keyOf(entry)}, not ${line.key}`);
      if (entry.returns !== line.returns) this.complaints.push(`${line.key}: ${entry.returns} returns`);
      this.#compareFacts(line, entry);
      line.entry = entry;
      line.state = 'out';
      line.taken ??= this.ledger.note();
      if (line.returned.length > 0) {
        line.returned.push({ note: this.ledger.note(), returns: line.returns + (line.returns > 0 ? 1 : 0) });
      }
    }
  }

  /** Undefined when nothing can be read any more. */
  async #takeOne({ store }: QueueLedger): Promise<Entry | undefined> {
    let entry = store.take();
    for (let left = 10_000; entry === undefined && left > 0 && !this.files.isDead; left--) {
      await turn();
      entry = store.take();
    }
    if (entry === undefined && !this.files.isDead) throw new Error('the head was never read');
    return entry;
  }

  #some(lines: readonly Line[]): Line[] {
    if (this.#random.oneIn(3)) return [...lines];
    return lines.filter(() => this.#random.oneIn(2));
  }

  #settle(queue: QueueLedger): void {
    for (const line of this.#random.shuffled(this.#some(this.ledger.out(queue)))) {
      queue.store.settle(line.entry!);
      line.state = 'settled';
      line.settled = this.ledger.note();
    }
  }

  #requeue(queue: QueueLedger): void {
    this.#putBack(queue, this.#random.shuffled(this.#some(this.ledger.out(queue))));
  }

  #putBack(queue: QueueLedger, lines: readonly Line[]): void {
    queue.store.requeue(lines.map(({ entry }) => entry!));
    for (const line of lines) {
      line.state = 'ready';
      line.returns++;
      line.returned.push({ note: this.ledger.note(), returns: line.returns });
    }
  }

  async #transact(): Promise<void> {
    const transaction: TransactionLine = { batch: Infinity, published: [], settled: [] };
    const changes: StoreChange[] = [];
    for (let left = this.#random.below(this.#random.oneIn(8) ? 60 : 4); left > 0; left--) {
      const { change, lines } = this.#publication();
      changes.push(change);
      transaction.published.push(...lines);
    }
    for (const queue of this.ledger.queues) {
      for (const line of this.#random.oneIn(2) ? this.#some(this.ledger.out(queue)) : []) {
        changes.push({ type: 'settle', entry: line.entry!, queue: queue.store });
        line.state = 'settled';
        if (line.persistent) {
          line.settledBy = transaction;
          transaction.settled.push(line);
        } else {
          line.settled = this.ledger.note();
        }
      }
    }
    const batch = this.store.transact(changes);
    transaction.batch = batch;
    for (const line of transaction.published) {
      line.batch = batch;
      line.publishedBy = transaction;
    }
    this.ledger.transactions.push(transaction);
    this.ledger.answered(batch);
  }

  #purge(queue: QueueLedger): void {
    const ready = this.ledger.ready(queue);
    if (queue.store.purge() !== ready.length) this.complaints.push(`${queue.id}: purged another number`);
    for (const line of ready) {
      line.state = 'settled';
      line.settled = this.ledger.note();
    }
  }

  #replace(queue: QueueLedger): void {
    queue.store.remove();
    this.ledger.queues.splice(this.ledger.queues.indexOf(queue), 1);
    this.ledger.transactions = [];
    this.#addQueue();
  }

  async #settleDown(): Promise<void> {
    for (let left = 30; left > 0; left--) {
      this.clock.advance(1);
      await turn();
    }
  }

  #checkCounts(queue: QueueLedger): void {
    if (!this.ledger.queues.includes(queue)) return;
    const ready = this.ledger.ready(queue);
    const octets = ready.reduce((sum, { length }) => sum + length, 0);
    if (queue.store.count === ready.length && queue.store.bytes === octets) return;
    this.complaints.push(`${queue.id}: ${queue.store.count} messages, not ${ready.length}`);
  }
}

function keyOf(entry: Entry): number {
  return Number.parseInt(bodyOf(entry.message), 10);
}

const factsOf = ({ priority, expiration, arrivedAt }: LineFacts): string =>
  [priority, expiration, arrivedAt].join();
