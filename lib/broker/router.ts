import type { FieldTable } from '../wire/values.js';
import type { Destination } from './binding.js';
import type { Exchange } from './exchange.js';
import type { Queue } from './queue.js';

/** What the router has to look things up in. */
export interface Topology {
  /** Exchange by name; the default exchange has none of its own. */
  exchange(name: string): Exchange | undefined;
  queue(name: string): Queue | undefined;
}

export interface Routes {
  /** Each queue once, in the order in which it was found. */
  readonly queues: readonly Queue[];
  /** Message headers had a say: the same keys may lead elsewhere next time. */
  readonly readsHeaders: boolean;
}

/**
 * Follows bindings from `exchange` with each of the routing keys. Every exchange is visited once, so cycles end;
 * one that matches nothing hands over to its alternate. Pure: nothing is changed.
 */
export function route(
  topology: Topology,
  exchange: string,
  routingKeys: readonly string[],
  headers: FieldTable | undefined,
): Routes {
  const queues = new Set<Queue>();
  const keys = new Set(routingKeys);
  if (exchange === '') {
    for (const key of keys) addIfThere(queues, topology.queue(key));
    return { queues: [...queues], readsHeaders: false };
  }
  let readsHeaders = false;
  const visited = new Set<Exchange>();
  const first = topology.exchange(exchange);
  if (first !== undefined) visited.add(first);
  // A Set's iteration reaches what is added on the way.
  for (const current of visited) {
    readsHeaders ||= current.readsHeaders;
    const found = new Set<Destination>();
    current.match(keys, headers, found);
    for (const destination of found) {
      if (destination.kind === 'queue') queues.add(destination);
      else visited.add(destination);
    }
    if (found.size === 0 && current.alternate !== undefined) {
      addIfThere(visited, topology.exchange(current.alternate));
    }
  }
  return { queues: [...queues], readsHeaders };
}

function addIfThere<T>(set: Set<T>, item: T | undefined): void {
  if (item !== undefined) set.add(item);
}
