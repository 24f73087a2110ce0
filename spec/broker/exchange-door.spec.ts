import t from 'tap';
import type { ExchangeDefinition } from '../../lib/broker/exchange.js';
import { fromPlain } from '../../lib/wire/values.js';
import { refusal } from './refusals.js';
import { bindingOf, exchangeOf, queueOf, TestBroker } from './test-broker.js';

const PREDECLARED: readonly (readonly [string, string, boolean])[] = [
  ['', 'direct', false],
  ['amq.direct', 'direct', false],
  ['amq.fanout', 'fanout', false],
  ['amq.topic', 'topic', false],
  ['amq.headers', 'headers', false],
  ['amq.match', 'headers', false],
  ['amq.rabbitmq.trace', 'topic', true],
];

const notOnDefault = {
  kind: 'defaultExchange',
  code: 403,
  message: 'ACCESS_REFUSED - operation not permitted on the default exchange',
};

void t.test('every vhost has the exchanges that the protocol promises', async (t) => {
  const test = await TestBroker.open();
  const exchanges = [...test.broker.vhost('/')!.exchanges.values()];
  t.same(
    exchanges.map(({ definition: { name, type, internal } }) => [name, type, internal]),
    PREDECLARED,
  );
  for (const { definition } of exchanges) t.match(definition, { durable: true, autoDelete: false });
  t.same(await test.keys('exchange/'), []);
});

void t.test('they may be declared as they are, and not otherwise', async (t) => {
  const { exchanges } = (await TestBroker.open()).enter();
  for (const [name, type, internal] of PREDECLARED) {
    if (name !== '') await t.resolves(exchanges.declare(exchangeOf(name, { type, internal })));
  }
  await t.rejects(exchanges.declare(exchangeOf('amq.direct', { durable: false })), {
    message:
      "PRECONDITION_FAILED - inequivalent arg 'durable' for exchange 'amq.direct' in vhost '/': received 'false' but current is 'true'",
  });
});

void t.test('an exchange is declared, found, and declared again', async (t) => {
  const test = await TestBroker.open();
  const { exchanges } = test.enter();
  await exchanges.declare(exchangeOf('x', { type: 'topic', autoDelete: true, internal: true }));
  await exchanges.declare(exchangeOf('x', { type: 'topic', autoDelete: true, internal: true }));
  t.match(exchanges.check('x').definition, { name: 'x', type: 'topic', autoDelete: true, internal: true });
  t.same(await test.keys('exchange/'), ['exchange/%2F/x']);
});

void t.test('declaring it otherwise is refused, naming the first difference', async (t) => {
  const { exchanges } = (await TestBroker.open()).enter();
  await exchanges.declare(exchangeOf('x'));
  const others: readonly (readonly [Partial<ExchangeDefinition>, string, string, string])[] = [
    [{ type: 'fanout', durable: false }, 'type', "'fanout'", "'direct'"],
    [{ durable: false, internal: true }, 'durable', "'false'", "'true'"],
    [{ autoDelete: true, internal: true }, 'auto_delete', "'true'", "'false'"],
    [{ internal: true }, 'internal', "'true'", "'false'"],
    [
      { arguments: fromPlain({ 'alternate-exchange': 'a' }) },
      'alternate-exchange',
      "the value 'a' of type 'longstr'",
      'none',
    ],
  ];
  for (const [other, argument, received, current] of others) {
    await t.rejects(exchanges.declare(exchangeOf('x', other)), {
      kind: 'inequivalent',
      code: 406,
      message: `PRECONDITION_FAILED - inequivalent arg '${argument}' for exchange 'x' in vhost '/': received ${received} but current is ${current}`,
    });
  }
});

void t.test('names that are the broker’s to give are refused', async (t) => {
  const { exchanges } = (await TestBroker.open()).enter();
  await t.rejects(exchanges.declare(exchangeOf('amq.x')), {
    kind: 'reservedName',
    code: 403,
    message: "ACCESS_REFUSED - exchange name 'amq.x' contains reserved prefix 'amq.*'",
  });
  await t.rejects(exchanges.declare(exchangeOf('')), notOnDefault);
  t.throws(() => exchanges.check(''), notOnDefault);
});

