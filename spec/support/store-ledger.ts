import type { Entry } from '../../lib/store/entry.js';
import { type QueueStore, SAFE } from '../../lib/store/message-store.js';

/** Something that a batch tells without being waited for. */
export interface Note {
  /** The batch that carries it at the latest, once that is known. */
  batch: number | undefined;
}

/** Everything one transaction did. */
export interface TransactionLine {
  batch: number;
  readonly published: Line[];
  readonly settled: Line[];
}

/** What a message has besides its body, as the publisher gave it. */
export interface LineFacts {
  readonly priority: number;
  readonly expiration: number;
  readonly arrivedAt: number;
}

/** What the ledger knows about one message in one queue. */
export interface Line {
  readonly key: number;
  readonly facts: LineFacts;
  readonly persistent: boolean;
  readonly length: number;
  /** The batch after which it is confirmed. */
  batch: number;
  publishedBy: TransactionLine | undefined;
  entry: Entry | undefined;
  state: 'ready' | 'out' | 'settled';
  returns: number;
  /** When it was taken for the first time, put back for the last time, settled. */
  taken: Note | undefined;
  returned: { readonly note: Note; readonly returns: number }[];
  settled: Note | undefined;
  settledBy: TransactionLine | undefined;
}

export interface QueueLedger {
  readonly id: string;
  readonly durable: boolean;
  store: QueueStore;
  /** Everything since the last restart that is or was here, in order. */
  lines: Line[];
}

export interface Observed {
  readonly key: number;
  readonly returns: number;
}

/** A book outside the store about what it was given, what it promised and what it gave back. */
export class StoreLedger {
  readonly queues: QueueLedger[] = [];
  transactions: TransactionLine[] = [];
  #notes: Note[] = [];

  note(): Note {
    const note: Note = { batch: undefined };
    this.#notes.push(note);
    return note;
  }

  /** The store answered with this batch: it carries everything that was noted before. */
  answered(batch: number): void {
    if (batch === SAFE) return;
    for (const note of this.#notes) note.batch = batch;
    this.#notes = [];
  }

  ready(queue: QueueLedger): Line[] {
    return queue.lines.filter(({ state }) => state === 'ready');
  }

  out(queue: QueueLedger): Line[] {
    return queue.lines.filter(({ state }) => state === 'out');
  }

  /** What is wrong with what a queue has after a restart; nothing when it is as promised. */
  complaints(
    queue: QueueLedger,
    observed: readonly Observed[],
    committed: number,
    isClean: boolean,
  ): string[] {
    const found = new Map(observed.map((one) => [one.key, one.returns]));
    const wrong: string[] = [];
    if (found.size !== observed.length) wrong.push('a message is there twice');
    if (observed.some(({ key }, index) => index > 0 && key < observed[index - 1]!.key))
      wrong.push('out of order');
    const known = new Set(queue.lines.map(({ key }) => key));
    for (const { key } of observed) if (!known.has(key)) wrong.push(`${key} was never there`);
    for (const line of queue.lines)
      wrong.push(...lineComplaints(line, found.get(line.key), committed, isClean));
    return wrong.map((text) => `${queue.id}: ${text}`);
  }

  /** What is wrong with transactions of which a restart left a part. `isFound` looks into all queues. */
  transactionComplaints(isFound: (line: Line) => boolean, committed: number): string[] {
    const wrong: string[] = [];
    for (const { published, settled, batch } of this.transactions) {
      const mustBe = published.filter(({ persistent, state }) => persistent && state !== 'settled');
      const arrived = mustBe.filter(isFound);
      const returned = settled.filter(isFound);
      if (arrived.length > 0 && arrived.length < mustBe.length)
        wrong.push(`batch ${batch}: published in part`);
      if (arrived.length > 0 && returned.length > 0) wrong.push(`batch ${batch}: published but not settled`);
      const gone = settled.filter((line) => !isFound(line) && line.batch <= committed);
      if (mustBe.length > 0 && arrived.length === 0 && gone.length > 0)
        wrong.push(`batch ${batch}: settled only`);
    }
    return wrong;
  }

  /** Begins anew with what a restart left. Everything in it is confirmed. */
  restart(): void {
    this.#notes = [];
    this.transactions = [];
  }
}

function isSynced(note: Note | undefined, committed: number): boolean {
  return note?.batch !== undefined && note.batch <= committed;
}

/** @param returns how often it came back according to the store; undefined when it is not there */
function lineComplaints(
  line: Line,
  returns: number | undefined,
  committed: number,
  isClean: boolean,
): string[] {
  const isConfirmed = line.persistent && (isClean || line.batch <= committed);
  if (returns === undefined) {
    return isConfirmed && line.state !== 'settled' ? [`${line.key} was confirmed and is missing`] : [];
  }
  const wrong: string[] = [];
  if (!line.persistent) wrong.push(`${line.key} is transient and came back`);
  const settledBatch = line.settledBy?.batch ?? line.settled?.batch ?? Infinity;
  if (line.state === 'settled' && (isClean || settledBatch <= committed))
    wrong.push(`${line.key} was settled`);
  let least = isSynced(line.taken, committed) ? 1 : 0;
  for (const { note, returns: count } of line.returned) if (isSynced(note, committed)) least = count;
  // A purge that is lost with a torn batch may leave the mark behind that says how far the queue was taken from.
  const wasPassed = line.taken !== undefined || line.returned.length > 0 || line.state === 'settled';
  const most = wasPassed ? line.returns + 1 : line.returns;
  if (returns < least || returns > most)
    wrong.push(`${line.key} came back ${returns} times, not ${least} to ${most}`);
  const exact = line.state === 'out' ? line.returns + 1 : line.returns;
  if (isClean && line.state !== 'settled' && returns !== exact) {
    wrong.push(`${line.key} came back ${returns} times, not ${exact}`);
  }
  return wrong;
}
