import { brokerError } from '../../base/errors.js';
import type { FieldTable } from '../../wire/values.js';
import { firstExchangeInequivalence } from '../arguments/equivalence.js';
import { parseExchangeArguments } from '../arguments/exchange-arguments.js';
import type { AuthorizedVhost } from '../authorized-vhost.js';
import type { Destination } from '../binding.js';
import {
  type BindingDefinition,
  bindingChange,
  bindingKey,
  exchangeChange,
  exchangeKey,
  outlivesRestart,
} from '../definitions.js';
import type { Exchange, ExchangeDefinition } from '../exchange.js';
import { EXCHANGE_TYPES } from '../exchange-type.js';
import { cleanName, isReserved } from '../names.js';
import { Removal } from '../removal.js';

/** A binding as a client names it. */
export interface BindingRequest {
  readonly source: string;
  readonly destination: string;
  readonly routingKey: string;
  readonly arguments: FieldTable;
}

/** Declaring, deleting and binding exchanges, with every check. */
export class ExchangeDoor {
  readonly #door: AuthorizedVhost;

  constructor(door: AuthorizedVhost) {
    this.#door = door;
  }

  /** The exchange, if it exists. Throws noExchange, defaultExchange, accessRefused. */
  check(given: string): Exchange {
    const name = cleanName(given);
    this.#notDefault(name);
    this.#door.requireAny('exchange', name);
    return this.#existing(name);
  }

  async declare(given: ExchangeDefinition): Promise<void> {
    const door = this.#door;
    if (!EXCHANGE_TYPES.has(given.type)) throw brokerError('unknownExchangeType', given.type);
    const definition = { ...given, name: cleanName(given.name) };
    const { name } = definition;
    this.#notDefault(name);
    door.require('configure', 'exchange', name);
    for (;;) {
      const existing = door.vhost.exchange(name);
      if (existing !== undefined) {
        const difference = firstExchangeInequivalence(
          door.resource('exchange', name),
          definition,
          existing.definition,
        );
        if (difference !== undefined) throw brokerError('inequivalent', difference);
        return;
      }
      this.#checkNew(definition);
      const { name: vhost } = door.vhost;
      await door.apply([exchangeChange(vhost, definition)], [exchangeKey(vhost, name)]);
    }
  }

  /** Deleting what is not there succeeds. Throws inUse, predeclaredExchange, defaultExchange, accessRefused. */
  async delete(given: string, ifUnused: boolean): Promise<void> {
    const door = this.#door;
    const name = cleanName(given);
    this.#notDefault(name);
    if (isReserved(name)) throw brokerError('predeclaredExchange', name, door.vhost.name);
    door.require('configure', 'exchange', name);
    const exchange = door.vhost.exchange(name);
    if (exchange === undefined) return;
    if (ifUnused && exchange.outgoing.size > 0) throw brokerError('inUse', 'exchange', name, door.vhost.name);
    await door.apply(new Removal(door.vhost).exchange(exchange).changes);
  }

  async bind(request: BindingRequest): Promise<void> {
    const definition = this.#bindingDefinition(request);
    await addBinding(this.#door, definition, () => ({
      source: this.#existing(definition.source),
      destination: this.#existing(definition.destination),
    }));
  }

  async unbind(request: BindingRequest): Promise<void> {
    await removeBinding(this.#door, this.#bindingDefinition(request));
  }

  #bindingDefinition(request: BindingRequest): BindingDefinition {
    const source = cleanName(request.source);
    const destination = cleanName(request.destination);
    const { routingKey, arguments: table } = request;
    this.#door.require('write', 'exchange', destination);
    this.#notDefault(destination);
    this.#notDefault(source);
    this.#door.require('read', 'exchange', source);
    this.#door.requireTopic('read', source, routingKey);
    return { source, destination, destinationKind: 'exchange', routingKey, arguments: table };
  }

  #existing(name: string): Exchange {
    const exchange = this.#door.vhost.exchange(name);
    if (exchange === undefined) throw brokerError('noExchange', name, this.#door.vhost.name);
    return exchange;
  }

  #checkNew(definition: ExchangeDefinition): void {
    const door = this.#door;
    const { name } = definition;
    if (isReserved(name)) throw brokerError('reservedName', 'exchange', name);
    const { alternate } = door.checked('exchange', name, () => parseExchangeArguments(definition.arguments));
    if (alternate === undefined) return;
    door.require('read', 'exchange', name);
    door.require('write', 'exchange', alternate);
  }

  #notDefault(name: string): void {
    if (name === '') throw brokerError('defaultExchange');
  }
}

/** What a binding connects. */
interface Ends {
  readonly source: Exchange;
  readonly destination: Destination;
}

/** Binds, unless the same binding is there. `find` throws if one of the ends is missing; the user may bind them. */
export async function addBinding(
  door: AuthorizedVhost,
  definition: BindingDefinition,
  find: () => Ends,
): Promise<void> {
  const key = bindingKey(door.vhost.name, definition);
  const type = EXCHANGE_TYPES.get(find().source.definition.type);
  door.checked('exchange', definition.source, () =>
    type?.checkBinding(definition.routingKey, definition.arguments),
  );
  // One of the ends may go while the binding is on its way.
  while (door.vhost.binding(key) === undefined) {
    const { source, destination } = find();
    const durable = outlivesRestart(source, destination);
    await door.apply([bindingChange(door.vhost.name, definition, durable)], [key]);
  }
}

/** Removes the binding; one that is not there is no error. */
export async function removeBinding(door: AuthorizedVhost, definition: BindingDefinition): Promise<void> {
  const binding = door.vhost.binding(bindingKey(door.vhost.name, definition));
  if (binding !== undefined) await door.apply(new Removal(door.vhost).binding(binding).changes);
}
