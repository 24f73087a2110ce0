import assert from 'node:assert/strict';
import type { Entry } from '../../lib/store/entry.js';
import type { MessageStore, QueueStore, StoreChange } from '../../lib/store/message-store.js';
import { bodyOf, messageOf, takeAll, takeOne } from './messages.js';

export type StoreCommand =
  | {
      readonly type: 'publish';
      readonly queues: readonly number[];
      readonly persistent: boolean;
      readonly size: number;
    }
  | {
      readonly type: 'take' | 'settle' | 'requeue';
      readonly queue: number;
      readonly which: readonly boolean[];
    }
  | {
      readonly type: 'transact';
      readonly queues: readonly number[];
      readonly from: number;
      readonly which: readonly boolean[];
    }
  | { readonly type: 'purge' | 'remove'; readonly queue: number }
  | { readonly type: 'commit' | 'stop' | 'kill' };

/** One message in one queue. */
interface Line {
  readonly key: number;
  /** Survives a restart once it is committed. */
  readonly isKept: boolean;
  /** The batch that makes it safe. */
  readonly batch: number;
  /** Lines of one transaction have the same. */
  readonly transaction: number | undefined;
  returns: number;
  /** Taken. */
  entry: Entry | undefined;
}

interface ModelQueue {
  readonly id: string;
  readonly durable: boolean;
  store: QueueStore;
  /** Ready and taken, in order of arrival. */
  lines: Line[];
  /** Settled since the last restart: may come back after a kill. */
  settled: Line[];
}

/** How the store under test is opened, stopped and killed. A store that nothing survives cannot be restarted. */
export interface StoreUnderTest {
  open(): Promise<MessageStore>;
  kill?(): void;
}

const isReady = ({ entry }: Line): boolean => entry === undefined;

/** Lists, and a store beside them that has to hold the same. Throws an AssertionError where it does not. */
export class StoreModel {
  readonly #tested: StoreUnderTest;
  readonly #queues: ModelQueue[] = [];
  #store!: MessageStore;
  #keys = 0;
  #ids = 0;
  #transactions = 0;

  constructor(tested: StoreUnderTest) {
    this.#tested = tested;
  }

  async run(commands: readonly StoreCommand[]): Promise<void> {
    this.#store = await this.#tested.open();
    for (const durable of [true, true, false]) this.#addQueue(durable);
    for (const command of commands) {
      await this.#do(command);
      this.#compareCounts();
    }
    for (const queue of this.#queues) await this.#compareContent(queue);
    await this.#store.close();
  }

  async #do(command: StoreCommand): Promise<void> {
    switch (command.type) {
      case 'publish':
        return this.#publish(command.queues, command.persistent, command.size);
      case 'take':
        return this.#take(this.#queues[command.queue]!, command.which.length);
      case 'settle':
        return this.#settle(this.#queues[command.queue]!, command.which);
      case 'requeue':
        return this.#requeue(this.#queues[command.queue]!, command.which);
      case 'transact':
        return this.#transact(command.queues, this.#queues[command.from]!, command.which);
      case 'purge':
        return this.#purge(this.#queues[command.queue]!);
      case 'remove':
        return this.#replace(command.queue);
      case 'commit':
        return this.#commit();
      case 'stop':
        return this.#tested.kill === undefined ? undefined : this.#restart(true);
      case 'kill':
        return this.#tested.kill === undefined ? undefined : this.#restart(false);
    }
  }

