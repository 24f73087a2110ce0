import { assert } from '../base/assert.js';
import type { Clock, Timer } from '../base/clock.js';
import { Entry } from '../store/entry.js';
import type { Message } from '../store/message.js';
import type { MessageStore, QueueStore, StoreChange } from '../store/message-store.js';
import type { FieldTable } from '../wire/values.js';
import type { QueueOptions } from './arguments/queue-arguments.js';
import type { Binding } from './binding.js';
import type { Consumer } from './consumer.js';
import { HeadExpiry } from './head-expiry.js';
import { LengthLimit, type Load, NO_LOAD } from './length-limit.js';
import { levelId } from './level-id.js';
import { PriorityLevels } from './priority-levels.js';
import { Roster, type Subscription } from './roster.js';

export interface QueueDefinition {
  /** Names this incarnation; a queue declared again under the same name has another. */
  readonly id: string;
  readonly name: string;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  /** Id of the connection that an exclusive queue belongs to. */
  readonly owner: string | undefined;
  readonly arguments: FieldTable;
}

export type DeadLetterReason = 'rejected' | 'expired' | 'maxlen' | 'delivery_limit';

/** What a queue tells the rest of the broker. */
export interface QueueEvents {
  /** There may be something to deliver. Called once until a `drain` has answered that there is no more. */
  ready(queue: Queue): void;
  /** The entry left the queue and has to be republished to its dead-letter exchange, then passed to `settle`. */
  deadLetter(queue: Queue, entry: Entry, reason: DeadLetterReason): void;
  /** Nobody uses the queue any more, and it was declared to go then. */
  abandoned(queue: Queue): void;
}

/** What a queue is given by its vhost. */
export interface QueuePorts {
  readonly messages: MessageStore;
  readonly clock: Clock;
  readonly events: QueueEvents;
  /** The node has started just now: what it kept may have messages. */
  readonly isRecovering: boolean;
}

/** Deliveries to one queue in one turn, so that its neighbours and the sockets have theirs. */
const DELIVERIES_PER_TURN = 2048;
/** Messages of one queue that expire in one go, for the same reason. */
const EXPIRED_PER_TURN = 1024;

/** Position of an entry that stands for a message which the queue refused. */
const NEVER_ENQUEUED = -1;

/** Messages in order, and the consumers that take them. */
export class Queue {
  readonly kind = 'queue';
  readonly definition: QueueDefinition;
  readonly options: QueueOptions;
  readonly vhost: string;
  /** Bindings to this queue, by key. */
  readonly incoming = new Map<string, Binding>();
  readonly #levels: PriorityLevels;
  /** One for each priority that has had messages, the lowest first; only one where the queue has no priorities. */
  readonly levels: readonly QueueStore[];
  /** Takes every message, and all into the same level. */
  readonly isPlain: boolean;
  readonly #clock: Clock;
  readonly #events: QueueEvents;
  readonly #roster: Roster;
  readonly #limit: LengthLimit;
  readonly #expiry: HeadExpiry;
  #unacked = 0;
  #announced = false;
  #deleted = false;
  #hadConsumer = false;
  /** The length limit is applied after the next round of deliveries. */
  #overflowing = false;
  #readers: (() => void)[] = [];
  #idle: Timer | undefined;

  constructor(
    vhost: string,
    definition: QueueDefinition,
    options: QueueOptions,
    { messages, clock, events, isRecovering }: QueuePorts,
  ) {
    this.vhost = vhost;
    this.definition = definition;
    this.options = options;
    this.#clock = clock;
    this.#events = events;
    this.#roster = new Roster(options.singleActiveConsumer);
    this.#limit = new LengthLimit(options);
    this.#expiry = new HeadExpiry(clock, options.messageTtl, () => this.#expireHeads());
    const most = options.maxPriority ?? 0;
    const open = (priority: number): QueueStore =>
      messages.queue({
        id: levelId(definition.id, priority),
        durable: definition.durable && !definition.exclusive,
        readable: () => this.#becameReadable(),
      });
    this.#levels = new PriorityLevels(most, open, isRecovering);
    this.levels = this.#levels.open;
    this.isPlain = most === 0 && !this.#limit.refuses;
    this.touch();
    this.#expiry.recover(this.levels);
  }

  get name(): string {
    return this.definition.name;
  }

  /** Ready messages. */
  get messageCount(): number {
    return this.#levels.count;
  }

