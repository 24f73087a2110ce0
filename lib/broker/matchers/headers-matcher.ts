import type { FieldTable, FieldValue } from '../../wire/values.js';
import { sameTerm } from '../arguments/term-equality.js';
import { type HeadersMatch, headersMatch } from '../arguments/binding-arguments.js';
import type { Matcher, MatcherBinding } from './matcher.js';

/**
 * Binding arguments against message headers; the routing key has no say. `x-match` chooses whether all arguments
 * have to match or any one; arguments that begin with `x-` count only for `all-with-x` and `any-with-x`. An argument of type void asks for the
 * header's presence only. No arguments at all: `all` matches everything, `any` nothing. [AMQP 3.1.3.4, RMQ headers exchange]
 */
export class HeadersMatcher<D> implements Matcher<D> {
  readonly readsKey = false;
  readonly readsHeaders = true;
  readonly #rules = new Map<MatcherBinding<D>, Rule>();

  add(binding: MatcherBinding<D>): void {
    this.#rules.set(binding, ruleOf(binding.arguments));
  }

  remove(binding: MatcherBinding<D>): void {
    this.#rules.delete(binding);
  }

  match(_routingKey: string, headers: FieldTable | undefined, found: Set<D>): void {
    for (const [binding, rule] of this.#rules) {
      if (satisfies(rule, headers)) found.add(binding.destination);
    }
  }
}

interface Rule {
  /** One hit is enough; otherwise one miss is too many. */
  readonly any: boolean;
  readonly wanted: readonly (readonly [header: string, value: FieldValue])[];
}

function ruleOf(args: FieldTable): Rule {
  const match: HeadersMatch = headersMatch(args);
  const withX = match === 'all-with-x' || match === 'any-with-x';
  return {
    any: match === 'any' || match === 'any-with-x',
    wanted: [...args].filter(([name]) => (withX ? name !== 'x-match' : !name.startsWith('x-'))),
  };
}

function satisfies(rule: Rule, headers: FieldTable | undefined): boolean {
  for (const [name, value] of rule.wanted) {
    const header = headers?.get(name);
    const hit = header !== undefined && (value.type === 'void' || sameTerm(value, header, 'numeric'));
    if (hit === rule.any) return hit;
  }
  return !rule.any;
}
