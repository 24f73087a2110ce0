import type { Matcher, MatcherBinding } from '../../../lib/broker/exchange-type.js';
import type { FieldTable } from '../../../lib/wire/values.js';

/** A binding to `destination`, by default named like its key. */
export function binding(
  routingKey: string,
  args: FieldTable = new Map(),
  destination = routingKey,
): MatcherBinding<string> {
  return { routingKey, arguments: args, destination };
}

/** Destinations found, sorted. */
export function found(matcher: Matcher<string>, routingKey: string, headers?: FieldTable): string[] {
  const destinations = new Set<string>();
  matcher.match(routingKey, headers, destinations);
  return [...destinations].toSorted();
}
