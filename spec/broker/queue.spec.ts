import t from 'tap';
import type { StoreChange } from '../../lib/store/message-store.js';
import { bodyOf, messageOf } from '../support/messages.js';
import { TestQueue } from './test-queue.js';

void t.test('messages leave in the order in which they came', async (t) => {
  const q = new TestQueue();
  q.publish(['a', 'b', 'c']);
  t.same([q.get(), q.get(), q.get(), q.get()], ['a', 'b', 'c', undefined]);
});

void t.test('ready and unacknowledged messages are counted apart', async (t) => {
  const q = new TestQueue();
  q.publish(['one', 'three']);
  t.same([q.queue.messageCount, q.queue.byteCount, q.queue.unackedCount], [2, 8, 0]);
  const entry = q.take();
  t.same([q.queue.messageCount, q.queue.byteCount, q.queue.unackedCount], [1, 5, 1]);
  q.queue.acknowledge(entry);
  t.same([q.queue.messageCount, q.queue.unackedCount], [1, 0]);
  q.queue.take(true);
  t.same([q.queue.messageCount, q.queue.unackedCount], [0, 0]);
});

void t.test('what was taken as settled is settled at once', async (t) => {
  const q = new TestQueue();
  q.publish(['a', 'b']);
  q.queue.take(true);
  t.same(
    q.level().settled.map(({ message }) => bodyOf(message)),
    ['a'],
  );
});

void t.test('requeued messages stand where they stood, in whatever order they come back', async (t) => {
  const q = new TestQueue();
  q.publish(['a', 'b', 'c', 'd', 'e']);
  const [a, b, c, d] = q.takeMany(4);
  q.queue.requeue([d!, b!]);
  q.queue.acknowledge(c!);
  q.queue.requeue([a!]);
  t.equal(q.queue.unackedCount, 0);
  t.same(q.empty(), ['a', 'b', 'd', 'e']);
});

void t.test('a requeued message counts how often it came back', async (t) => {
  const q = new TestQueue();
  q.publish('a');
  for (let returns = 0; returns < 3; returns++) {
    const entry = q.take();
    t.equal(entry.returns, returns);
    q.queue.requeue([entry]);
  }
});

void t.test('a rejected message goes to the dead letters where the queue has a place for them', async (t) => {
  const q = new TestQueue({ 'x-dead-letter-exchange': 'dlx' });
  q.publish('a');
  q.queue.reject(q.take());
  t.same(q.dead, ['a rejected']);
  t.equal(q.queue.unackedCount, 0);
});

void t.test('a rejected message is settled where it has no place to go', async (t) => {
  const q = new TestQueue();
  q.publish('a');
  q.queue.reject(q.take());
  t.same(q.dead, []);
  t.equal(q.level().settled.length, 1);
});

void t.test('an acknowledgement can be part of a transaction', async (t) => {
  const q = new TestQueue();
  q.publish('a');
  const entry = q.take();
  const changes: StoreChange[] = [];
  q.queue.acknowledgeIn(changes, entry);
  t.same(changes, [{ type: 'settle', entry, queue: q.level() }]);
  t.equal(q.queue.unackedCount, 0);
});

void t.test('a purge drops what is ready and leaves what is not acknowledged', async (t) => {
  const q = new TestQueue({ 'x-max-priority': 2 });
  q.publish(['a', 'b', 'c']);
  q.publish('d', { priority: 2 });
  const d = q.take();
  t.equal(q.queue.purge(), 3);
  t.equal(q.queue.messageCount, 0);
  q.queue.requeue([d]);
  t.same(q.empty(), ['d']);
  t.equal(q.queue.purge(), 0);
});

void t.test('the higher priority goes first, and arrival decides among equals', async (t) => {
  const q = new TestQueue({ 'x-max-priority': 5 });
  q.publish('none');
  q.publish('three', { priority: 3 });
  q.publish('nine', { priority: 9 });
  q.publish('five', { priority: 5 });
  q.publish('zero', { priority: 0 });
  t.same(q.empty(), ['nine', 'five', 'three', 'none', 'zero']);
});

void t.test('without x-max-priority the priority has no say', async (t) => {
  const q = new TestQueue();
  q.publish('low', { priority: 1 });
  q.publish('high', { priority: 9 });
  t.same(q.empty(), ['low', 'high']);
});

