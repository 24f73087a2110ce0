import { ManualClock } from '../../lib/base/clock.js';
import { parseQueueArguments } from '../../lib/broker/arguments/queue-arguments.js';
import type { Destination } from '../../lib/broker/binding.js';
import { Exchange } from '../../lib/broker/exchange.js';
import { EXCHANGE_TYPES } from '../../lib/broker/exchange-type.js';
import { Queue, type QueueEvents } from '../../lib/broker/queue.js';
import type { Topology } from '../../lib/broker/router.js';
import { MemoryMessageStore } from '../../lib/store/memory-message-store.js';
import type { MessageStore } from '../../lib/store/message-store.js';
import { fromPlain } from '../../lib/wire/values.js';

const SILENT: QueueEvents = { ready: () => {}, deadLetter: () => {}, abandoned: () => {} };

/** Exchanges and queues that are there because the spec says so. */
export class TestTopology implements Topology {
  readonly #exchanges = new Map<string, Exchange>();
  readonly #queues = new Map<string, Queue>();
  readonly #store: MessageStore;
  readonly #events: QueueEvents;
  readonly clock = new ManualClock(1_700_000_000_000);

  constructor(store: MessageStore = new MemoryMessageStore(), events: QueueEvents = SILENT) {
    this.#store = store;
    this.#events = events;
  }

  exchange(name: string): Exchange | undefined {
    return this.#exchanges.get(name);
  }

  queue(name: string): Queue | undefined {
    return this.#queues.get(name);
  }

  addExchange(name: string, type: string, alternate?: string): this {
    const definition = {
      name,
      type,
      durable: true,
      autoDelete: false,
      internal: false,
      arguments: fromPlain({}),
    };
    const matcher = EXCHANGE_TYPES.get(type)!.create<Destination>();
    this.#exchanges.set(name, new Exchange(definition, matcher, alternate));
    return this;
  }

  addQueue(name: string, args: Record<string, unknown> = {}): Queue {
    const table = fromPlain(args);
    const flags = { durable: true, exclusive: false, autoDelete: false, owner: undefined };
    const definition = { id: name, name, ...flags, arguments: table };
    const options = parseQueueArguments(table);
    const queue = new Queue('/', definition, options, {
      messages: this.#store,
      clock: this.clock,
      events: this.#events,
      isRecovering: false,
    });
    this.#queues.set(name, queue);
    return queue;
  }

  removeQueue(name: string): void {
    this.#queues.get(name)?.delete();
    this.#queues.delete(name);
  }

  /** Binds the queue, or failing that the exchange, of that name. */
  bind(from: string, to: string, routingKey = '', args: Record<string, unknown> = {}): this {
    const source = this.#exchanges.get(from) as Exchange;
    const destination = (this.#queues.get(to) ?? this.#exchanges.get(to)) as Destination;
    const key = `${from} ${to} ${routingKey} ${JSON.stringify(args)}`;
    const binding = { key, source, destination, routingKey, arguments: fromPlain(args) };
    source.bind(binding);
    destination.incoming.set(key, binding);
    return this;
  }
}
