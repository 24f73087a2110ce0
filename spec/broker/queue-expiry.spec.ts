import t from 'tap';
import { messageOf } from '../support/messages.js';
import { TestQueue } from './test-queue.js';

const DLX = { 'x-dead-letter-exchange': 'dlx' };

void t.test('messages expire after the time that their queue gives them', async (t) => {
  const q = new TestQueue({ ...DLX, 'x-message-ttl': 1000 });
  q.publish('a');
  q.clock.advance(400);
  q.publish('b');
  q.clock.advance(599);
  t.same([q.dead, q.queue.messageCount], [[], 2]);
  q.clock.advance(1);
  t.same(q.dead, ['a expired']);
  q.clock.advance(400);
  t.same([q.dead, q.queue.messageCount], [['a expired', 'b expired'], 0]);
});

void t.test('without a dead-letter exchange they are settled', async (t) => {
  const q = new TestQueue({ 'x-message-ttl': 1000 });
  q.publish(['a', 'b']);
  q.clock.advance(1000);
  t.same([q.dead, q.queue.messageCount, q.level().settled.length], [[], 0, 2]);
});

void t.test('the shorter of the message’s own time and the queue’s counts', async (t) => {
  const q = new TestQueue({ ...DLX, 'x-message-ttl': 1000 });
  q.publish('own', { expiration: 300 });
  q.publish('long', { expiration: 5000 });
  q.clock.advance(300);
  t.same(q.dead, ['own expired']);
  q.clock.advance(700);
  t.same(q.dead, ['own expired', 'long expired']);
});

void t.test('only the head expires: who stands behind one that lives waits for it', async (t) => {
  const q = new TestQueue(DLX);
  q.publish('forever');
  q.publish('short', { expiration: 100 });
  q.publish('longer', { expiration: 400 });
  q.clock.advance(200);
  t.same([q.dead, q.queue.messageCount], [[], 3]);
  t.equal(q.get(), 'forever');
  q.clock.advance(0);
  t.same(q.dead, ['short expired']);
  q.clock.advance(200);
  t.same(q.dead, ['short expired', 'longer expired']);
});

void t.test(
  'when a head has expired the next one does when it is due, be that sooner or later',
  async (t) => {
    const q = new TestQueue(DLX);
    q.publish('a', { expiration: 500 });
    q.publish('sooner', { expiration: 100 });
    q.publish('later', { expiration: 900 });
    q.clock.advance(499);
    t.same(q.dead, []);
    q.clock.advance(1);
    t.same(q.dead, ['a expired', 'sooner expired']);
    q.clock.advance(400);
    t.same(q.dead, ['a expired', 'sooner expired', 'later expired']);
  },
);

void t.test('what has expired is never handed out', async (t) => {
  const q = new TestQueue(DLX);
  q.publish('old', { expiration: 0 });
  q.publish('new');
  t.equal(q.get(), 'new');
  t.same(q.dead, ['old expired']);
});

void t.test('a message that may not wait is delivered to a consumer who does', async (t) => {
  const q = new TestQueue({ ...DLX, 'x-message-ttl': 0 });
  const [consumer] = q.consume('c', { credit: 2 });
  q.publish(['a', 'b', 'c']);
  q.clock.advance(0);
  q.turns();
  q.clock.advance(0);
  t.same([consumer.bodies, q.dead, q.queue.messageCount], [['a', 'b'], ['c expired'], 0]);
});

void t.test('nor does a turn’s length decide about one whose time is short', async (t) => {
  const q = new TestQueue({ ...DLX, 'x-message-ttl': 5 });
  const [consumer] = q.consume('c', { credit: 1 });
  q.publish(['a', 'b']);
  q.clock.advance(20);
  q.turns();
  q.clock.advance(0);
  t.same([consumer.bodies, q.dead], [['a'], ['b expired']]);
});

void t.test('that goes for a backlog of several turns, too', async (t) => {
  const q = new TestQueue({ ...DLX, 'x-message-ttl': 0 });
  const [consumer] = q.consume('c');
  q.publish(Array.from({ length: 5000 }, (_, i) => `${i}`));
  q.clock.advance(1);
  q.turns();
  t.same([consumer.entries.length, q.dead.length], [5000, 0]);
});

void t.test('one that may not wait is dropped where nobody is ready for it', async (t) => {
  const q = new TestQueue({ ...DLX, 'x-message-ttl': 0 });
  q.consume('c', { credit: 0 });
  q.publish('a');
  q.clock.advance(0);
  t.same([q.dead, q.queue.messageCount], [['a expired'], 0]);
});

