import { assert } from '../base/assert.js';
import { brokerError } from '../base/errors.js';
import type { JsonValue } from '../meta/metadata-store.js';
import { EMPTY_TABLE } from '../wire/values.js';
import { parseExchangeArguments } from './arguments/exchange-arguments.js';
import { parseQueueArguments } from './arguments/queue-arguments.js';
import type { Binding, Destination } from './binding.js';
import { readBinding, readExchange, readQueue } from './definitions.js';
import { Exchange, type ExchangeDefinition } from './exchange.js';
import { EXCHANGE_TYPES } from './exchange-type.js';
import type { Guest } from './guest.js';
import { OwnedQueues } from './owned-queues.js';
import { Queue, type QueueDefinition, type QueuePorts } from './queue.js';
import type { Topology } from './router.js';

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

const NONE: readonly string[] = [];

/** Exchanges, queues and bindings of one vhost. They change through `apply` alone, whoever declared them. */
export class Vhost implements Topology {
  readonly name: string;
  readonly exchanges = new Map<string, Exchange>();
  readonly queues = new Map<string, Queue>();
  /** Who is in it. */
  readonly guests = new Set<Guest>();
  readonly #owned = new OwnedQueues();
  readonly #bindings = new Map<string, Binding>();
  readonly #ports: QueuePorts;
  #version = 0;
  #ended: 'vhostNotFound' | 'shutdown' | undefined;

  constructor(name: string, ports: QueuePorts) {
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

  /** The exclusive queues of a connection. */
  queuesOf(connection: string): readonly Queue[] {
    return this.#owned.of(connection);
  }

  binding(key: string): Binding | undefined {
    return this.#bindings.get(key);
  }

  bindings(): IterableIterator<Binding> {
    return this.#bindings.values();
  }

  /** Why nothing can be changed here any more: the vhost was deleted, or the node stops. */
  get ended(): 'vhostNotFound' | 'shutdown' | undefined {
    return this.#ended;
  }

  /**
   * Applies one change of the definitions; `segments` is its key, taken apart. Returns the keys of bindings that have
   * lost an end to a transaction which did not know of them: they are to be deleted, too.
   */
  apply(key: string, segments: readonly string[], value: JsonValue | undefined): readonly string[] {
    this.#version++;
    const [kind, , name = ''] = segments;
    if (value === undefined) return this.#remove(kind, name, key);
    if (kind === 'exchange') this.#addExchange(readExchange(value));
    else if (kind === 'queue') this.#addQueue(readQueue(value));
    else if (kind === 'binding' && !this.#addBinding(key, value)) return [key];
    return NONE;
  }

  /** The vhost is deleted: messages are forgotten, nothing is to be found here any more, and the connections are closed. */
  delete(): void {
    this.#ended = 'vhostNotFound';
    this.#version++;
    for (const queue of this.queues.values()) queue.delete();
    this.queues.clear();
    this.#owned.clear();
    this.exchanges.clear();
    this.#bindings.clear();
    for (const guest of this.guests) guest.close(brokerError('vhostDeleted', this.name));
  }

  /** The node stops. */
  stop(): void {
    this.#ended = 'shutdown';
    for (const queue of this.queues.values()) queue.stop();
  }

  #remove(kind: string | undefined, name: string, key: string): readonly string[] {
    if (kind === 'exchange') return this.#removeExchange(name);
    if (kind === 'queue') return this.#removeQueue(name);
    if (kind === 'binding') this.#removeBinding(key);
    return NONE;
  }

  #addExchange(definition: ExchangeDefinition): void {
    if (this.exchanges.has(definition.name)) return;
    const type = EXCHANGE_TYPES.get(definition.type);
    assert(type !== undefined, `exchange type ${definition.type} was checked when it was declared`);
    const { alternate } = parseExchangeArguments(definition.arguments);
    this.exchanges.set(definition.name, new Exchange(definition, type.create<Destination>(), alternate));
  }

  #removeExchange(name: string): readonly string[] {
    const exchange = this.exchanges.get(name);
    if (exchange === undefined) return NONE;
    const left = new Set([...exchange.outgoing.keys(), ...exchange.incoming.keys()]);
    for (const key of left) this.#removeBinding(key);
    this.exchanges.delete(name);
    return [...left];
  }

  #addQueue(definition: QueueDefinition): void {
    if (this.queues.has(definition.name)) return;
    const options = parseQueueArguments(definition.arguments);
    const queue = new Queue(this.name, definition, options, this.#ports);
    this.queues.set(definition.name, queue);
    this.#owned.add(queue);
  }

  #removeQueue(name: string): readonly string[] {
    const queue = this.queues.get(name);
    if (queue === undefined) return NONE;
    const left = [...queue.incoming.keys()];
    for (const key of left) this.#removeBinding(key);
    this.queues.delete(name);
    this.#owned.delete(queue);
    queue.delete();
    return left;
  }

  /** False: one of its ends is not there. */
  #addBinding(key: string, value: JsonValue): boolean {
    if (this.#bindings.has(key)) return true;
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
    if (source === undefined || destination === undefined) return false;
    const binding: Binding = { key, source, destination, routingKey, arguments: args };
    this.#bindings.set(key, binding);
    source.bind(binding);
    destination.incoming.set(key, binding);
    return true;
  }

  #removeBinding(key: string): void {
    const binding = this.#bindings.get(key);
    if (binding === undefined) return;
    this.#bindings.delete(key);
    binding.source.unbind(binding);
    binding.destination.incoming.delete(key);
  }
}
