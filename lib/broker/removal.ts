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
    for (const binding of queue.incoming.values()) this.binding(binding);
    this.#changes.push(deletion(queueKey(this.#vhost.name, queue.name), isKept(queue.definition)));
    return this;
  }

  exchange(exchange: Exchange): this {
    if (!this.#mark(exchange)) return this;
    for (const binding of [...exchange.outgoing.values(), ...exchange.incoming.values()])
      this.binding(binding);
    this.#changes.push(deletion(exchangeKey(this.#vhost.name, exchange.name), exchange.definition.durable));
    return this;
  }

  binding(binding: Binding): this {
    if (!this.#mark(binding)) return this;
    const { source, destination } = binding;
    this.#changes.push(deletion(binding.key, outlivesRestart(source, destination)));
    if (source.definition.autoDelete && this.#isBare(source)) this.exchange(source);
    return this;
  }

  #isBare(exchange: Exchange): boolean {
    for (const binding of exchange.outgoing.values()) if (!this.#gone.has(binding)) return false;
    return true;
  }

  #mark(item: Binding | Exchange | Queue): boolean {
    if (this.#gone.has(item)) return false;
    this.#gone.add(item);
    return true;
  }
}