void t.test('what is not acknowledged does not expire before it comes back', async (t) => {
  const q = new TestQueue({ ...DLX, 'x-message-ttl': 1000 });
  q.publish('a');
  const a = q.take();
  q.clock.advance(5000);
  t.same(q.dead, []);
  q.queue.requeue([a]);
  q.clock.advance(0);
  t.same(q.dead, ['a expired']);
});

void t.test('one that comes back to an empty queue in time has the rest of its time', async (t) => {
  for (const [queueTtl, expiration] of [
    [1000, -1],
    [undefined, 1000],
  ] as const) {
    const q = new TestQueue({ ...DLX, 'x-message-ttl': queueTtl });
    q.publish('a', { expiration });
    const a = q.take();
    q.clock.advance(400);
    q.queue.requeue([a]);
    q.clock.advance(599);
    t.equal(q.queue.messageCount, 1);
    q.clock.advance(1);
    t.same([q.dead, q.queue.messageCount], [['a expired'], 0]);
  }
});

void t.test('one that becomes the head by another’s overflow expires when it is due', async (t) => {
  const q = new TestQueue({ ...DLX, 'x-max-length': 2 });
  q.publish('forever');
  q.publish('short', { expiration: 100 });
  q.publish('new');
  t.same(q.dead, ['forever maxlen']);
  q.clock.advance(100);
  t.same(q.dead, ['forever maxlen', 'short expired']);
});

void t.test('each priority has a head of its own', async (t) => {
  const q = new TestQueue({ ...DLX, 'x-max-priority': 2 });
  q.publish('high', { priority: 2 });
  q.publish('low', { expiration: 100 });
  q.publish('middle', { priority: 1, expiration: 50 });
  q.clock.advance(50);
  t.same(q.dead, ['middle expired']);
  q.clock.advance(50);
  t.same(q.dead, ['middle expired', 'low expired']);
  t.same(q.empty(), ['high']);
});

void t.test('what was kept through a restart expires when it would have', async (t) => {
  const arrivedAt = 1_700_000_000_000 - 900;
  const q = new TestQueue({ ...DLX, 'x-message-ttl': 1000 }, {}, [
    messageOf('a', { arrivedAt, expiration: 500 }),
    messageOf('b', { arrivedAt }),
  ]);
  t.equal(q.queue.messageCount, 2);
  q.clock.advance(0);
  t.same(q.dead, ['a expired']);
  q.clock.advance(100);
  t.same(q.dead, ['a expired', 'b expired']);
});

void t.test('after a restart no head is looked at where nothing can expire', (t) => {
  t.equal(new TestQueue({}, {}, [messageOf('forever')]).level().looks, 0);
  t.not(new TestQueue({ 'x-message-ttl': 1000 }, {}, [messageOf('forever')]).level().looks, 0);
  t.not(new TestQueue({}, {}, [messageOf('short', { expiration: 1000 })]).level().looks, 0);
  t.end();
});

void t.test('a head that has to be read expires once it was', async (t) => {
  const q = new TestQueue(DLX);
  q.publish('a', { expiration: 100 });
  q.level().paged = true;
  q.clock.advance(500);
  t.same(q.dead, []);
  q.level().becomeReadable();
  q.clock.advance(0);
  t.same(q.dead, ['a expired']);
});

void t.test('a very long queue of expired messages goes in pieces', async (t) => {
  const q = new TestQueue({ ...DLX, 'x-message-ttl': 100 });
  q.publish(Array.from({ length: 3000 }, () => 'a'));
  let most = 0;
  const due = q.clock.now() + 100;
  const { dead } = q;
  q.clock.after(100, () => (most = dead.length));
  q.clock.advance(100);
  t.equal(q.clock.now(), due);
  t.ok(most > 0 && most < 3000, `${most} in the first piece`);
  t.equal(dead.length, 3000);
});

void t.test('a purge does not confuse who comes after', async (t) => {
  const q = new TestQueue({ ...DLX, 'x-message-ttl': 1000 });
  q.publish('a');
  q.queue.purge();
  q.clock.advance(500);
  q.publish('b');
  q.clock.advance(500);
  t.same(q.dead, []);
  q.clock.advance(500);
  t.same(q.dead, ['b expired']);
});

void t.test('messages that do not expire cost no timer', async (t) => {
  const q = new TestQueue();
  let timers = 0;
  const after = q.clock.after.bind(q.clock);
  q.clock.after = (ms, task) => {
    timers++;
    return after(ms, task);
  };
  q.publish(['a', 'b']);
  q.empty();
  t.equal(timers, 0);
});
