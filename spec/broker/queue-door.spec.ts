import t from 'tap';
import { messageOf } from '../support/messages.js';
import { fromPlain } from '../../lib/wire/values.js';
import { ofKind, type Refusal, refusal } from './refusals.js';
import { bindingOf, exchangeOf, queueOf, TestBroker } from './test-broker.js';
import { TestConsumer } from './test-consumer.js';

const missing = (name: string): Refusal => ({
  kind: 'noQueue',
  code: 404,
  message: `NOT_FOUND - no queue '${name}' in vhost '/'`,
});

const locked = (name: string): Refusal => ({
  kind: 'queueLocked',
  code: 405,
  message:
    `RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '${name}' in vhost '/'. It could be originally ` +
    'declared on another connection or the exclusive property value does not match that of the original declaration.',
});

void t.test('a queue is declared, found, and declared again', async (t) => {
  const test = await TestBroker.open();
  const { queues } = test.enter();
  const queue = await queues.declare(queueOf('q', { autoDelete: true }));
  t.match(queue.definition, { name: 'q', durable: true, exclusive: false, autoDelete: true });
  t.equal(await queues.declare(queueOf('q', { autoDelete: true })), queue);
  t.equal(queues.check('q'), queue);
  t.equal(queues.readable('q'), queue);
  t.same(await test.keys('queue/'), ['queue/%2F/q']);
});

void t.test('a queue without a name is given one that nobody else has', async (t) => {
  const { queues } = (await TestBroker.open()).enter();
  const [one, other] = [await queues.declare(queueOf('')), await queues.declare(queueOf('\n'))];
  for (const { name } of [one, other]) t.match(name, /^amq\.gen-[\w-]{22}$/);
  t.not(one.name, other.name);
});

void t.test('each declaration after a deletion makes another queue', async (t) => {
  const { queues } = (await TestBroker.open()).enter();
  const first = await queues.declare(queueOf('q'));
  await queues.delete('q', false, false);
  const second = await queues.declare(queueOf('q'));
  t.not(first.definition.id, second.definition.id);
  t.same([first.isDeleted, second.isDeleted], [true, false]);
});

void t.test('names that are the broker’s to give are refused, but may be looked for', async (t) => {
  const { queues } = (await TestBroker.open()).enter();
  const { name } = await queues.declare(queueOf(''));
  for (const reserved of ['amq.q', name])
    await t.rejects(queues.declare(queueOf(reserved)), {
      kind: 'reservedName',
      code: 403,
      message: `ACCESS_REFUSED - queue name '${reserved}' contains reserved prefix 'amq.*'`,
    });
  t.equal(queues.check(name).name, name);
  t.throws(() => queues.check('amq.q'), missing('amq.q'));
  t.throws(() => queues.check(''), missing(''));
});

const inequivalence = (text: string): Refusal => refusal('inequivalent', `inequivalent arg ${text}`);

void t.test('declaring it otherwise is refused, naming the first difference', async (t) => {
  const { queues } = (await TestBroker.open()).enter();
  await queues.declare(queueOf('q'));
  await t.rejects(
    queues.declare(queueOf('q', { durable: false, autoDelete: true })),
    inequivalence("'durable' for queue 'q' in vhost '/': received 'false' but current is 'true'"),
  );
  await t.rejects(
    queues.declare(queueOf('q', { autoDelete: true })),
    inequivalence("'auto_delete' for queue 'q' in vhost '/': received 'true' but current is 'false'"),
  );
  await t.rejects(
    queues.declare(queueOf('q', { arguments: fromPlain({ 'x-message-ttl': 1000 }) })),
    inequivalence(
      "'x-message-ttl' for queue 'q' in vhost '/': received the value '1000' of type 'signedint' but current is none",
    ),
  );
});

