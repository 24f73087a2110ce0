import { DirectMatcher } from './matchers/direct-matcher.js';
import { FanoutMatcher } from './matchers/fanout-matcher.js';
import { HeadersMatcher } from './matchers/headers-matcher.js';
import type { Matcher } from './matchers/matcher.js';
import { TopicMatcher } from './matchers/topic-matcher.js';
import type { FieldTable } from '../wire/values.js';
import { checkHeadersBinding } from './arguments/binding-arguments.js';

export type { Matcher, MatcherBinding } from './matchers/matcher.js';

export interface ExchangeType {
  readonly name: string;
  /** One line for the management API. */
  readonly description: string;
  create<D>(): Matcher<D>;
  /** Throws ArgumentError for bindings that this type refuses. */
  checkBinding(routingKey: string, args: FieldTable): void;
}

const acceptAll = (): void => {};

/** Exchange types by the name that exchange.declare gives. A new type is a row here and a matcher. */
export const EXCHANGE_TYPES: ReadonlyMap<string, ExchangeType> = new Map(
  [
    {
      name: 'direct',
      description: 'AMQP direct exchange, as per the AMQP specification',
      create: <D>(): Matcher<D> => new DirectMatcher<D>(),
      checkBinding: acceptAll,
    },
    {
      name: 'fanout',
      description: 'AMQP fanout exchange, as per the AMQP specification',
      create: <D>(): Matcher<D> => new FanoutMatcher<D>(),
      checkBinding: acceptAll,
    },
    {
      name: 'topic',
      description: 'AMQP topic exchange, as per the AMQP specification',
      create: <D>(): Matcher<D> => new TopicMatcher<D>(),
      checkBinding: acceptAll,
    },
    {
      name: 'headers',
      description: 'AMQP headers exchange, as per the AMQP specification',
      create: <D>(): Matcher<D> => new HeadersMatcher<D>(),
      checkBinding: (_routingKey: string, args: FieldTable): void => checkHeadersBinding(args),
    },
  ].map((type): [string, ExchangeType] => [type.name, type]),
);
