import type { FieldTable } from '../wire/values.js';
import type { Binding, Destination } from './binding.js';
import type { Matcher } from './exchange-type.js';

export interface ExchangeDefinition {
  readonly name: string;
  readonly type: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  /** Takes messages from other exchanges only. */
  readonly internal: boolean;
  readonly arguments: FieldTable;
}

export class Exchange {
  readonly kind = 'exchange';
  readonly definition: ExchangeDefinition;
  /** Name of the exchange that gets what no binding here takes. */
  readonly alternate: string | undefined;
  /** Bindings from this exchange, by key. */
  readonly outgoing = new Map<string, Binding>();
  /** Bindings to this exchange, by key. */
  readonly incoming = new Map<string, Binding>();
  readonly #matcher: Matcher<Destination>;

  constructor(definition: ExchangeDefinition, matcher: Matcher<Destination>, alternate: string | undefined) {
    this.definition = definition;
    this.#matcher = matcher;
    this.alternate = alternate;
  }

  get name(): string {
    return this.definition.name;
  }

  get readsHeaders(): boolean {
    return this.#matcher.readsHeaders;
  }

  bind(binding: Binding): void {
    this.outgoing.set(binding.key, binding);
    this.#matcher.add(binding);
  }

  unbind(binding: Binding): void {
    this.outgoing.delete(binding.key);
    this.#matcher.remove(binding);
  }

  /** Adds the destinations of a message with these routing keys, at least one, to `found`. */
  match(routingKeys: Iterable<string>, headers: FieldTable | undefined, found: Set<Destination>): void {
    for (const key of routingKeys) {
      this.#matcher.match(key, headers, found);
      if (!this.#matcher.readsKey) return;
    }
  }
}