void t.test('a bad argument is refused, but not of a queue that is there', async (t) => {
  const { queues } = (await TestBroker.open()).enter();
  const bad = queueOf('q', { arguments: fromPlain({ 'x-foo': 1, 'x-max-length': -1 }) });
  await t.rejects(queues.declare(bad), {
    kind: 'invalidArgument',
    code: 406,
    message:
      "PRECONDITION_FAILED - invalid arg 'x-max-length' for queue 'q' in vhost '/': {value_negative,-1}",
  });
  await queues.declare(queueOf('q'));
  await t.rejects(queues.declare(bad), ofKind('inequivalent'));
});

const invalidProperty = (property: string): Refusal =>
  refusal('invalidArgument', `invalid property '${property}' for queue 'q' in vhost '/'`);

void t.test('flags that a type of queue does not go with are refused', async (t) => {
  const { queues } = (await TestBroker.open()).enter();
  const quorum = fromPlain({ 'x-queue-type': 'quorum' });
  await t.rejects(
    queues.declare(queueOf('q', { arguments: quorum, durable: false })),
    invalidProperty('non-durable'),
  );
  await t.rejects(
    queues.declare(queueOf('q', { arguments: quorum, exclusive: true })),
    invalidProperty('exclusive-owner'),
  );
  await t.rejects(
    queues.declare(queueOf('q', { arguments: quorum, autoDelete: true })),
    invalidProperty('auto-delete'),
  );
});

void t.test('streams are not there yet', async (t) => {
  const { queues } = (await TestBroker.open()).enter();
  const stream = fromPlain({ 'x-queue-type': 'stream' });
  await t.rejects(queues.declare(queueOf('q', { arguments: stream })), { code: 540, scope: 'connection' });
});

void t.test('an exclusive queue belongs to its connection alone', async (t) => {
  const test = await TestBroker.open();
  const [own, other] = [test.enter(), test.enter()];
  await own.queues.declare(queueOf('q', { exclusive: true }));
  t.equal(own.queues.readable('q').definition.owner, own.connection);
  for (const exclusive of [true, false])
    await t.rejects(other.queues.declare(queueOf('q', { exclusive })), locked('q'));
  t.throws(() => other.queues.check('q'), locked('q'));
  t.throws(() => other.queues.readable('q'), locked('q'));
  await t.rejects(other.queues.delete('q', false, false), locked('q'));
  await t.rejects(other.queues.bind(bindingOf('amq.direct', 'q')), locked('q'));
  await t.resolves(other.queues.unbind(bindingOf('amq.direct', 'q')));
  t.equal(other.publishing.route('', 'q').queues.length, 1, 'but anybody may publish to it');
});

void t.test('whether it is exclusive is compared before all else', async (t) => {
  const { queues } = (await TestBroker.open()).enter();
  await queues.declare(queueOf('mine', { exclusive: true }));
  await queues.declare(queueOf('shared'));
  await t.rejects(queues.declare(queueOf('mine', { durable: false, autoDelete: true })), locked('mine'));
  await t.rejects(queues.declare(queueOf('shared', { exclusive: true, autoDelete: true })), locked('shared'));
});

void t.test('it is never durable, whatever is asked for', async (t) => {
  const { queues } = (await TestBroker.open()).enter();
  const queue = await queues.declare(queueOf('q', { exclusive: true, durable: true }));
  t.equal(queue.definition.durable, false);
  t.equal(await queues.declare(queueOf('q', { exclusive: true, durable: false })), queue);
});

void t.test('it goes when its connection goes', async (t) => {
  const test = await TestBroker.open();
  const [own, other] = [test.enter(), test.enter()];
  await own.queues.declare(queueOf('a', { exclusive: true }));
  await own.queues.declare(queueOf('b', { exclusive: true }));
  await own.queues.declare(queueOf('stays'));
  await other.queues.declare(queueOf('others', { exclusive: true }));
  await own.queues.bind(bindingOf('amq.direct', 'a'));
  await own.leave();
  t.same([test.queues().toSorted(), test.bindings()], [['others', 'stays'], []]);
  await own.leave();
  await t.resolves(other.queues.declare(queueOf('a')));
});