void t.test('an unknown type is refused, also for an exchange that is there', async (t) => {
  const { exchanges } = (await TestBroker.open()).enter();
  for (const name of ['new', 'amq.direct'])
    await t.rejects(exchanges.declare(exchangeOf(name, { type: 'x-nope' })), {
      kind: 'unknownExchangeType',
      code: 406,
      message: "PRECONDITION_FAILED - unknown exchange type 'x-nope'",
    });
});

void t.test('a bad argument is refused', async (t) => {
  const { exchanges } = (await TestBroker.open()).enter();
  const args = fromPlain({ 'alternate-exchange': 5 });
  await t.rejects(exchanges.declare(exchangeOf('x', { arguments: args })), {
    kind: 'invalidArgument',
    message:
      "PRECONDITION_FAILED - invalid type 'signedint' for arg 'alternate-exchange' in exchange 'x' in vhost '/'",
  });
});

void t.test('an exchange that is not there is not found', async (t) => {
  const { exchanges } = (await TestBroker.open()).enter();
  t.throws(() => exchanges.check('nope'), {
    kind: 'noExchange',
    code: 404,
    message: "NOT_FOUND - no exchange 'nope' in vhost '/'",
  });
});

void t.test('line ends are no part of a name', async (t) => {
  const test = await TestBroker.open();
  const { exchanges, queues } = test.enter();
  await exchanges.declare(exchangeOf('a\r\nb\n'));
  await queues.declare(queueOf('q\n'));
  t.same([test.exchanges(), test.queues()], [['ab'], ['q']]);
  t.equal(exchanges.check('a\nb').name, 'ab');
  await queues.bind(bindingOf('\nab', 'q\r', { routingKey: 'k\n' }));
  await exchanges.bind(bindingOf('ab\n', '\nab'));
  t.same(test.bindings(), ['ab q', 'ab ab']);
  t.equal([...test.broker.vhost('/')!.bindings()][0]?.routingKey, 'k\n', 'of a routing key they are');
  await exchanges.unbind(bindingOf('ab\n', '\nab'));
  await queues.unbind(bindingOf('a\nb', '\nq', { routingKey: 'k\n' }));
  t.same(test.bindings(), []);
  await exchanges.delete('\nab', false);
  t.same(test.exchanges(), []);
});

void t.test('deleting what is not there is fine, what is the broker’s is not', async (t) => {
  const { exchanges } = (await TestBroker.open()).enter();
  await t.resolves(exchanges.delete('nope', false));
  await t.resolves(exchanges.delete('nope', true));
  for (const name of ['amq.direct', 'amq.nope'])
    await t.rejects(exchanges.delete(name, false), {
      kind: 'predeclaredExchange',
      code: 403,
      message: `ACCESS_REFUSED - deletion of system exchange '${name}' in vhost '/' not allowed`,
    });
  await t.rejects(exchanges.delete('', false), notOnDefault);
});

void t.test('an exchange is in use while something is bound to it', async (t) => {
  const test = await TestBroker.open();
  const { exchanges, queues } = test.enter();
  for (const name of ['x', 'y']) await exchanges.declare(exchangeOf(name));
  await queues.declare(queueOf('q'));
  await exchanges.bind(bindingOf('x', 'y'));
  await t.rejects(exchanges.delete('x', true), {
    kind: 'inUse',
    code: 406,
    message: "PRECONDITION_FAILED - exchange 'x' in vhost '/' in use",
  });
  await exchanges.delete('y', true);
  await exchanges.delete('x', true);
  t.same(test.exchanges(), []);
});

