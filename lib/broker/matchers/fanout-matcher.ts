import type { FieldTable } from '../../wire/values.js';
import type { Matcher, MatcherBinding } from './matcher.js';

/** Every binding matches, whatever its key. [AMQP 3.1.3.2] */
export class FanoutMatcher<D> implements Matcher<D> {
  readonly readsKey = false;
  readonly readsHeaders = false;
  readonly #bound = new Set<MatcherBinding<D>>();

  add(binding: MatcherBinding<D>): void {
    this.#bound.add(binding);
  }

  remove(binding: MatcherBinding<D>): void {
    this.#bound.delete(binding);
  }

  match(_routingKey: string, _headers: FieldTable | undefined, found: Set<D>): void {
    for (const binding of this.#bound) found.add(binding.destination);
  }
}