void t.test('where a connection has very many, they go over several turns', async (t) => {
  const test = await TestBroker.open();
  const own = test.enter();
  for (let i = 0; i < 600; i++) await own.queues.declare(queueOf(`q${i}`, { exclusive: true }));
  const leaving = own.leave();
  const left: number[] = [];
  for (let turns = 0; turns < 4; turns++) {
    await new Promise((resolve) => setImmediate(resolve));
    left.push(test.queues().length);
    test.rest();
  }
  await leaving;
  t.same(left, [344, 88, 0, 0]);
});

void t.test(
  'deleting tells how many messages went, and that none did where there was no queue',
  async (t) => {
    const test = await TestBroker.open();
    const { queues, publishing } = test.enter();
    const queue = await queues.declare(queueOf('q'));
    for (const body of ['a', 'b', 'c']) publishing.publish(messageOf(body), [queue]);
    queue.take(false);
    t.equal(await queues.delete('q', false, false), 2);
    t.equal(await queues.delete('q', true, true), 0);
  },
);

void t.test('a queue can be spared while it has messages or consumers', async (t) => {
  const test = await TestBroker.open();
  const { queues, publishing } = test.enter();
  const queue = await queues.declare(queueOf('q'));
  const subscription = queue.attach(new TestConsumer('c', { credit: 0 }));
  const inUse = { kind: 'inUse', code: 406, message: "PRECONDITION_FAILED - queue 'q' in vhost '/' in use" };
  const notEmpty = {
    kind: 'notEmpty',
    code: 406,
    message: "PRECONDITION_FAILED - queue 'q' in vhost '/' not empty",
  };
  await t.rejects(queues.delete('q', true, false), inUse);
  publishing.publish(messageOf('a'), [queue]);
  await t.rejects(queues.delete('q', false, true), notEmpty);
  await t.rejects(queues.delete('q', true, true), notEmpty);
  queue.detach(subscription);
  queue.take(false);
  t.equal(await queues.delete('q', true, true), 0, 'what is not acknowledged does not count');
});

void t.test('a queue that is not there is not found', async (t) => {
  const { queues } = (await TestBroker.open()).enter();
  t.throws(() => queues.check('nope'), missing('nope'));
  t.throws(() => queues.readable('nope'), missing('nope'));
});

void t.test('both ends of a binding have to be there, the exchange first', async (t) => {
  const test = await TestBroker.open();
  const { queues } = test.enter();
  await queues.declare(queueOf('q'));
  await t.rejects(queues.bind(bindingOf('nope', 'nope')), {
    message: "NOT_FOUND - no exchange 'nope' in vhost '/'",
  });
  await t.rejects(queues.bind(bindingOf('amq.direct', 'nope')), missing('nope'));
  await t.rejects(queues.bind(bindingOf('', 'nope')), ofKind('defaultExchange'));
  await t.rejects(queues.unbind(bindingOf('', 'q')), ofKind('defaultExchange'));
  await t.resolves(queues.unbind(bindingOf('nope', 'q')));
  await t.resolves(queues.unbind(bindingOf('amq.direct', 'nope')));
  t.same(test.bindings(), []);
});

void t.test('a queue of the same name as an exchange is another destination', async (t) => {
  const test = await TestBroker.open();
  const { queues, exchanges } = test.enter();
  await queues.declare(queueOf('n'));
  await exchanges.declare(exchangeOf('n'));
  await queues.bind(bindingOf('amq.fanout', 'n'));
  await exchanges.bind(bindingOf('amq.fanout', 'n'));
  t.equal(test.bindings().length, 2);
  await exchanges.delete('n', false);
  t.same([test.bindings(), test.queues()], [['amq.fanout n'], ['n']]);
});

void t.test('declaring, also passively, starts the time to expire again', async (t) => {
  const test = await TestBroker.open();
  const { queues } = test.enter();
  const request = queueOf('q', { arguments: fromPlain({ 'x-expires': 1000 }) });
  await queues.declare(request);
  test.clock.advance(900);
  queues.check('q');
  test.clock.advance(900);
  await queues.declare(request);
  test.clock.advance(900);
  t.same(test.queues(), ['q']);
  test.clock.advance(100);
  t.same(test.queues(), []);
});