  #addQueue(durable: boolean, at = this.#queues.length): void {
    const id = `queue ${this.#ids++}`;
    this.#queues[at] = { id, durable, store: this.#open(id, durable), lines: [], settled: [] };
  }

  #open(id: string, durable: boolean): QueueStore {
    return this.#store.queue({ id, durable, readable: () => {} });
  }

  #publish(targets: readonly number[], persistent: boolean, size: number): void {
    const key = this.#keys++;
    const queues = targets.map((at) => this.#queues[at]!);
    const message = messageOf(`${key} ${'x'.repeat(size)}`, { persistent });
    const batch = this.#store.append(
      message,
      queues.map(({ store }) => store),
    );
    for (const queue of queues) queue.lines.push(lineOf(queue, key, persistent, batch));
  }

  async #take(queue: ModelQueue, count: number): Promise<void> {
    for (const line of queue.lines.filter(isReady).slice(0, count)) {
      line.entry = await takeOne(queue.store);
      assert.equal(keyOf(line.entry), line.key, 'the head');
      assert.equal(line.entry.returns, line.returns, 'returns');
    }
  }

  #settle(queue: ModelQueue, which: readonly boolean[]): void {
    for (const line of taken(queue, which)) {
      queue.store.settle(line.entry!);
      gone(queue, line);
    }
  }

  #requeue(queue: ModelQueue, which: readonly boolean[]): void {
    const lines = taken(queue, which);
    queue.store.requeue(lines.map(({ entry }) => entry!).toReversed());
    for (const line of lines) {
      line.entry = undefined;
      line.returns++;
    }
  }

  #transact(targets: readonly number[], from: ModelQueue, which: readonly boolean[]): void {
    const changes: StoreChange[] = [];
    const transaction = this.#transactions++;
    const queues = targets.map((at) => this.#queues[at]!);
    const keys = queues.map(() => this.#keys++);
    for (const [at, queue] of queues.entries())
      changes.push({ type: 'append', message: messageOf(`${keys[at]}`), queues: [queue.store] });
    const settled = taken(from, which);
    for (const { entry } of settled) changes.push({ type: 'settle', entry: entry!, queue: from.store });
    const batch = this.#store.transact(changes);
    for (const [at, queue] of queues.entries())
      queue.lines.push(lineOf(queue, keys[at]!, true, batch, transaction));
    for (const line of settled) gone(from, line);
  }

  #purge(queue: ModelQueue): void {
    const ready = queue.lines.filter(isReady);
    assert.equal(queue.store.purge(), ready.length, 'purged');
    for (const line of ready) gone(queue, line);
  }

  #replace(at: number): void {
    const { store, durable } = this.#queues[at]!;
    store.remove();
    this.#addQueue(durable, at);
  }

  async #commit(): Promise<void> {
    const batches = this.#queues.flatMap(({ lines }) => lines.map(({ batch }) => batch));
    const last = Math.max(0, ...batches);
    for (let turns = 0; this.#store.committed < last; turns++) {
      assert.ok(turns < 10_000, 'the batch is never committed');
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #restart(isClean: boolean): Promise<void> {
    if (isClean) await this.#store.close();
    else this.#tested.kill?.();
    const { committed } = this.#store;
    this.#store = await this.#tested.open();
    const arrived = new Map<number, boolean>();
    for (const queue of this.#queues) {
      queue.store = this.#open(queue.id, queue.durable);
      await this.#compareRestarted(queue, isClean ? Infinity : committed, isClean, arrived);
    }
    await this.#store.recovered();
  }

  /** What is there after a restart: all that has to be, nothing that must not be, in order. Goes on with that. */
  async #compareRestarted(
    queue: ModelQueue,
    committed: number,
    isClean: boolean,
    arrived: Map<number, boolean>,
  ): Promise<void> {
    const entries = await takeAll(queue.store);
    const known = [...queue.lines, ...(isClean ? [] : queue.settled)].filter(({ isKept }) => isKept);
    const found = entries.map((entry) => {
      const line = known.find(({ key }) => key === keyOf(entry));
      assert.ok(line !== undefined, `${queue.id}: ${keyOf(entry)} must not be there`);
      if (isClean)
        assert.equal(entry.returns, line.returns + (isReady(line) ? 0 : 1), `returns of ${line.key}`);
      return { ...line, batch: 0, transaction: undefined, returns: entry.returns, entry };
    });
    const keys = found.map(({ key }) => key);
    assert.deepEqual(
      keys,
      keys.toSorted((a, b) => a - b),
      `${queue.id}: order`,
    );
    for (const { key, isKept, batch, transaction } of queue.lines) {
      const isThere = keys.includes(key);
      if (isKept && batch <= committed) assert.ok(isThere, `${queue.id}: ${key} is missing`);
      if (!isKept || transaction === undefined) continue;
      assert.equal(isThere, arrived.get(transaction) ?? isThere, `transaction with ${key} in part`);
      arrived.set(transaction, isThere);
    }
    queue.lines = found;
    queue.settled = [];
  }

  #compareCounts(): void {
    for (const { id, store, lines } of this.#queues)
      assert.equal(store.count, lines.filter(isReady).length, id);
  }

  async #compareContent({ id, store, lines }: ModelQueue): Promise<void> {
    const entries = await takeAll(store);
    assert.deepEqual(
      entries.map((entry) => [keyOf(entry), entry.returns]),
      lines.filter(isReady).map(({ key, returns }) => [key, returns]),
      id,
    );
  }
}

function lineOf(
  queue: ModelQueue,
  key: number,
  persistent: boolean,
  batch: number,
  transaction?: number,
): Line {
  return { key, isKept: persistent && queue.durable, batch, transaction, returns: 0, entry: undefined };
}

/** The taken lines that are chosen; what is not mentioned is. */
function taken({ lines }: ModelQueue, which: readonly boolean[]): Line[] {
  return lines.filter((line) => !isReady(line)).filter((_line, at) => which[at] ?? true);
}

function gone(queue: ModelQueue, line: Line): void {
  queue.lines.splice(queue.lines.indexOf(line), 1);
  queue.settled.push(line);
}

const keyOf = ({ message }: Entry): number => Number.parseInt(bodyOf(message), 10);
