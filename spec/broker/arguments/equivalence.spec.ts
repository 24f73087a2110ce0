import tap from 'tap';
import {
  type ExchangeTraits,
  firstExchangeInequivalence,
  firstQueueInequivalence,
} from '../../../lib/broker/arguments/equivalence.js';
import type { FieldTable, FieldValue } from '../../../lib/wire/values.js';
import {
  args,
  array,
  binary,
  bool,
  byte,
  decimal,
  double,
  float,
  int,
  long,
  nothing,
  short,
  table,
  text,
  timestamp,
  unsignedByte,
} from './fields.js';

const QUEUE = "queue 'q' in vhost '/'";
const NONE: FieldTable = new Map();

const queue = (given: FieldTable, durable = false, autoDelete = false) => ({
  durable,
  autoDelete,
  arguments: given,
});

function ofQueue(existing: FieldTable, declared: FieldTable): string | undefined {
  return firstQueueInequivalence(QUEUE, queue(declared), queue(existing));
}

const one = (name: string, field: FieldValue | undefined): FieldTable =>
  field === undefined ? NONE : args({ [name]: field });

void tap.test('the same declaration again is equivalent', async (t) => {
  const given = args({ 'x-expires': int(1000), 'x-dead-letter-exchange': text('a'), foo: int(1) });
  t.equal(ofQueue(given, new Map(given)), undefined);
  t.equal(ofQueue(NONE, NONE), undefined);
});

void tap.test('durable is compared first, then auto_delete, then the arguments', async (t) => {
  const expires = args({ 'x-expires': int(5) });
  t.equal(
    firstQueueInequivalence(QUEUE, queue(NONE, false), queue(NONE, true)),
    `inequivalent arg 'durable' for ${QUEUE}: received 'false' but current is 'true'`,
  );
  t.equal(
    firstQueueInequivalence(QUEUE, queue(expires, true, true), queue(NONE)),
    `inequivalent arg 'durable' for ${QUEUE}: received 'true' but current is 'false'`,
  );
  t.equal(
    firstQueueInequivalence(QUEUE, queue(expires, false, true), queue(NONE)),
    `inequivalent arg 'auto_delete' for ${QUEUE}: received 'true' but current is 'false'`,
  );
});

void tap.test('an argument that one side lacks is shown with its type', async (t) => {
  const cases: readonly [string, FieldValue, string][] = [
    ['x-message-ttl', int(1000), "the value '1000' of type 'signedint'"],
    ['x-dead-letter-exchange', text(''), "the value '' of type 'longstr'"],
    ['x-single-active-consumer', bool(false), "the value 'false' of type 'bool'"],
    ['x-overflow', text('drop-head'), "the value 'drop-head' of type 'longstr'"],
    ['x-expires', nothing, "the value 'undefined' of type 'void'"],
    ['x-expires', int(-1), "the value '-1' of type 'signedint'"],
  ];
  for (const [name, field, shown] of cases) {
    t.equal(
      ofQueue(one(name, field), NONE),
      `inequivalent arg '${name}' for ${QUEUE}: received none but current is ${shown}`,
    );
    t.equal(
      ofQueue(NONE, one(name, field)),
      `inequivalent arg '${name}' for ${QUEUE}: received ${shown} but current is none`,
    );
  }
});

void tap.test('two values that differ are shown bare', async (t) => {
  const cases: readonly [FieldValue, string][] = [
    [int(5), "'5'"],
    [timestamp(5n), "'5'"],
    [text('1000000'), "'1000000'"],
    [text('a\nb'), "'a\nb'"],
    [text('café'), "'café'"],
    [binary(0x61), "'a'"],
    [bool(true), "'true'"],
    [double(1_000_000), "'1.0e6'"],
    [float(1.5), "'1.5'"],
    [decimal(1, 5), "'{1,5}'"],
    [array(), "'[]'"],
    [array(int(1), text('x')), `'[{signedint,1},{longstr,<<"x">>}]'`],
    [table({ a: int(1), b: text('x') }), `'[{<<"a">>,signedint,1},{<<"b">>,longstr,<<"x">>}]'`],
    [nothing, 'none'],
  ];
  for (const [field, shown] of cases) {
    t.equal(
      ofQueue(args({ 'x-expires': int(1_000_000) }), args({ 'x-expires': field })),
      `inequivalent arg 'x-expires' for ${QUEUE}: received ${shown} but current is '1000000'`,
    );
  }
});

