import { eachTarget } from './message-record.js';
import { readProgressRecord } from './progress-record.js';
import {
  type QueueName,
  type QueueRecord,
  readNameRecord,
  readQueueRecord,
  readRemovedRecord,
} from './queue-record.js';
import { RECORD, RECORD_HEADER } from './record.js';
import { firstRangeAbove, isCovered, joinRanges } from './settled-ranges.js';
import type { WalStretches } from './wal-stretches.js';

/** Settled ranges are joined when there are this many numbers, so that a long log does not fill the memory. */
const JOIN_FROM = 1 << 16;

/** What the records say about one queue number. */
export class QueueFacts {
  readonly number: number;
  /** Undefined as long as no record tells it. */
  id: string | undefined;
  /** WAL file of the last queue record. */
  home = 0;
  /** How much the queue record takes there. */
  octets = 0;
  /** Above every position that is mentioned anywhere. */
  next = 0;
  taken = 0;
  /** The last WAL file that says that the number is done with. */
  removedBy: number | undefined;
  readonly returns = new Map<number, number>();
  #settled: number[] = [];
  #joined = true;
  #joinAt = JOIN_FROM;

  constructor(number: number) {
    this.number = number;
  }

  remove(home: number): void {
    this.removedBy = home;
  }

  see(position: number): void {
    if (position >= this.next) this.next = position + 1;
  }

  settle(from: number, to: number): void {
    this.#settled.push(from, to);
    this.#joined = false;
    if (to > this.next) this.next = to;
    if (this.#settled.length < this.#joinAt) return;
    this.#joinAt = Math.max(JOIN_FROM, this.settled().length * 2);
  }

  settled(): readonly number[] {
    if (!this.#joined) this.#settled = [...joinRanges(this.#settled)];
    this.#joined = true;
    return this.#settled;
  }

  isSettled(position: number): boolean {
    return isCovered(this.settled(), position);
  }

  /** Whether all of [from, to] are. */
  areSettled(from: number, to: number): boolean {
    const settled = this.settled();
    const at = firstRangeAbove(settled, from) * 2;
    return at < settled.length && settled[at]! <= from && settled[at + 1]! > to;
  }

  know(record: QueueRecord, home: number, octets: number): void {
    this.home = home;
    this.octets = octets;
    if (record.next > this.next) this.next = record.next;
    if (record.taken > this.taken) this.taken = record.taken;
    let from = 0;
    for (const live of record.live) {
      if (live.from > from) this.settle(from, live.from);
      from = live.to;
    }
    if (record.next > from) this.settle(from, record.next);
  }
}

/** The first reading of the log: everything but the messages themselves. */
export class RecoveredFacts {
  readonly #queues = new Map<number, QueueFacts>();
  readonly #numbers = new Map<string, number>();
  /** Above every queue number that is mentioned anywhere. */
  nextQueue = 1;

  /** Takes in one record of the WAL file `home`, and adds the messages in it to `stretches`. */
  visit(
    home: number,
    type: number,
    bytes: Buffer,
    start: number,
    end: number,
    stretches: WalStretches,
  ): void {
    switch (type) {
      case RECORD.message:
        return eachTarget(bytes, start, (queue, position) => {
          this.of(queue).see(position);
          stretches.add(queue, position);
        });
      case RECORD.progress:
        return this.#progress(bytes, start);
      case RECORD.queue:
        return this.#queue(readQueueRecord(bytes, start), home, 2 * (end - start));
      case RECORD.removed:
        this.of(readRemovedRecord(bytes, start)).remove(home);
        return undefined;
      case RECORD.name:
        return this.#nameIn(home, readNameRecord(bytes, start));
      case RECORD.transaction:
        return eachInside(bytes, start, end, (inner, from, to) => {
          this.visit(home, inner, bytes, from, to, stretches);
        });
      default:
        return undefined;
    }
  }

  of(number: number): QueueFacts {
    let facts = this.#queues.get(number);
    if (facts === undefined) {
      facts = new QueueFacts(number);
      this.#queues.set(number, facts);
      if (number >= this.nextQueue) this.nextQueue = number + 1;
    }
    return facts;
  }

  /** The queues that have a name, one per id, and are not removed. */
  *known(): Iterable<QueueFacts> {
    for (const facts of this.#named()) if (this.#numbers.get(facts.id) === facts.number) yield facts;
  }

  /** Numbers of queues that have got another one since, although nothing says any more that these are done with. */
  *superseded(): Iterable<number> {
    for (const { id, number } of this.#named()) if (this.#numbers.get(id) !== number) yield number;
  }

  *#named(): Iterable<QueueFacts & { readonly id: string }> {
    for (const facts of this.#queues.values())
      if (isNamed(facts) && facts.removedBy === undefined) yield facts;
  }

  #queue(record: QueueRecord, home: number, octets: number): void {
    this.of(record.number).know(record, home, octets);
    this.name(record);
  }

  /** A file that mentions a queue must not go before the queue's record was written anew. */
  #nameIn(home: number, name: QueueName): void {
    this.name(name);
    const facts = this.of(name.number);
    if (facts.home === 0) facts.home = home;
  }

  name({ number, id }: QueueName): void {
    this.of(number).id = id;
    const last = this.#numbers.get(id);
    if (last === undefined || last < number) this.#numbers.set(id, number);
  }

  /** Numbers that are done with, according to this WAL file. */
  *removedBy(home: number): Iterable<number> {
    for (const { number, removedBy } of this.#queues.values()) if (removedBy === home) yield number;
  }

  #progress(bytes: Buffer, start: number): void {
    const { number, taken, settled, returned } = readProgressRecord(bytes, start);
    const facts = this.of(number);
    if (taken > facts.taken) facts.taken = taken;
    facts.see(taken - 1);
    for (let i = 0; i < settled.length; i += 2) facts.settle(settled[i]!, settled[i + 1]!);
    for (let i = 0; i < returned.length; i += 2) {
      facts.returns.set(returned[i]!, returned[i + 1]!);
    }
  }
}

function isNamed(facts: QueueFacts): facts is QueueFacts & { id: string } {
  return facts.id !== undefined;
}

/** Calls `visit` for each record inside a transaction record. */
export function eachInside(
  bytes: Buffer,
  start: number,
  end: number,
  visit: (type: number, start: number, end: number) => void,
): void {
  let at = start + RECORD_HEADER;
  while (at < end) {
    const to = at + bytes.readUInt32LE(at + 4);
    visit(bytes[at + 8]!, at, to);
    at = to;
  }
}