void t.test('requeued messages return to their own priority', async (t) => {
  const q = new TestQueue({ 'x-max-priority': 3 });
  q.publish('a1', { priority: 1 });
  q.publish('b3', { priority: 3 });
  q.publish('c9', { priority: 9 });
  const taken = q.takeMany(3);
  q.queue.requeue([taken[2]!, taken[1]!, taken[0]!]);
  t.same(q.empty(), ['b3', 'c9', 'a1']);
});

void t.test('each priority has a store of its own, kept under the id of the queue', async (t) => {
  const q = new TestQueue({ 'x-max-priority': 2 });
  for (const priority of [1, 2, 3]) q.publish('x', { priority });
  t.same([...q.store.queues.keys()], ['q1', 'q1/1', 'q1/2']);
});

void t.test('only durable queues that outlive their connection are kept', async (t) => {
  const kinds = [{}, { durable: false }, { exclusive: true, owner: 'c1' }];
  const durable = kinds.map((flags) => new TestQueue({}, flags).level().options.durable);
  t.same(durable, [true, false, false]);
});

void t.test('a lower priority waits while the head of a higher one is being read', async (t) => {
  const q = new TestQueue({ 'x-max-priority': 1 });
  q.publish('low');
  q.publish('high', { priority: 1 });
  q.level(1).paged = true;
  t.equal(q.get(), undefined);
  const readable = q.queue.whenReadable();
  q.level(1).becomeReadable();
  await readable;
  t.equal(q.get(), 'high');
});

void t.test('whoever waits for a message to be read is released when the queue goes', async (t) => {
  const q = new TestQueue();
  q.publish('a');
  q.level().paged = true;
  const readable = q.queue.whenReadable();
  q.queue.delete();
  await readable;
  t.equal(q.queue.isDeleted, true);
});

void t.test('settling, putting back and rejecting what came from a deleted queue does nothing', async (t) => {
  const q = new TestQueue({ 'x-dead-letter-exchange': 'dlx' });
  q.publish(['a', 'b', 'c', 'd']);
  const [a, b, c, d] = q.takeMany(4);
  q.queue.delete();
  t.equal(q.level().removed, true);
  const changes: StoreChange[] = [];
  q.queue.acknowledge(a!);
  q.queue.acknowledgeIn(changes, b!);
  q.queue.requeue([c!]);
  q.queue.reject(d!);
  t.same([q.level().settled, changes, q.dead], [[], [], []]);
  t.equal(q.queue.messageCount, 0);
  t.equal(q.queue.unackedCount, 0);
});

void t.test('a message that was returned too often is a dead letter', async (t) => {
  const q = new TestQueue({
    'x-queue-type': 'quorum',
    'x-delivery-limit': 2,
    'x-dead-letter-exchange': 'dlx',
  });
  q.publish(['a', 'b']);
  for (let i = 0; i < 2; i++) {
    q.queue.requeue(q.takeMany(2));
    t.same(q.dead, []);
  }
  q.queue.requeue([q.take()]);
  t.same(q.dead, ['a delivery_limit']);
  t.same(q.empty(), ['b']);
});

void t.test('a delivery limit of zero allows one delivery, a negative one any number', async (t) => {
  const strict = new TestQueue({ 'x-queue-type': 'quorum', 'x-delivery-limit': 0 });
  strict.publish('a');
  strict.queue.requeue([strict.take()]);
  t.same([strict.queue.messageCount, strict.level().settled.length], [0, 1]);
  const lenient = new TestQueue({ 'x-queue-type': 'quorum', 'x-delivery-limit': -1 });
  lenient.publish('a');
  for (let i = 0; i < 10; i++) lenient.queue.requeue([lenient.take()]);
  t.equal(lenient.queue.messageCount, 1);
});

void t.test('a priority takes memory when its first message comes, and keeps its place', async (t) => {
  const q = new TestQueue({ 'x-max-priority': 255 });
  t.equal(q.queue.levels.length, 1);
  for (const priority of [200, 3, 250, 3, 255, 0]) q.publish(`${priority}`, { priority });
  t.equal(q.queue.levels.length, 5);
  t.same(q.empty(), ['255', '250', '200', '3', '3', '0']);
});

void t.test('after a restart every priority may have messages, so each is opened', async (t) => {
  const q = new TestQueue({ 'x-max-priority': 2 }, {}, [messageOf('old')]);
  t.same([...q.store.queues.keys()], ['q1', 'q1/1', 'q1/2']);
  t.same(q.empty(), ['old']);
});
