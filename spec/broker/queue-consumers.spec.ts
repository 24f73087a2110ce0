import t from 'tap';
import { bodyOf } from '../support/messages.js';
import { TestQueue } from './test-queue.js';

void t.test('nothing is delivered in the stack of the publisher or of the new consumer', async (t) => {
  const q = new TestQueue();
  q.publish('a');
  const [consumer] = q.consume('c');
  q.publish('b');
  t.same(consumer.bodies, []);
  q.turns();
  t.same(consumer.bodies, ['a', 'b']);
});

void t.test('a queue says once that it is ready, until it was served', async (t) => {
  const q = new TestQueue();
  q.publish(['a', 'b']);
  t.equal(q.announcements, 0);
  q.consume('c');
  q.publish(['c', 'd']);
  t.equal(q.announcements, 1);
  q.turns();
  q.publish('e');
  t.equal(q.announcements, 2);
});

void t.test('consumers share the messages in turns', async (t) => {
  const q = new TestQueue();
  const [a] = q.consume('a');
  const [b] = q.consume('b', { credit: 1 });
  const [c] = q.consume('c');
  q.publish(['1', '2', '3', '4', '5', '6']);
  q.turns();
  t.same([a.bodies, b.bodies, c.bodies], [['1', '4', '6'], ['2'], ['3', '5']]);
});

void t.test('what nobody has credit for stays, and is delivered when somebody has', async (t) => {
  const q = new TestQueue();
  const [consumer, subscription] = q.consume('c', { credit: 1 });
  q.publish(['a', 'b', 'c']);
  q.turns();
  t.same([consumer.bodies, q.queue.messageCount, q.queue.unackedCount], [['a'], 2, 1]);
  consumer.credit = 2;
  q.queue.resume(subscription);
  q.turns();
  t.same(consumer.bodies, ['a', 'b', 'c']);
});

void t.test('a consumer that does not acknowledge leaves nothing unacknowledged', async (t) => {
  const q = new TestQueue();
  const [consumer] = q.consume('c', { noAck: true });
  q.publish(['a', 'b']);
  q.turns();
  t.same([consumer.bodies, q.queue.unackedCount, q.level().settled.length], [['a', 'b'], 0, 2]);
});

void t.test('requeued messages go to whoever is ready', async (t) => {
  const q = new TestQueue();
  const [a, left] = q.consume('a');
  q.publish(['1', '2']);
  q.turns();
  q.queue.detach(left);
  const [b] = q.consume('b');
  q.queue.requeue(a.entries);
  q.turns();
  t.same(b.bodies, ['1', '2']);
  t.same(
    b.entries.map(({ returns }) => returns),
    [1, 1],
  );
});

void t.test('a long queue is served in turns, so that others have theirs', async (t) => {
  const q = new TestQueue();
  q.publish(Array.from({ length: 5000 }, (_, i) => `${i}`));
  const [consumer] = q.consume('c');
  const turns = q.turns();
  t.ok(turns > 1 && turns < 10, `${turns} turns`);
  t.same(
    consumer.bodies,
    Array.from({ length: 5000 }, (_, i) => `${i}`),
  );
});

void t.test('a consumer whose message has to be read gets it when it was', async (t) => {
  const q = new TestQueue();
  q.publish(['a', 'b']);
  q.level().paged = true;
  const [consumer] = q.consume('c', { credit: 1 });
  q.turns();
  t.same([consumer.bodies, consumer.credit], [[], 1]);
  q.level().becomeReadable();
  q.turns();
  t.same(consumer.bodies, ['a']);
});

void t.test('a deleted queue tells its consumers, each once', async (t) => {
  const q = new TestQueue();
  const [a, subscription] = q.consume('a');
  const [b] = q.consume('b');
  q.queue.delete();
  q.queue.detach(subscription);
  t.same([a.cancellations, b.cancellations, q.queue.consumerCount], [1, 1, 0]);
  t.same([q.abandonments, q.announcements], [0, 1]);
});

void t.test('an exclusive consumer is seen as long as it is there', async (t) => {
  const q = new TestQueue();
  const [, subscription] = q.consume('a', { exclusive: true });
  t.equal(q.queue.hasExclusiveConsumer, true);
  q.queue.detach(subscription);
  t.equal(q.queue.hasExclusiveConsumer, false);
});

void t.test('a single active consumer has everything, and its heir the rest', async (t) => {
  const q = new TestQueue({ 'x-single-active-consumer': true });
  const [a, first] = q.consume('a', { credit: 2 });
  const [b, second] = q.consume('b');
  t.same([q.queue.isActive(first), q.queue.isActive(second)], [true, false]);
  q.publish(['1', '2', '3']);
  q.turns();
  t.same([a.bodies, b.bodies], [['1', '2'], []]);
  q.queue.requeue(a.entries);
  q.queue.detach(first);
  t.equal(q.queue.isActive(second), true);
  q.turns();
  t.same(b.bodies, ['1', '2', '3']);
});

void t.test('without x-single-active-consumer all consumers are active', async (t) => {
  const q = new TestQueue();
  const [, first] = q.consume('a');
  const [, second] = q.consume('b');
  t.same([q.queue.isActive(first), q.queue.isActive(second)], [true, true]);
});

void t.test('a stopped queue says nothing any more', async (t) => {
  const q = new TestQueue({ 'x-expires': 1000, 'x-message-ttl': 10, 'x-dead-letter-exchange': 'dlx' });
  q.publish('a');
  q.queue.stop();
  q.clock.advance(10_000);
  t.same([q.dead, q.abandonments], [[], 0]);
});

void t.test('of the highest priority a message goes to the consumer of the highest priority', async (t) => {
  const q = new TestQueue({ 'x-max-priority': 9 });
  q.publish('low');
  q.publish('high', { priority: 9 });
  const [a] = q.consume('a');
  const [b] = q.consume('b', { priority: 1, credit: 1 });
  q.turns();
  t.same([a.entries.map(({ message }) => bodyOf(message)), b.bodies], [['low'], ['high']]);
});