void tap.test('values that RabbitMQ takes for the same are equivalent', async (t) => {
  const pairs: readonly [FieldValue, FieldValue][] = [
    [int(200), long(200n)],
    [short(200), unsignedByte(200)],
    [byte(5), int(5)],
    [int(1000), timestamp(1000n)],
    [float(1.5), double(1.5)],
    [double(0), double(-0)],
    [text('a'), binary(0x61)],
    [table({}), array()],
    [nothing, nothing],
    [decimal(1, 5), decimal(1, 5)],
    [array(int(1), nothing), array(int(1), nothing)],
    [table({ a: bool(true) }), table({ a: bool(true) })],
  ];
  for (const [a, b] of pairs) {
    t.equal(ofQueue(one('x-expires', a), one('x-expires', b)), undefined, `${a.type} and ${b.type}`);
    t.equal(ofQueue(one('x-expires', b), one('x-expires', a)), undefined, `${b.type} and ${a.type}`);
  }
});

void tap.test('values that RabbitMQ tells apart are not', async (t) => {
  const pairs: readonly [FieldValue, FieldValue][] = [
    [int(1), double(1)],
    [int(1), bool(true)],
    [int(1), text('1')],
    [long(2n ** 53n + 1n), double(2 ** 53)],
    [array(int(1)), array(long(1n))],
    [array(int(1)), array(int(1), int(1))],
    [array(text('a')), array(binary(0x61))],
    [table({ a: int(1), b: int(2) }), table({ b: int(2), a: int(1) })],
    [table({ a: int(1) }), table({ b: int(1) })],
    [table({ a: int(1) }), array(int(1))],
    [table({ a: int(1) }), table({})],
    [decimal(1, 5), decimal(2, 50)],
    [decimal(0, 5), int(5)],
    [text('a'), text('A')],
  ];
  for (const [a, b] of pairs) {
    t.ok(ofQueue(one('x-expires', a), one('x-expires', b)), `${a.type} and ${b.type}`);
    t.ok(ofQueue(one('x-expires', b), one('x-expires', a)), `${b.type} and ${a.type}`);
  }
});

const queueType = (name: string): FieldTable => args({ 'x-queue-type': text(name) });

function typeDifference(received: string, current: string): string {
  return `inequivalent arg 'x-queue-type' for ${QUEUE}: received ${received} but current is ${current}`;
}

void tap.test('x-queue-type classic is the same as none; other types differ', async (t) => {
  t.equal(ofQueue(queueType('classic'), NONE), undefined);
  t.equal(ofQueue(NONE, queueType('classic')), undefined);
  const quorum = "the value 'quorum' of type 'longstr'";
  t.equal(ofQueue(NONE, queueType('quorum')), typeDifference(quorum, 'none'));
  t.equal(ofQueue(queueType('quorum'), NONE), typeDifference('none', quorum));
  t.equal(ofQueue(queueType('quorum'), queueType('classic')), typeDifference("'classic'", "'quorum'"));
});

const VALUES: Readonly<Record<string, FieldValue>> = {
  'x-unknown': int(1),
  'x-consumer-timeout': int(1),
  'x-max-age': text('1h'),
  'x-initial-cluster-size': int(1),
  'x-stream-max-segment-size-bytes': int(1),
  'x-queue-leader-locator': text('balanced'),
  'x-message-ttl': int(1),
  'x-delivery-limit': int(5),
  'x-quorum-initial-group-size': int(1),
  'x-queue-master-locator': text('random'),
  'x-single-active-consumer': bool(true),
  'x-queue-version': int(1),
  'x-queue-mode': text('lazy'),
  'x-overflow': text('drop-head'),
  'x-max-priority': int(1),
  'x-max-in-memory-bytes': int(1),
  'x-max-in-memory-length': int(1),
  'x-max-length-bytes': int(1),
  'x-max-length': int(1),
  'x-expires': int(1000),
  'x-dead-letter-strategy': text('at-most-once'),
  'x-dead-letter-routing-key': text('k'),
  'x-dead-letter-exchange': text(''),
};

