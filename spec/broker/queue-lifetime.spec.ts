import t from 'tap';
import { TestQueue } from './test-queue.js';

void t.test('an auto-delete queue is abandoned when its last consumer leaves', async (t) => {
  const q = new TestQueue({}, { autoDelete: true });
  const [, a] = q.consume('a');
  const [, b] = q.consume('b');
  q.queue.detach(a);
  t.equal(q.abandonments, 0);
  q.queue.detach(b);
  t.equal(q.abandonments, 1);
});

void t.test('one that nobody ever consumed stays', async (t) => {
  const q = new TestQueue({}, { autoDelete: true });
  q.publish('a');
  q.queue.take(true);
  q.clock.advance(1e9);
  t.equal(q.abandonments, 0);
});

void t.test('other queues do not go with their consumers', async (t) => {
  const q = new TestQueue();
  const [, a] = q.consume('a');
  q.queue.detach(a);
  t.equal(q.abandonments, 0);
});

void t.test('a queue with x-expires is abandoned when it was not used for so long', async (t) => {
  const q = new TestQueue({ 'x-expires': 1000 });
  q.clock.advance(999);
  t.equal(q.abandonments, 0);
  q.clock.advance(1);
  t.equal(q.abandonments, 1);
});

void t.test('every use starts its time again', async (t) => {
  const q = new TestQueue({ 'x-expires': 1000 });
  for (let i = 0; i < 5; i++) {
    q.clock.advance(900);
    q.queue.touch();
  }
  t.equal(q.abandonments, 0);
  q.clock.advance(1000);
  t.equal(q.abandonments, 1);
});

void t.test('messages that come and go are no use', async (t) => {
  const q = new TestQueue({ 'x-expires': 1000 });
  q.clock.advance(600);
  q.publish('a');
  q.queue.purge();
  q.clock.advance(400);
  t.equal(q.abandonments, 1);
});

void t.test('as long as it has a consumer it does not expire', async (t) => {
  const q = new TestQueue({ 'x-expires': 1000 });
  const [, a] = q.consume('a');
  const [, b] = q.consume('b');
  q.clock.advance(5000);
  q.queue.touch();
  q.queue.detach(a);
  q.clock.advance(5000);
  t.equal(q.abandonments, 0);
  q.queue.detach(b);
  q.clock.advance(999);
  t.equal(q.abandonments, 0);
  q.clock.advance(1);
  t.equal(q.abandonments, 1);
});

void t.test('a deleted queue is not abandoned as well', async (t) => {
  const q = new TestQueue({ 'x-expires': 1000 }, { autoDelete: true });
  const [, a] = q.consume('a');
  q.queue.delete();
  q.queue.detach(a);
  q.queue.touch();
  q.clock.advance(5000);
  t.equal(q.abandonments, 0);
});

void t.test('a queue is deleted once, and takes no consumer then', async (t) => {
  const q = new TestQueue();
  q.queue.delete();
  t.throws(() => q.queue.delete(), { message: 'invariant broken: a queue is deleted once' });
  t.throws(() => q.consume('a'), { message: 'invariant broken: a deleted queue takes no consumer' });
});

void t.test('a queue that is used again while it expires is heard of once', async (t) => {
  const q = new TestQueue({ 'x-expires': 1000 });
  q.clock.advance(1000);
  const [, a] = q.consume('a');
  q.clock.advance(1000);
  q.queue.detach(a);
  q.clock.advance(500);
  t.equal(q.abandonments, 1);
});
