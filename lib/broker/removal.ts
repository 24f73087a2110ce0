import type { Change } from '../meta/metadata-store.js';
import type { Binding } from './binding.js';
import { deletion, exchangeKey, isKept, outlivesRestart, queueKey } from './definitions.js';
import type { Exchange } from './exchange.js';
import type { Queue } from './queue.js';
import type { Vhost } from './vhost.js';

/** One deletion with everything that goes along: bindings, and auto-delete exchanges that lose their last one. */
export class Removal {
  readonly #vhost: Vhost;
  readonly #gone = new Set<Binding | Exchange | Queue>();
  /** How many bindings from the exchange are gone. */
  readonly #unbound = new Map<Exchange, number>();
  /** Auto-delete exchanges that have lost their last binding; a list, as a chain of them may be of any length. */
  readonly #bare: Exchange[] = [];
  readonly #changes: Change[] = [];

  constructor(vhost: Vhost) {
    this.#vhost = vhost;
  }

  /** In the order in which they are to be applied. */
  get changes(): readonly Change[] {
    return this.#changes;
  }

  queue(queue: Queue): this {
    if (!this.#mark(queue)) return this;
    for (const binding of queue.incoming.values()) this.#unbind(binding);
    this.#changes.push(deletion(queueKey(this.#vhost.name, queue.name), isKept(queue.definition)));
    return this.#sweep();
  }

  exchange(exchange: Exchange): this {
    this.#drop(exchange);
    return this.#sweep();
  }

  binding(binding: Binding): this {
    this.#unbind(binding);
    return this.#sweep();
  }

  #sweep(): this {
    for (let next = this.#bare.pop(); next !== undefined; next = this.#bare.pop()) this.#drop(next);
    return this;
  }

  #drop(exchange: Exchange): void {
    if (!this.#mark(exchange)) return;
    for (const binding of exchange.outgoing.values()) this.#unbind(binding);
    for (const binding of exchange.incoming.values()) this.#unbind(binding);
    this.#changes.push(deletion(exchangeKey(this.#vhost.name, exchange.name), exchange.definition.durable));
  }

  #unbind(binding: Binding): void {
    if (!this.#mark(binding)) return;
    const { source, destination } = binding;
    this.#changes.push(deletion(binding.key, outlivesRestart(source, destination)));
    if (!source.definition.autoDelete) return;
    const unbound = (this.#unbound.get(source) ?? 0) + 1;
    this.#unbound.set(source, unbound);
    if (unbound === source.outgoing.size) this.#bare.push(source);
  }

  #mark(item: Binding | Exchange | Queue): boolean {
    if (this.#gone.has(item)) return false;
    this.#gone.add(item);
    return true;
  }
}
