import t from 'tap';
import { bindingKey, exchangeChange, queueChange, vhostKey } from '../../lib/broker/definitions.js';
import { MemoryMetadataStore } from '../../lib/meta/memory-metadata-store.js';
import { EMPTY_TABLE, fromPlain } from '../../lib/wire/values.js';
import { bodyOf, messageOf } from '../support/messages.js';
import { HeldMetadataStore } from './held-metadata-store.js';
import { ALL, bindingOf, exchangeOf, queueOf, TestBroker } from './test-broker.js';
import { TestConsumer } from './test-consumer.js';

/** Lets everything that only waits for promises go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function heldBroker(): Promise<{ store: HeldMetadataStore; test: TestBroker }> {
  const store = new HeldMetadataStore();
  await store.apply([{ key: vhostKey('/'), value: { name: '/' }, lifetime: 'durable' }]);
  const test = await TestBroker.open(store);
  await test.users.putUser({ name: 'ann', password: 'secret', tags: [] });
  await test.users.setPermissions('ann', '/', ALL);
  return { store, test };
}

void t.test('everything that is defined is there after a start', async (t) => {
  const before = await TestBroker.open();
  const door = before.enter();
  await door.exchanges.declare(
    exchangeOf('x', { type: 'topic', arguments: fromPlain({ 'alternate-exchange': 'y' }) }),
  );
  await door.exchanges.declare(exchangeOf('y', { type: 'fanout' }));
  await door.queues.declare(queueOf('q', { arguments: fromPlain({ 'x-max-priority': 2 }) }));
  await door.queues.bind(bindingOf('x', 'q', { routingKey: 'a.#' }));
  await door.exchanges.bind(bindingOf('x', 'y'));
  before.broker.close();

  const after = await TestBroker.open(before.metadata);
  t.same(after.queues(), ['q']);
  t.same(after.exchanges().toSorted(), ['x', 'y']);
  t.same(after.bindings().toSorted(), ['x q', 'x y']);
  t.equal(after.broker.vhost('/')?.exchange('x')?.alternate, 'y');
  t.equal(after.broker.vhost('/')?.queue('q')?.levels.length, 3, 'any of them may have messages');
  t.equal(after.messages.recoveries, 1);
  t.same(
    after
      .enter()
      .publishing.route('x', 'a.b')
      .queues.map(({ name }) => name),
    ['q'],
  );
});

void t.test('messages find the queue that they were in', async (t) => {
  const before = await TestBroker.open();
  const { definition } = await before.enter().queues.declare(queueOf('q'));
  const after = await TestBroker.open(before.metadata);
  t.same([...after.messages.queues.keys()], [definition.id]);
});

void t.test('what another part of the cluster defines is applied, once', async (t) => {
  const test = await TestBroker.open();
  const flags = {
    durable: true,
    exclusive: false,
    autoDelete: false,
    owner: undefined,
    arguments: EMPTY_TABLE,
  };
  const queue = { id: 'i1', name: 'q', ...flags };
  await test.metadata.apply([exchangeChange('/', exchangeOf('x')), queueChange('/', queue)]);
  t.same([test.queues(), test.exchanges()], [['q'], ['x']]);
  const known = test.broker.vhost('/')?.queue('q');
  await test.metadata.apply([exchangeChange('/', exchangeOf('x')), queueChange('/', queue)]);
  t.equal(test.broker.vhost('/')?.queue('q'), known);
});

void t.test('changes that are not definitions of vhosts are none of its business', async (t) => {
  const test = await TestBroker.open();
  await test.metadata.apply([{ key: 'policy/nowhere/p', value: {}, lifetime: 'durable' }]);
  await test.metadata.apply([{ key: 'policy/nowhere/p', value: undefined, lifetime: 'durable' }]);
  t.same(test.failures, []);
});

void t.test('a queue goes with its bindings', async (t) => {
  const test = await TestBroker.open();
  const door = test.enter();
  await door.exchanges.declare(exchangeOf('x'));
  await door.queues.declare(queueOf('q'));
  await door.queues.bind(bindingOf('x', 'q', { routingKey: 'a' }));
  await door.queues.bind(bindingOf('x', 'q', { routingKey: 'b' }));
  await door.queues.bind(bindingOf('amq.topic', 'q'));
  await door.queues.delete('q', false, false);
  t.same([test.queues(), test.bindings(), test.exchanges()], [[], [], ['x']]);
  t.same(await test.keys('binding/'), []);
  t.same(await test.keys('queue/'), []);
});

void t.test('an exchange goes with its bindings, from it and to it', async (t) => {
  const test = await TestBroker.open();
  const door = test.enter();
  for (const name of ['x', 'y']) await door.exchanges.declare(exchangeOf(name));
  await door.queues.declare(queueOf('q'));
  await door.queues.bind(bindingOf('x', 'q'));
  await door.exchanges.bind(bindingOf('y', 'x'));
  await door.exchanges.bind(bindingOf('x', 'x'));
  await door.exchanges.bind(bindingOf('x', 'y'));
  await door.exchanges.delete('x', false);
  t.same([test.exchanges(), test.bindings(), await test.keys('binding/')], [['y'], [], []]);
});

void t.test(
  'an auto-delete exchange goes with the last binding from it, and takes others along',
  async (t) => {
    const test = await TestBroker.open();
    const door = test.enter();
    for (const name of ['a', 'b', 'c']) await door.exchanges.declare(exchangeOf(name, { autoDelete: true }));
    await door.exchanges.declare(exchangeOf('stays'));
    await door.queues.declare(queueOf('q'));
    await door.queues.declare(queueOf('r'));
    await door.exchanges.bind(bindingOf('stays', 'a'));
    await door.exchanges.bind(bindingOf('a', 'b'));
    await door.exchanges.bind(bindingOf('b', 'c'));
    await door.queues.bind(bindingOf('c', 'q'));
    await door.queues.bind(bindingOf('c', 'r'));
    await door.queues.delete('r', false, false);
    t.same(test.exchanges().toSorted(), ['a', 'b', 'c', 'stays']);
    await door.queues.delete('q', false, false);
    t.same([test.exchanges(), test.bindings()], [['stays'], []]);
    t.same([await test.keys('exchange/'), await test.keys('binding/')], [['exchange/%2F/stays'], []]);
  },
);

void t.test('unbinding the last one has the same effect, bindings to it have none', async (t) => {
  const test = await TestBroker.open();
  const door = test.enter();
  await door.exchanges.declare(exchangeOf('auto', { autoDelete: true }));
  await door.queues.declare(queueOf('q'));
  await door.exchanges.bind(bindingOf('amq.direct', 'auto'));
  await door.exchanges.unbind(bindingOf('amq.direct', 'auto'));
  t.same(test.exchanges(), ['auto']);
  await door.queues.bind(bindingOf('auto', 'q'));
  await door.queues.unbind(bindingOf('auto', 'q'));
  t.same(test.exchanges(), []);
});

void t.test('auto-delete exchanges in a ring go together', async (t) => {
  const test = await TestBroker.open();
  const door = test.enter();
  for (const name of ['a', 'b']) await door.exchanges.declare(exchangeOf(name, { autoDelete: true }));
  await door.exchanges.bind(bindingOf('a', 'b'));
  await door.exchanges.bind(bindingOf('b', 'a'));
  await door.exchanges.bind(bindingOf('a', 'a'));
  await door.exchanges.unbind(bindingOf('a', 'b'));
  t.same(test.exchanges().toSorted(), ['a', 'b']);
  await door.exchanges.delete('a', false);
  t.same([test.exchanges(), await test.keys('binding/')], [[], []]);
});

void t.test('an abandoned queue is deleted, with its bindings', async (t) => {
  const test = await TestBroker.open();
  const door = test.enter();
  const queue = await door.queues.declare(queueOf('q', { autoDelete: true }));
  await door.queues.bind(bindingOf('amq.direct', 'q'));
  await door.queues.declare(queueOf('e', { arguments: fromPlain({ 'x-expires': 1000 }) }));
  queue.detach(queue.attach(new TestConsumer('c')));
  t.same(test.queues(), ['e']);
  test.clock.advance(1000);
  t.same([test.queues(), test.bindings(), await test.keys('queue/')], [[], [], []]);
});

void t.test('a deletion in the background that fails is told', async (t) => {
  const test = await TestBroker.open();
  const queue = await test.enter().queues.declare(queueOf('q', { autoDelete: true }));
  await test.metadata.close();
  queue.detach(queue.attach(new TestConsumer('c')));
  await settle();
  t.match(test.failures, [{ name: 'MetadataStoreClosedError' }]);
});

void t.test('of two who declare the same queue at once both get it', async (t) => {
  const { store, test } = await heldBroker();
  store.hold();
  const [one, other] = [test.enter(), test.enter()];
  const declared = Promise.all([one.queues.declare(queueOf('q')), other.queues.declare(queueOf('q'))]);
  await settle();
  t.equal(store.waiting, 2);
  store.release();
  const [first, second] = await declared;
  t.equal(first, second);
  t.same(test.queues(), ['q']);
});

void t.test('of two who declare it differently one is told', async (t) => {
  const { store, test } = await heldBroker();
  store.hold();
  const exchanges = [exchangeOf('x'), exchangeOf('x', { type: 'fanout' })];
  const declared = Promise.allSettled([
    test.enter().queues.declare(queueOf('q')),
    test.enter().queues.declare(queueOf('q', { durable: false })),
    ...exchanges.map((exchange) => test.enter().exchanges.declare(exchange)),
  ]);
  await settle();
  store.release();
  const outcomes = (await declared).map((one) => (one.status === 'fulfilled' ? 'ok' : one.reason.message));
  t.same(outcomes, [
    'ok',
    "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q' in vhost '/': received 'false' but current is 'true'",
    'ok',
    "PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'x' in vhost '/': received 'fanout' but current is 'direct'",
  ]);
});

void t.test('two who bind the same at once have one binding', async (t) => {
  const { store, test } = await heldBroker();
  const door = test.enter();
  await door.queues.declare(queueOf('q'));
  store.hold();
  const bound = Promise.all([1, 2].map(() => door.queues.bind(bindingOf('amq.direct', 'q'))));
  await settle();
  store.release();
  await bound;
  t.same([test.bindings(), (await test.keys('binding/')).length], [['amq.direct q'], 1]);
});

void t.test('who binds a queue that is being deleted is told, and nothing is left behind', async (t) => {
  const { store, test } = await heldBroker();
  const door = test.enter();
  await door.queues.declare(queueOf('q'));
  store.hold();
  const deleted = door.queues.delete('q', false, false);
  const bound = door.queues.bind(bindingOf('amq.direct', 'q'));
  await settle();
  store.release();
  await deleted;
  await t.rejects(bound, { message: "NOT_FOUND - no queue 'q' in vhost '/'" });
  await settle();
  t.same([test.bindings(), await test.keys('binding/')], [[], []]);
});

void t.test('a binding that an exchange’s deletion did not know of goes all the same', async (t) => {
  const { store, test } = await heldBroker();
  const door = test.enter();
  await door.exchanges.declare(exchangeOf('x'));
  await door.queues.declare(queueOf('q'));
  store.hold();
  const bound = door.queues.bind(bindingOf('x', 'q'));
  const deleted = door.exchanges.delete('x', false);
  await settle();
  store.release();
  await Promise.allSettled([bound, deleted]);
  await settle();
  t.same([test.exchanges(), test.bindings(), await test.keys('binding/')], [[], [], []]);
  await door.exchanges.declare(exchangeOf('x'));
  await door.queues.bind(bindingOf('x', 'q'));
  t.same(test.bindings(), ['x q']);
});

void t.test('what belongs to nothing at the start is removed', async (t) => {
  const store = new MemoryMetadataStore();
  const definition = { ...bindingOf('x', 'q'), destinationKind: 'queue' as const };
  await store.apply([
    { key: vhostKey('/'), value: { name: '/' }, lifetime: 'durable' },
    { key: bindingKey('/', definition), value: { ...definition, arguments: '' }, lifetime: 'durable' },
    exchangeChange('gone', exchangeOf('x')),
  ]);
  const test = await TestBroker.open(store);
  t.same(await test.keys(), ['vhost/%2F']);
});

void t.test('vhosts are apart from each other', async (t) => {
  const test = await TestBroker.open();
  t.equal(await test.broker.createVhost('v'), true);
  t.equal(await test.broker.createVhost('v'), false);
  await test.users.setPermissions('ann', 'v', ALL);
  await test.enter('v').queues.declare(queueOf('q'));
  t.same([test.queues('/'), test.queues('v')], [[], ['q']]);
  t.same(
    [...test.broker.vhosts()].map(({ name }) => name),
    ['/', 'v'],
  );
});

void t.test('a vhost is deleted with all that is in it and all that is allowed there', async (t) => {
  const test = await TestBroker.open();
  await test.broker.createVhost('v');
  await test.broker.createVhost('v/w');
  for (const vhost of ['v', 'v/w']) {
    await test.users.setPermissions('ann', vhost, ALL);
    await test.users.setTopicPermissions('ann', vhost, 'amq.topic', { write: '', read: '' });
    const door = test.enter(vhost);
    await door.exchanges.declare(exchangeOf('x'));
    await door.queues.declare(queueOf('q', { durable: false }));
    await door.queues.bind(bindingOf('x', 'q'));
  }
  const others = (await test.keys()).filter((key) => !/\/v(\/|$)/.test(key));
  const queue = test.broker.vhost('v')!.queue('q')!;
  const consumer = new TestConsumer('c');
  queue.attach(consumer);
  t.equal(await test.broker.deleteVhost('v'), true);
  t.same(await test.keys(), others);
  t.equal(consumer.cancellations, 1);
  t.equal(queue.isDeleted, true);
  t.equal(test.broker.vhost('v'), undefined);
  t.equal(test.users.permissions('ann', 'v'), undefined);
  t.same(test.queues('v/w'), ['q']);
  t.equal(await test.broker.deleteVhost('v'), false);
});

void t.test(
  'who is still in a deleted vhost finds nothing there and changes nothing',
  { timeout: 5000 },
  async (t) => {
    const test = await TestBroker.open();
    await test.broker.createVhost('v');
    await test.users.setPermissions('ann', 'v', ALL);
    const door = test.enter('v');
    await door.queues.declare(queueOf('q'));
    const known = door.publishing.route('', 'q');
    await test.broker.deleteVhost('v');
    await test.users.setPermissions('ann', '/', ALL);
    t.equal(door.publishing.isCurrent(known), false);
    await test.broker.createVhost('w');
    await t.rejects(door.queues.declare(queueOf('r')), { code: 403 });
    await t.resolves(door.leave());
    t.same(await test.keys('queue/'), []);
  },
);

void t.test('a vhost that is made anew is an empty one', async (t) => {
  const test = await TestBroker.open();
  await test.broker.createVhost('v');
  await test.users.setPermissions('ann', 'v', ALL);
  const old = test.enter('v');
  await old.queues.declare(queueOf('q'));
  await test.broker.deleteVhost('v');
  await test.broker.createVhost('v');
  await test.users.setPermissions('ann', 'v', ALL);
  t.same(test.queues('v'), []);
  await t.rejects(old.queues.declare(queueOf('r')), {
    message: 'NOT_ALLOWED - vhost v not found',
    code: 530,
  });
  t.throws(() => old.publishing.route('', 'q'), { message: "NOT_FOUND - no exchange '' in vhost 'v'" });
  await test.enter('v').queues.declare(queueOf('r'));
  t.same(test.queues('v'), ['r']);
});

void t.test('a stopped broker changes nothing any more', { timeout: 5000 }, async (t) => {
  const test = await TestBroker.open();
  const door = test.enter();
  await door.queues.declare(queueOf('q', { exclusive: true, arguments: fromPlain({ 'x-expires': 1000 }) }));
  test.broker.close();
  await t.rejects(door.queues.declare(queueOf('r')), { code: 320 });
  await t.rejects(door.exchanges.declare(exchangeOf('x')), { code: 320 });
  await t.rejects(door.queues.bind(bindingOf('amq.direct', 'q')), { code: 320 });
  await t.resolves(door.leave());
  test.clock.advance(5000);
  t.same(await test.keys('queue/'), ['queue/%2F/q']);
});

void t.test('only who has permissions for a vhost may enter it', async (t) => {
  const test = await TestBroker.open();
  await test.users.putUser({ name: 'bob', password: 'pw', tags: ['administrator'] });
  t.throws(() => test.enter('nope'), { message: 'NOT_ALLOWED - vhost nope not found', scope: 'connection' });
  t.throws(() => test.enter('/', 'bob'), {
    message: "NOT_ALLOWED - access to vhost '/' refused for user 'bob'",
    code: 530,
  });
  await test.users.setPermissions('bob', '/', { configure: '', write: '', read: '' });
  t.equal(test.enter('/', 'bob').user.name, 'bob');
});

void t.test('who waits for a commit is told of it once', async (t) => {
  const test = await TestBroker.open();
  let told = 0;
  test.broker.waitForCommit({ committed: () => told++ });
  test.messages.commit();
  test.messages.commit();
  t.equal(told, 1);
});

void t.test('who asks again while it is told waits for the next commit', async (t) => {
  const test = await TestBroker.open();
  let told = 0;
  const listener = {
    committed: (): void => {
      told++;
      test.broker.waitForCommit(listener);
    },
  };
  test.broker.waitForCommit(listener);
  test.messages.commit();
  t.equal(told, 1);
  test.messages.commit();
  t.equal(told, 2);
});

void t.test('deliveries and dead letters have their turns', async (t) => {
  const test = await TestBroker.open();
  const door = test.enter();
  const dlx = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead', 'x-message-ttl': 10 };
  await door.queues.declare(queueOf('q', { arguments: fromPlain(dlx) }));
  const dead = await door.queues.declare(queueOf('dead'));
  const consumer = new TestConsumer('c');
  dead.attach(consumer);
  const { queues } = door.publishing.route('', 'q');
  door.publishing.publish(messageOf('a', { arrivedAt: test.clock.now() }), queues);
  test.clock.advance(10);
  t.same(consumer.bodies, []);
  test.rest();
  t.same(
    consumer.entries.map(({ message }) => bodyOf(message)),
    ['a'],
  );
});
