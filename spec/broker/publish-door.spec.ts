import t from 'tap';
import { REFUSED } from '../../lib/broker/publish.js';
import type { Queue } from '../../lib/broker/queue.js';
import { SAFE } from '../../lib/store/message-store.js';
import { fromPlain } from '../../lib/wire/values.js';
import { messageOf } from '../support/messages.js';
import { bindingOf, exchangeOf, queueOf, TestBroker } from './test-broker.js';

const names = (queues: readonly Queue[]): string[] => queues.map(({ name }) => name);

void t.test('a route is remembered as long as nothing changes', async (t) => {
  const { publishing, queues } = (await TestBroker.open()).enter();
  await queues.declare(queueOf('q'));
  const route = publishing.route('', 'q');
  t.match(route, { exchange: '', routingKey: 'q', readsHeaders: false, isReply: false, reply: undefined });
  t.same(names(route.queues), ['q']);
  t.equal(publishing.route('', 'q'), route);
  t.equal(publishing.isCurrent(route), true);
});

void t.test('a change of the definitions makes it void', async (t) => {
  const test = await TestBroker.open();
  const { publishing, queues } = test.enter();
  t.same(names(publishing.route('', 'q').queues), []);
  await queues.declare(queueOf('q'));
  const route = publishing.route('', 'q');
  t.same(names(route.queues), ['q']);
  await queues.bind(bindingOf('amq.direct', 'q'));
  t.equal(publishing.isCurrent(route), false);
  await queues.delete('q', false, false);
  t.same(names(publishing.route('', 'q').queues), []);
});

void t.test('routes that are void are forgotten with the next publish', async (t) => {
  const { publishing, queues } = (await TestBroker.open()).enter();
  for (let i = 0; i < 100; i++) publishing.route('amq.topic', `k${i}`);
  t.equal(publishing.routeCount, 100);
  await queues.declare(queueOf('q'));
  publishing.route('', 'q');
  publishing.route('', 'r');
  t.equal(publishing.routeCount, 2);
});

void t.test('any number of keys can be published with', async (t) => {
  const { publishing, queues } = (await TestBroker.open()).enter();
  await queues.declare(queueOf('k7'));
  const found: string[] = [];
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 5000; i++) found.push(...names(publishing.route('', `k${i}`).queues));
  }
  t.same(found, ['k7', 'k7']);
});

void t.test('what cannot be published to says why', async (t) => {
  const { publishing, exchanges } = (await TestBroker.open()).enter();
  await exchanges.declare(exchangeOf('x', { internal: true }));
  t.throws(() => publishing.route('nope', 'k'), {
    kind: 'noExchange',
    code: 404,
    message: "NOT_FOUND - no exchange 'nope' in vhost '/'",
  });
  for (const name of ['x', 'amq.rabbitmq.trace'])
    t.throws(() => publishing.route(name, 'k'), {
      kind: 'internalExchange',
      code: 403,
      message: `ACCESS_REFUSED - cannot publish to internal exchange '${name}' in vhost '/'`,
    });
});

void t.test('an internal exchange is reached from others', async (t) => {
  const { publishing, exchanges, queues } = (await TestBroker.open()).enter();
  await exchanges.declare(exchangeOf('x', { internal: true }));
  await queues.declare(queueOf('q'));
  await exchanges.bind(bindingOf('amq.fanout', 'x'));
  await queues.bind(bindingOf('x', 'q'));
  t.same(names(publishing.route('amq.fanout', '').queues), ['q']);
});

void t.test('where headers have a say the route is asked for each message', async (t) => {
  const { publishing, queues } = (await TestBroker.open()).enter();
  for (const name of ['one', 'two']) {
    await queues.declare(queueOf(name));
    await queues.bind(bindingOf('amq.headers', name, { arguments: fromPlain({ n: name }) }));
  }
  const route = publishing.route('amq.headers', '');
  t.equal(route.readsHeaders, true);
  t.same(names(publishing.routeBy(route, [], fromPlain({ n: 'one' }))), ['one']);
  t.same(names(publishing.routeBy(route, [], fromPlain({ n: 'two' }))), ['two']);
  t.same(names(publishing.routeBy(route, [], undefined)), []);
});

void t.test('further keys lead to further queues, each once', async (t) => {
  const { publishing, queues } = (await TestBroker.open()).enter();
  for (const name of ['a', 'b']) await queues.declare(queueOf(name));
  const route = publishing.route('', 'a');
  t.same(names(publishing.routeBy(route, ['b', 'a', 'nope'], undefined)), ['a', 'b']);
});

void t.test('a direct reply goes to who asked', async (t) => {
  const test = await TestBroker.open();
  const { publishing } = test.enter();
  const target = { reply: (): void => {} };
  const key = test.broker.replies.add(target);
  t.match(publishing.route('', key), { isReply: true, queues: [] });
  t.equal(publishing.route('', key).reply, target);
  test.broker.replies.remove(key);
  t.match(publishing.route('', key), { isReply: true, reply: undefined });
  t.match(publishing.route('amq.direct', key), { isReply: false });
});

void t.test('a publish tells which commit to wait for', async (t) => {
  const test = await TestBroker.open();
  const { publishing, queues } = test.enter();
  const [a, b] = [await queues.declare(queueOf('a')), await queues.declare(queueOf('b'))];
  t.equal(publishing.publish(messageOf('x'), []), SAFE);
  t.equal(publishing.publish(messageOf('x'), [a]), 1);
  t.equal(publishing.publish(messageOf('x'), [a, b]), 2);
  t.same([a.messageCount, b.messageCount], [2, 1]);
});

void t.test('or that a queue refused, though others did not', async (t) => {
  const { publishing, queues } = (await TestBroker.open()).enter();
  const open = await queues.declare(queueOf('open'));
  const limits = fromPlain({ 'x-max-length': 1, 'x-overflow': 'reject-publish' });
  const full = await queues.declare(queueOf('full', { arguments: limits }));
  t.equal(publishing.publish(messageOf('x'), [full, open]), 1);
  t.equal(publishing.publish(messageOf('x'), [full, open]), REFUSED);
  t.equal(publishing.publish(messageOf('x'), [full]), REFUSED);
  t.same([full.messageCount, open.messageCount], [1, 2]);
});

void t.test('each queue files the message by its own priorities', async (t) => {
  const { publishing, queues } = (await TestBroker.open()).enter();
  const plain = await queues.declare(queueOf('plain'));
  const high = await queues.declare(queueOf('high', { arguments: fromPlain({ 'x-max-priority': 3 }) }));
  publishing.publish(messageOf('x', { priority: 7 }), [plain, high]);
  t.equal(high.levelOf(messageOf('x', { priority: 3 })).count, 1);
  t.equal(plain.messageCount, 1);
});
