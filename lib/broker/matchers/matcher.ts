import type { FieldTable } from '../../wire/values.js';

export interface MatcherBinding<D> {
  readonly routingKey: string;
  readonly arguments: FieldTable;
  readonly destination: D;
}

/** The rule by which one exchange finds destinations, with the bindings it applies to. Pure: no I/O, no clock. */
export interface Matcher<D> {
  /** False: every routing key leads to the same destinations. */
  readonly readsKey: boolean;
  /** False: the result depends on the routing key alone and may be kept until the next `add` or `remove`. */
  readonly readsHeaders: boolean;
  /** Each object is added once; which bindings are the same is the caller's business. */
  add(binding: MatcherBinding<D>): void;
  /** Takes the same object out again; one that was never added is ignored. */
  remove(binding: MatcherBinding<D>): void;
  /** Adds the destination of every matching binding to `found`. `headers` are the message's, undefined if it has none. */
  match(routingKey: string, headers: FieldTable | undefined, found: Set<D>): void;
}
