import type { FieldTable } from '../../wire/values.js';
import type { Matcher, MatcherBinding } from './matcher.js';

/** Routing key equals binding key. [AMQP 3.1.3.1] */
export class DirectMatcher<D> implements Matcher<D> {
  readonly readsKey = true;
  readonly readsHeaders = false;
  readonly #byKey = new Map<string, Set<MatcherBinding<D>>>();

  /** Binding keys in use. */
  get size(): number {
    return this.#byKey.size;
  }

  add(binding: MatcherBinding<D>): void {
    const bound = this.#byKey.get(binding.routingKey);
    if (bound === undefined) this.#byKey.set(binding.routingKey, new Set([binding]));
    else bound.add(binding);
  }

  remove(binding: MatcherBinding<D>): void {
    const bound = this.#byKey.get(binding.routingKey);
    if (bound === undefined) return;
    bound.delete(binding);
    if (bound.size === 0) this.#byKey.delete(binding.routingKey);
  }

  match(routingKey: string, _headers: FieldTable | undefined, found: Set<D>): void {
    const bound = this.#byKey.get(routingKey);
    if (bound === undefined) return;
    for (const binding of bound) found.add(binding.destination);
  }
}