/** Declares everything at once and takes out what is complained of, until nothing is. */
function complaints(type: string): string[] {
  const existing = args({ 'x-queue-type': text(type) });
  const declared = new Map([...existing, ...Object.entries(VALUES)]);
  const named: string[] = [];
  for (let found = ofQueue(existing, declared); found !== undefined; found = ofQueue(existing, declared)) {
    const name = /arg '([^']+)'/.exec(found)![1]!;
    named.push(name.replace(/^x-/, ''));
    declared.delete(`x-${named.at(-1)}`);
  }
  return named;
}

void tap.test("only the existing queue type's arguments are compared, in RabbitMQ's order", async (t) => {
  t.strictSame(complaints('classic'), [
    'expires',
    'message-ttl',
    'dead-letter-exchange',
    'dead-letter-routing-key',
    'max-length',
    'max-length-bytes',
    'max-priority',
    'overflow',
    'queue-mode',
    'queue-version',
    'single-active-consumer',
    'queue-master-locator',
  ]);
  t.strictSame(complaints('quorum'), [
    'dead-letter-exchange',
    'dead-letter-routing-key',
    'dead-letter-strategy',
    'expires',
    'max-length',
    'max-length-bytes',
    'max-in-memory-length',
    'max-in-memory-bytes',
    'overflow',
    'single-active-consumer',
    'quorum-initial-group-size',
    'delivery-limit',
    'message-ttl',
    'queue-leader-locator',
  ]);
  t.strictSame(complaints('stream'), [
    'max-length-bytes',
    'max-age',
    'stream-max-segment-size-bytes',
    'initial-cluster-size',
    'queue-leader-locator',
  ]);
});

const EXCHANGE = "exchange 'x' in vhost '/'";
const alternate = (name: string): FieldTable => args({ 'alternate-exchange': text(name) });

const DIRECT: ExchangeTraits = {
  type: 'direct',
  durable: false,
  autoDelete: false,
  internal: false,
  arguments: NONE,
};

void tap.test(
  'exchanges are compared by type, durable, auto_delete, internal and alternate-exchange, in this order',
  async (t) => {
    const spare = { arguments: alternate('a') };
    const declared = (traits: Partial<ExchangeTraits>): string | undefined =>
      firstExchangeInequivalence(EXCHANGE, { ...DIRECT, ...traits }, DIRECT);
    const all = { type: 'topic', durable: true, autoDelete: true, internal: true, ...spare };
    const flag = (name: string): string =>
      `inequivalent arg '${name}' for ${EXCHANGE}: received 'true' but current is 'false'`;

    t.equal(declared({}), undefined);
    t.equal(
      declared(all),
      `inequivalent arg 'type' for ${EXCHANGE}: received 'topic' but current is 'direct'`,
    );
    t.equal(declared({ ...all, type: 'direct' }), flag('durable'));
    t.equal(declared({ autoDelete: true, internal: true, ...spare }), flag('auto_delete'));
    t.equal(declared({ internal: true, ...spare }), flag('internal'));
    t.equal(
      declared(spare),
      `inequivalent arg 'alternate-exchange' for ${EXCHANGE}: received the value 'a' of type 'longstr' but current is none`,
    );
  },
);

function ofExchange(existing: FieldTable, declared: FieldTable): string | undefined {
  return firstExchangeInequivalence(
    EXCHANGE,
    { ...DIRECT, arguments: declared },
    { ...DIRECT, arguments: existing },
  );
}

void tap.test('alternate exchanges differ by name; other arguments are not compared', async (t) => {
  const begin = `inequivalent arg 'alternate-exchange' for ${EXCHANGE}`;
  t.equal(ofExchange(alternate('a'), alternate('b')), `${begin}: received 'b' but current is 'a'`);
  t.equal(
    ofExchange(alternate('a'), NONE),
    `${begin}: received none but current is the value 'a' of type 'longstr'`,
  );
  t.equal(ofExchange(NONE, args({ foo: int(1) })), undefined);
});