  /** Bytes of the ready messages' bodies. */
  get byteCount(): number {
    return this.#levels.bytes;
  }

  /** Delivered, not settled yet. */
  get unackedCount(): number {
    return this.#unacked;
  }

  get consumerCount(): number {
    return this.#roster.size;
  }

  get hasExclusiveConsumer(): boolean {
    return this.#roster.hasExclusive;
  }

  /** Where the message belongs in this queue. */
  levelOf(message: Message): QueueStore {
    return this.#levels.of(message.priority);
  }

  /** True: the queue is full, was declared to refuse then, and does not take the message. */
  refuse(message: Message, ahead: Readonly<Load> = NO_LOAD): boolean {
    if (!this.#limit.refuses || this.#limit.fits(this.levels, message, ahead)) return false;
    // Who waits makes room first. This is the one delivery in a publisher's stack: its answer depends on it.
    if (this.#roster.hasReady) {
      this.#serve();
      if (this.#limit.fits(this.levels, message, ahead)) return false;
      // Who waits still is going to take what is ahead.
      if (ahead.count > 0 && this.#roster.hasReady) return false;
    }
    if (this.options.overflow === 'reject-publish-dlx')
      this.#discard(new Entry(message, NEVER_ENQUEUED, 0), 'maxlen');
    return true;
  }

  /** A message was added to the store. */
  arrived(message: Message): void {
    if (this.#limit.dropsHead) this.#limitArrival();
    if (this.#expiry.notice(message)) {
      // One that may hardly wait is still delivered if somebody waits for it.
      if (this.#roster.hasReady) this.#expiry.spare(message);
      this.#expiry.arm(this.levels);
    }
    this.#announce();
  }

  /** Serves the ready consumers. True: there is more to do than one turn's worth, so it has to be called again. */
  drain(): boolean {
    this.#announced = this.#serve();
    if (this.#announced) return true;
    this.#expiry.spareNone();
    if (this.#overflowing) this.#dropOverflow();
    this.#expiry.arm(this.levels);
    return false;
  }

  #serve(): boolean {
    const roster = this.#roster;
    for (let budget = DELIVERIES_PER_TURN; budget > 0; budget--) {
      if (this.#levels.isEmpty) return false;
      const subscription = roster.next();
      if (subscription === undefined) return false;
      const { consumer } = subscription;
      const entry = this.take(consumer.noAck);
      if (entry === undefined) {
        roster.resume(subscription);
        return false;
      }
      consumer.deliver(entry);
      roster.resume(subscription);
    }
    return !this.#levels.isEmpty;
  }

  /** The next message, for basic.get or a consumer. `settled`: it counts as acknowledged when handed over. */
  take(settled: boolean): Entry | undefined {
    const entry = this.#takeLive(settled);
    if (this.#expiry.pending) this.#expiry.arm(this.levels);
    return entry;
  }

  #takeLive(settled: boolean): Entry | undefined {
    for (let i = this.levels.length - 1; i >= 0; i--) {
      const level = this.levels[i] as QueueStore;
      for (let entry = level.take(); entry !== undefined; entry = level.take()) {
        if (this.#expiry.isExpired(entry.message)) {
          this.#discard(entry, 'expired');
          continue;
        }
        if (settled) level.settle(entry);
        else this.#unacked++;
        return entry;
      }
      if (level.count > 0) return undefined;
    }
    return undefined;
  }

  acknowledge(entry: Entry): void {
    this.#unacked--;
    if (!this.#deleted) this.levelOf(entry.message).settle(entry);
  }

  /** Like `acknowledge`, as part of a store transaction. */
  acknowledgeIn(changes: StoreChange[], entry: Entry): void {
    this.#unacked--;
    if (!this.#deleted) changes.push({ type: 'settle', entry, queue: this.levelOf(entry.message) });
  }

  /** Not wanted back: dead-lettered where the queue says so. */
  reject(entry: Entry): void {
    this.#unacked--;
    if (!this.#deleted) this.#discard(entry, 'rejected');
  }

  /** Taken entries go back to their places. */
  requeue(entries: readonly Entry[]): void {
    this.#unacked -= entries.length;
    if (this.#deleted) return;
    const kept = this.options.deliveryLimit === undefined ? entries : this.#underDeliveryLimit(entries);
    for (const { message } of kept) this.#expiry.notice(message);
    if (this.levels.length === 1) this.levels[0]?.requeue(kept);
    else for (const entry of kept) this.levelOf(entry.message).requeue([entry]);
    if (this.#limit.dropsHead) this.#dropOverflow();
    this.#expiry.arm(this.levels);
    this.#announce();
  }

  /** An entry that was dead-lettered is safe in its new place, or was dropped; the node may be stopping. */
  settle(entry: Entry): void {
    if (entry.position !== NEVER_ENQUEUED) this.levelOf(entry.message).settle(entry);
  }

  attach(consumer: Consumer): Subscription {
    assert(!this.#deleted, 'a deleted queue takes no consumer');
    this.#hadConsumer = true;
    this.#idle?.cancel();
    const subscription = this.#roster.add(consumer);
    this.#announce();
    return subscription;
  }

  detach(subscription: Subscription): void {
    this.#roster.remove(subscription);
    if (this.#deleted) return;
    this.#announce();
    this.touch();
    if (this.definition.autoDelete && this.#hadConsumer && this.#roster.size === 0)
      this.#events.abandoned(this);
  }

  /** Resolves when a `take` that found messages but could not read them yet is worth repeating. */
  whenReadable(): Promise<void> {
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  /** The consumer may have credit again. */
  resume(subscription: Subscription): void {
    this.#roster.resume(subscription);
    this.#announce();
  }

  isActive(subscription: Subscription): boolean {
    return !this.options.singleActiveConsumer || this.#roster.active === subscription;
  }

  /** The queue was used; its x-expires starts again. */
  touch(): void {
    const { expires } = this.options;
    if (expires === undefined) return;
    this.#idle?.cancel();
    if (this.#roster.size > 0 || this.#deleted) return;
    this.#idle = this.#clock.after(expires, () => this.#events.abandoned(this));
  }

  /** Drops what is ready and says how many they were. */
  purge(): number {
    let purged = 0;
    for (const level of this.levels) purged += level.purge();
    return purged;
  }

  /** The definition is gone: forgets everything and tells the consumers. */
  delete(): void {
    assert(!this.#deleted, 'a queue is deleted once');
    this.#deleted = true;
    this.#stopTimers();
    this.#becameReadable();
    for (const level of this.levels) level.remove();
    for (const subscription of this.#roster) {
      this.#roster.remove(subscription);
      subscription.consumer.cancelled();
    }
  }

  /** The node stops: no timer of this queue fires any more. */
  stop(): void {
    this.#stopTimers();
    this.#deleted = true;
  }

  get isDeleted(): boolean {
    return this.#deleted;
  }

  #becameReadable(): void {
    const readers = this.#readers;
    this.#readers = [];
    for (const resolve of readers) resolve();
    if (this.#limit.dropsHead && !this.#deleted) this.#limitArrival();
    this.#expiry.arm(this.levels);
    this.#announce();
  }

  #announce(): void {
    if (this.#announced || this.#deleted || this.#roster.size === 0) return;
    this.#announced = true;
    this.#events.ready(this);
  }

  /** What a waiting consumer is about to take does not count against the limit. */
  #limitArrival(): void {
    this.#overflowing = this.#roster.hasReady;
    if (!this.#overflowing) this.#dropOverflow();
  }

  #dropOverflow(): void {
    this.#overflowing = false;
    while (this.#limit.isOver(this.levels)) {
      const entry = this.#levels.highest?.take();
      if (entry === undefined) break;
      this.#discard(entry, 'maxlen');
    }
    this.#expiry.arm(this.levels);
  }

  #underDeliveryLimit(entries: readonly Entry[]): readonly Entry[] {
    const limit = this.options.deliveryLimit ?? -1;
    if (limit < 0) return entries;
    return entries.filter((entry) => {
      if (entry.returns < limit) return true;
      this.#discard(entry, 'delivery_limit');
      return false;
    });
  }

  #discard(entry: Entry, reason: DeadLetterReason): void {
    if (this.options.deadLetterExchange === undefined) this.settle(entry);
    else this.#events.deadLetter(this, entry, reason);
  }

  #expireHeads(): void {
    let left = EXPIRED_PER_TURN;
    for (const level of this.levels) {
      for (let head = level.head(); head !== undefined && this.#expiry.isExpired(head); head = level.head()) {
        const entry = left > 0 ? level.take() : undefined;
        if (entry === undefined) break;
        this.#discard(entry, 'expired');
        left--;
      }
    }
    this.#expiry.arm(this.levels);
  }

  #stopTimers(): void {
    this.#expiry.stop();
    this.#idle?.cancel();
  }
}
