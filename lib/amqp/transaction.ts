import type { Turn } from '../base/turn.js';
import type { Load } from '../broker/length-limit.js';
import { publish, REFUSED } from '../broker/publish.js';
import type { Queue } from '../broker/queue.js';
import type { Message } from '../store/message.js';
import { type MessageStore, type QueueStore, SAFE, type StoreChange } from '../store/message-store.js';
import type { Deliveries, Settlement } from './deliveries.js';
import type { Delivery } from './unacked-ledger.js';

/** A publish that takes effect when its transaction commits: then it is a change to the store, too. */
class PendingPublish {
  readonly type = 'append';
  readonly message: Message;
  readonly mandatory: boolean;
  targets: readonly Queue[];
  /** Set by `resolve`. */
  queues: readonly QueueStore[] = [];

  constructor(message: Message, targets: readonly Queue[], mandatory: boolean) {
    this.message = message;
    this.targets = targets;
    this.mandatory = mandatory;
  }

  /** Mandatory, and to no queue, or to none that is left. */
  get isUnroutable(): boolean {
    return this.mandatory && this.forgetDeleted().length === 0;
  }

  /** Leaves out the queues that are not there any more. */
  forgetDeleted(): readonly Queue[] {
    if (this.targets.some(isDeleted)) this.targets = this.targets.filter((queue) => !isDeleted(queue));
    return this.targets;
  }

  /** Finds where the message goes in each queue that takes it. False: a full one refuses it. */
  resolve(ahead: Ahead): boolean {
    const { message } = this;
    const wanted = this.forgetDeleted();
    const [only] = wanted;
    if (wanted.length === 1 && only?.isPlain === true) {
      this.queues = only.levels;
      return true;
    }
    this.targets = wanted.filter((queue) => ahead.admit(queue, message));
    this.queues = this.targets.map((queue) => queue.levelOf(message));
    return this.targets.length === wanted.length;
  }
}

/** What one commit puts into queues that cannot know of it before all of it is put. */
class Ahead {
  readonly #loads = new Map<Queue, Load>();

  /** False: the queue is full with what is ahead of the message, and refuses. */
  admit(queue: Queue, message: Message): boolean {
    if (queue.isPlain) return true;
    let load = this.#loads.get(queue);
    if (load === undefined) this.#loads.set(queue, (load = { count: 0, bytes: 0 }));
    if (queue.refuse(message, load)) return false;
    load.count++;
    load.bytes += message.bodyLength;
    return true;
  }
}

/** What became of a commit. */
export interface Committed {
  /** To wait for before anyone is told. */
  readonly batch: number;
  /** A full queue refused something. */
  readonly isPartial: boolean;
}

interface PendingSettlement {
  readonly deliveries: readonly Delivery[];
  readonly how: Settlement;
}

/** What a commit needs of its channel. */
export interface CommitPorts {
  readonly messages: MessageStore;
  readonly turn: Turn;
  readonly deliveries: Deliveries;
  /** A mandatory message goes nowhere. */
  readonly unroutable: (message: Message) => void;
}

/** Transient messages published in one turn, so that a large transaction leaves the others theirs. */
const PER_TURN = 8192;

/** What a transactional channel has published and settled since its last commit. [AMQP 1.9 tx] */
export class Transaction {
  #publishes: PendingPublish[] = [];
  #settlements: PendingSettlement[] = [];
  /** Something published may have to survive a crash. */
  #persistent = false;

  publish(message: Message, queues: readonly Queue[], mandatory: boolean): void {
    this.#publishes.push(new PendingPublish(message, queues, mandatory));
    this.#persistent ||= message.persistent;
  }

  settle(deliveries: readonly Delivery[], how: Settlement): void {
    this.#settlements.push({ deliveries, how });
  }

  /**
   * Publishes, then settles, as one store transaction. Once begun it is carried through, whatever becomes of the
   * channel.
   */
  async commit(ports: CommitPorts): Promise<Committed> {
    const publishes = this.#publishes;
    const settlements = this.#settlements;
    const persistent = this.#persistent;
    this.#publishes = [];
    this.#settlements = [];
    this.#persistent = false;
    if (persistent) return commitAtOnce(ports, publishes, settlements);
    // A crash forgets all of these anyway, so they need not be one record.
    let isPartial = false;
    for (let at = 0; at < publishes.length; at += PER_TURN) {
      if (at > 0) await ports.turn.next();
      if (!publishSome(ports, publishes.slice(at, at + PER_TURN))) isPartial = true;
    }
    return { batch: commitAtOnce(ports, [], settlements).batch, isPartial };
  }

  /** Publishes are forgotten; what was settled is outstanding again, under its old tags. */
  rollback(deliveries: Deliveries): void {
    this.#publishes = [];
    this.#persistent = false;
    const settlements = this.#settlements;
    this.#settlements = [];
    for (const { deliveries: settled } of settlements) {
      for (const delivery of settled) deliveries.ledger.restore(delivery);
    }
  }
}

/** False: a full queue refused something. */
function publishSome({ messages, unroutable }: CommitPorts, publishes: readonly PendingPublish[]): boolean {
  let allTaken = true;
  for (const pending of publishes) {
    if (pending.isUnroutable) unroutable(pending.message);
    const queues = pending.forgetDeleted();
    if (queues.length > 0 && publish(messages, pending.message, queues) === REFUSED) allTaken = false;
  }
  return allTaken;
}

function commitAtOnce(
  { messages, deliveries, unroutable }: CommitPorts,
  publishes: readonly PendingPublish[],
  settlements: readonly PendingSettlement[],
): Committed {
  const changes: StoreChange[] = [];
  const ahead = new Ahead();
  let isPartial = false;
  for (const pending of publishes) {
    if (pending.isUnroutable) unroutable(pending.message);
    if (!pending.resolve(ahead)) isPartial = true;
    if (pending.targets.length > 0) changes.push(pending);
  }
  for (const { deliveries: settled, how } of settlements) {
    if (how !== 'ack') continue;
    for (const { entry, taker } of settled) taker.queue.acknowledgeIn(changes, entry);
  }
  const batch = changes.length === 0 ? SAFE : messages.transact(changes);
  for (const { message, targets } of publishes) for (const queue of targets) queue.arrived(message);
  for (const { deliveries: settled, how } of settlements) {
    if (how === 'ack') for (const { taker } of settled) taker.settled();
    else deliveries.finish(settled, how);
  }
  return { batch, isPartial };
}

function isDeleted(queue: Queue): boolean {
  return queue.isDeleted;
}
