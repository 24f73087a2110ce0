import t from 'tap';
import {
  type BindingDefinition,
  bindingChange,
  bindingKey,
  deletion,
  exchangeChange,
  exchangeKey,
  isKept,
  queueChange,
  queueKey,
  readBinding,
  readExchange,
  readQueue,
  vhostKey,
} from '../../lib/broker/definitions.js';
import type { QueueDefinition } from '../../lib/broker/queue.js';
import type { JsonValue } from '../../lib/meta/metadata-store.js';
import { EMPTY_TABLE, fromPlain, tableIdentical } from '../../lib/wire/values.js';

const EVERYTHING = fromPlain({
  'x-message-ttl': 1000,
  big: 2n ** 62n,
  text: 'ü',
  bytes: Buffer.from([0, 255]),
  when: new Date(0),
  none: null,
  yes: true,
  ratio: 0.5,
  list: [1, 'a', [null]],
  nested: { deep: { er: 1 } },
});

/** As a store on disk would give it back. */
const throughJson = (value: JsonValue | undefined): JsonValue =>
  JSON.parse(JSON.stringify(value)) as JsonValue;

const QUEUE: QueueDefinition = {
  id: 'id',
  name: 'q',
  durable: true,
  exclusive: false,
  autoDelete: true,
  owner: undefined,
  arguments: EVERYTHING,
};

const EXCHANGE = {
  name: 'x',
  type: 'topic',
  durable: true,
  autoDelete: true,
  internal: true,
  arguments: EVERYTHING,
};

const BINDING: BindingDefinition = {
  source: 'x',
  destination: 'q',
  destinationKind: 'queue',
  routingKey: 'a.#',
  arguments: EVERYTHING,
};

void t.test('a queue comes back from the store as it was', async (t) => {
  const read = readQueue(throughJson(queueChange('/', QUEUE).value));
  t.ok(tableIdentical(read.arguments, EVERYTHING));
  t.strictSame({ ...read, arguments: 0 }, { ...QUEUE, arguments: 0 });
  const owned = { ...QUEUE, owner: 'c1', arguments: EMPTY_TABLE };
  t.strictSame(readQueue(throughJson(queueChange('/', owned).value)), owned);
});

void t.test('so does an exchange', async (t) => {
  const read = readExchange(throughJson(exchangeChange('/', EXCHANGE).value));
  t.ok(tableIdentical(read.arguments, EVERYTHING));
  t.strictSame({ ...read, arguments: 0 }, { ...EXCHANGE, arguments: 0 });
});

void t.test('so does a binding', async (t) => {
  const read = readBinding(throughJson(bindingChange('/', BINDING, true).value));
  t.ok(tableIdentical(read.arguments, EVERYTHING));
  t.strictSame({ ...read, arguments: 0 }, { ...BINDING, arguments: 0 });
});

void t.test('only what outlives a restart is durable', async (t) => {
  const lifetimes = [
    queueChange('/', QUEUE),
    queueChange('/', { ...QUEUE, durable: false }),
    queueChange('/', { ...QUEUE, exclusive: true }),
    exchangeChange('/', EXCHANGE),
    exchangeChange('/', { ...EXCHANGE, durable: false }),
    bindingChange('/', BINDING, true),
    bindingChange('/', BINDING, false),
  ].map(({ lifetime }) => lifetime);
  const [durable, ephemeral] = ['durable', 'ephemeral'] as const;
  t.same(lifetimes, [durable, ephemeral, ephemeral, durable, ephemeral, durable, ephemeral]);
  t.same([isKept(QUEUE), isKept({ ...QUEUE, exclusive: true })], [true, false]);
});

void t.test('names of any characters have keys of their own', async (t) => {
  t.equal(vhostKey('/'), 'vhost/%2F');
  t.equal(queueKey('/', 'a/b'), 'queue/%2F/a%2Fb');
  t.equal(exchangeKey('v', 'ü'), 'exchange/v/%C3%BC');
  t.not(queueKey('a', 'b/c'), queueKey('a/b', 'c'));
  t.match(deletion('queue/v/q', true), { key: 'queue/v/q', value: undefined, lifetime: 'durable' });
});

const keyOf = (change: Partial<BindingDefinition>): string => bindingKey('/', { ...BINDING, ...change });

void t.test('a binding is its ends, its key and its arguments', async (t) => {
  const others: Partial<BindingDefinition>[] = [
    { source: 'y' },
    { destination: 'r' },
    { destinationKind: 'exchange' },
    { routingKey: 'a.b' },
    { arguments: EMPTY_TABLE },
    { arguments: fromPlain({ a: 1 }) },
    { arguments: fromPlain({ a: 2 }) },
    { arguments: fromPlain({ a: '1' }) },
    { arguments: fromPlain({ a: 1n }) },
    { arguments: fromPlain({ b: 1 }) },
  ];
  t.equal(new Set([keyOf({}), ...others.map(keyOf)]).size, others.length + 1);
  t.not(bindingKey('v', BINDING), keyOf({}));
});

void t.test('the order of its arguments does not matter', async (t) => {
  const [ab, ba] = [fromPlain({ a: 1, b: 2 }), fromPlain({ b: 2, a: 1 })];
  t.equal(keyOf({ arguments: ab }), keyOf({ arguments: ba }));
});

void t.test('bindings are listed by the vhost', async (t) => {
  t.ok(keyOf({}).startsWith('binding/%2F/x/queue/q/a.%23/'));
  t.equal(keyOf({ arguments: EMPTY_TABLE }), 'binding/%2F/x/queue/q/a.%23/');
});
