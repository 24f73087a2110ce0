import { ManualClock } from '../../lib/base/clock.js';
import { parseQueueArguments } from '../../lib/broker/arguments/queue-arguments.js';
import { publish } from '../../lib/broker/publish.js';
import {
  type DeadLetterReason,
  Queue,
  type QueueDefinition,
  type QueueEvents,
} from '../../lib/broker/queue.js';
import type { Subscription } from '../../lib/broker/roster.js';
import type { Entry } from '../../lib/store/entry.js';
import type { Message } from '../../lib/store/message.js';
import { fromPlain } from '../../lib/wire/values.js';
import { bodyOf, type MessageOptions, messageOf } from '../support/messages.js';
import { TestConsumer, type TestConsumerOptions } from './test-consumer.js';
import { TestMessageStore, type TestQueueStore } from './test-message-store.js';

/** A queue by itself, with the rest of the broker played by the spec. */
export class TestQueue implements QueueEvents {
  readonly clock = new ManualClock(1_700_000_000_000);
  readonly store = new TestMessageStore();
  readonly queue: Queue;
  /** How often the queue said that it is ready. */
  announcements = 0;
  /** `body reason` of what was dead-lettered. */
  readonly dead: string[] = [];
  abandonments = 0;
  #ready = false;

  /** @param kept what the queue holds from before a restart */
  constructor(
    args: Record<string, unknown> = {},
    flags: Partial<QueueDefinition> = {},
    kept: readonly Message[] = [],
  ) {
    const table = fromPlain(args);
    const definition: QueueDefinition = {
      id: 'q1',
      name: 'q',
      durable: true,
      exclusive: false,
      autoDelete: false,
      owner: undefined,
      arguments: table,
      ...flags,
    };
    this.store.kept.set(definition.id, kept);
    this.queue = new Queue('/', definition, parseQueueArguments(table), {
      messages: this.store,
      clock: this.clock,
      events: this,
      isRecovering: kept.length > 0,
    });
  }

  ready(): void {
    this.announcements++;
    this.#ready = true;
  }

  deadLetter(queue: Queue, entry: Entry, reason: DeadLetterReason): void {
    this.dead.push(`${bodyOf(entry.message)} ${reason}`);
    queue.settle(entry);
  }

  abandoned(): void {
    this.abandonments++;
  }

  /** Publishes now, each body as a message of its own; returns the last one's batch. */
  publish(bodies: string | readonly string[], options: MessageOptions = {}): number {
    let batch = 0;
    for (const body of typeof bodies === 'string' ? [bodies] : bodies) {
      const message = messageOf(body, { arrivedAt: this.clock.now(), ...options });
      batch = publish(this.store, message, [this.queue]);
    }
    return batch;
  }

  /** Delivers, turn after turn, until the queue has nothing more to do; says how many turns it took. */
  turns(): number {
    let turns = 0;
    for (let more = this.#wasReady(); more; turns++) more = this.queue.drain() || this.#wasReady();
    return turns;
  }

  #wasReady(): boolean {
    const ready = this.#ready;
    this.#ready = false;
    return ready;
  }

  /** The body of the next message, which stays taken. */
  get(): string | undefined {
    const entry = this.queue.take(false);
    return entry === undefined ? undefined : bodyOf(entry.message);
  }

  take(): Entry {
    const entry = this.queue.take(false);
    if (entry === undefined) throw new Error('the queue has nothing to take');
    return entry;
  }

  takeMany(count: number): Entry[] {
    return Array.from({ length: count }, () => this.take());
  }

  /** Takes everything that is there and settles it. */
  empty(): string[] {
    const bodies: string[] = [];
    for (let entry = this.queue.take(true); entry !== undefined; entry = this.queue.take(true))
      bodies.push(bodyOf(entry.message));
    return bodies;
  }

  consume(tag: string, options: TestConsumerOptions = {}): [TestConsumer, Subscription] {
    const consumer = new TestConsumer(tag, options);
    return [consumer, this.queue.attach(consumer)];
  }

  /** The store of one priority. */
  level(priority = 0): TestQueueStore {
    return this.queue.levelOf(messageOf('', { priority })) as TestQueueStore;
  }
}
