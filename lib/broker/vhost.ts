import { assert } from '../base/assert.js';
import type { JsonValue } from '../meta/metadata-store.js';
import { EMPTY_TABLE } from '../wire/values.js';
import { parseExchangeArguments } from './arguments/exchange-arguments.js';
import { parseQueueArguments } from './arguments/queue-arguments.js';
import type { Binding, Destination } from './binding.js';
import { readBinding, readExchange, readQueue } from './definitions.js';
import { Exchange, type ExchangeDefinition } from './exchange.js';
import { EXCHANGE_TYPES } from './exchange-type.js';
import { Queue, type QueueDefinition, type QueueEvents } from './queue.js';
import type { Topology } from './router.js';
import type { MessageStore } from '../store/message-store.js';
import type { Clock } from '../base/clock.js';

/** Name, type and whether only the broker publishes to it. */
const PREDECLARED: readonly (readonly [name: string, type: string, internal: boolean])[] = [
  ['', 'direct', false],
  ['amq.direct', 'direct', false],
  ['amq.fanout', 'fanout', false],
  ['amq.topic', 'topic', false],
  ['amq.headers', 'headers', false],
  ['amq.match', 'headers', false],
  ['amq.rabbitmq.trace', 'topic', true],
];

export interface VhostPorts {
  readonly messages: MessageStore;
  readonly clock: Clock;
  readonly events: QueueEvents;
}

/** Exchanges, queues and bindings of one vhost. They change through `apply` alone, whoever declared them. */
export class Vhost implements Topology {
  readonly name: string;
  readonly exchanges = new Map<string, Exchange>();
  readonly queues = new Map<string, Queue>();
  readonly #bindings = new Map<string, Binding>();
  readonly #ports: VhostPorts;
  #version = 0;

  constructor(name: string, ports: VhostPorts) {
    this.name = name;
    this.#ports = ports;
    for (const [exchange, type, internal] of PREDECLARED) {
      this.#addExchange({
        name: exchange,
        type,
        durable: true,
        autoDelete: false,
        internal,
        arguments: EMPTY_TABLE,
      });
    }
  }

  /** Grows with every change: what was routed under an older version may go elsewhere now. */
  get version(): number {
    return this.#version;
  }

  exchange(name: string): Exchange | undefined {
    return this.exchanges.get(name);
  }

  queue(name: string): Queue | undefined {
    return this.queues.get(name);
  }

  binding(key: string): Binding | undefined {
    return this.#bindings.get(key);
  }

  bindings(): IterableIterator<Binding> {
    return this.#bindings.values();
  }

  /** Applies one change of the definitions; `segments` is its key, taken apart. */
  apply(key: string, segments: readonly string[], value: JsonValue | undefined): void {
    this.#version++;
    const [kind, , name = ''] = segments;
    if (value === undefined) this.#remove(kind, name, key);
    else if (kind === 'exchange') this.#addExchange(readExchange(value));
    else if (kind === 'queue') this.#addQueue(readQueue(value));
    else if (kind === 'binding') this.#addBinding(key, value);
  }

  /** The vhost is deleted: consumers are told, messages forgotten. */
  delete(): void {
    for (const queue of this.queues.values()) queue.delete();
    this.queues.clear();
  }

  /** The node stops. */
  stop(): void {
    for (const queue of this.queues.values()) queue.stop();
  }

  #remove(kind: string | undefined, name: string, key: string): void {
    if (kind === 'exchange') this.#removeExchange(name);
    else if (kind === 'queue') this.#removeQueue(name);
    else if (kind === 'binding') this.#removeBinding(key);
  }

  #addExchange(definition: ExchangeDefinition): void {
    if (this.exchanges.has(definition.name)) return;
    const type = EXCHANGE_TYPES.get(definition.type);
    assert(type !== undefined, `exchange type ${definition.type} was checked when it was declared`);
    const { alternate } = parseExchangeArguments(definition.arguments);
    this.exchanges.set(definition.name, new Exchange(definition, type.create<Destination>(), alternate));
  }

  #removeExchange(name: string): void {
    const exchange = this.exchanges.get(name);
    if (exchange === undefined) return;
    for (const key of [...exchange.outgoing.keys(), ...exchange.incoming.keys()]) this.#removeBinding(key);
    this.exchanges.delete(name);
  }

  #addQueue(definition: QueueDefinition): void {
    if (this.queues.has(definition.name)) return;
    const options = parseQueueArguments(definition.arguments);
    const { messages, clock, events } = this.#ports;
    this.queues.set(definition.name, new Queue(this.name, definition, options, messages, clock, events));
  }

  #removeQueue(name: string): void {
    const queue = this.queues.get(name);
    if (queue === undefined) return;
    for (const key of queue.incoming.keys()) this.#removeBinding(key);
    this.queues.delete(name);
    queue.delete();
  }

  #addBinding(key: string, value: JsonValue): void {
    if (this.#bindings.has(key)) return;
    const {
      source: from,
      destination: to,
      destinationKind,
      routingKey,
      arguments: args,
    } = readBinding(value);
    const source = this.exchanges.get(from);
    const destination: Destination | undefined =
      destinationKind === 'queue' ? this.queues.get(to) : this.exchanges.get(to);
    // One of them went in the meantime; its deletion takes the binding along.
    if (source === undefined || destination === undefined) return;
    const binding: Binding = { key, source, destination, routingKey, arguments: args };
    this.#bindings.set(key, binding);
    source.bind(binding);
    destination.incoming.set(key, binding);
  }

  #removeBinding(key: string): void {
    const binding = this.#bindings.get(key);
    if (binding === undefined) return;
    this.#bindings.delete(key);
    binding.source.unbind(binding);
    binding.destination.incoming.delete(key);
  }
}