void t.test('exchanges are bound and unbound, however often', async (t) => {
  const test = await TestBroker.open();
  const { exchanges, publishing, queues } = test.enter();
  await exchanges.declare(exchangeOf('x', { type: 'fanout' }));
  await queues.declare(queueOf('q'));
  await queues.bind(bindingOf('amq.topic', 'q', { routingKey: 'k' }));
  for (let i = 0; i < 2; i++) await exchanges.bind(bindingOf('x', 'amq.topic'));
  t.same(
    publishing.route('x', 'k').queues.map(({ name }) => name),
    ['q'],
  );
  for (let i = 0; i < 2; i++) await exchanges.unbind(bindingOf('x', 'amq.topic'));
  t.same(publishing.route('x', 'k').queues, []);
});

void t.test(
  'both ends have to be there, the source first, and neither may be the default exchange',
  async (t) => {
    const { exchanges } = (await TestBroker.open()).enter();
    await exchanges.declare(exchangeOf('x'));
    await t.rejects(exchanges.bind(bindingOf('nope', 'x')), refusal('noExchange', 'nope', '/'));
    await t.rejects(exchanges.bind(bindingOf('x', 'nope')), refusal('noExchange', 'nope', '/'));
    await t.rejects(exchanges.bind(bindingOf('nope2', 'nope')), refusal('noExchange', 'nope2', '/'));
    await t.rejects(exchanges.bind(bindingOf('', 'x')), notOnDefault);
    await t.rejects(exchanges.bind(bindingOf('x', '')), notOnDefault);
    await t.rejects(exchanges.unbind(bindingOf('x', '')), notOnDefault);
    await t.resolves(exchanges.unbind(bindingOf('nope', 'x')));
    await t.resolves(exchanges.unbind(bindingOf('x', 'nope')));
  },
);

void t.test('arguments tell bindings apart', async (t) => {
  const test = await TestBroker.open();
  const { queues } = test.enter();
  await queues.declare(queueOf('q'));
  const bindings = [{ h: 1 }, { h: 2 }, { h: 1 }].map((args) =>
    bindingOf('amq.headers', 'q', { arguments: fromPlain(args) }),
  );
  for (const binding of bindings) await queues.bind(binding);
  t.equal(test.bindings().length, 2);
  await queues.unbind(bindingOf('amq.headers', 'q'));
  t.equal(test.bindings().length, 2);
  await queues.unbind(bindings[0]!);
  t.equal(test.bindings().length, 1);
});

void t.test('a headers exchange takes no binding with a wrong x-match', async (t) => {
  const test = await TestBroker.open();
  const { queues } = test.enter();
  await queues.declare(queueOf('q'));
  const wrong = { arguments: fromPlain({ 'x-match': 'some' }) };
  await t.rejects(queues.bind(bindingOf('amq.headers', 'q', wrong)), {
    kind: 'invalidArgument',
    code: 406,
    message:
      'PRECONDITION_FAILED - Invalid x-match field value <<"some">>; expected all, any, all-with-x, or any-with-x',
  });
  await t.resolves(queues.bind(bindingOf('amq.direct', 'q', wrong)));
});

void t.test('bindings between what is kept are kept', async (t) => {
  const test = await TestBroker.open();
  const changes: string[] = [];
  test.metadata.watch((told) =>
    changes.push(...told.map(({ key, lifetime }) => `${key.split('/')[0]} ${lifetime}`)),
  );
  const { exchanges, queues } = test.enter();
  await exchanges.declare(exchangeOf('t', { durable: false }));
  await queues.declare(queueOf('q'));
  await queues.declare(queueOf('e', { exclusive: true }));
  await queues.bind(bindingOf('amq.direct', 'q'));
  await queues.bind(bindingOf('amq.direct', 'e'));
  await queues.bind(bindingOf('t', 'q'));
  await exchanges.bind(bindingOf('amq.direct', 't'));
  await exchanges.bind(bindingOf('amq.direct', 'amq.topic'));
  t.same(changes, [
    'exchange ephemeral',
    'queue durable',
    'queue ephemeral',
    'binding durable',
    'binding ephemeral',
    'binding ephemeral',
    'binding ephemeral',
    'binding durable',
  ]);
});
