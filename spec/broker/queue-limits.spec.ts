import t from 'tap';
import { REFUSED } from '../../lib/broker/publish.js';
import { TestQueue } from './test-queue.js';

const DLX = { 'x-dead-letter-exchange': 'dlx' };
const REJECT = { 'x-overflow': 'reject-publish' };

/** What became of each body: taken or refused. */
function outcomes(q: TestQueue, bodies: readonly string[]): string {
  return bodies.map((body) => (q.publish(body) === REFUSED ? 'n' : 'a')).join('');
}

void t.test('a full queue drops its head for the newest', async (t) => {
  const q = new TestQueue({ ...DLX, 'x-max-length': 2 });
  q.publish(['a', 'b', 'c', 'd']);
  t.same(q.dead, ['a maxlen', 'b maxlen']);
  t.same(q.empty(), ['c', 'd']);
});

void t.test('without a dead-letter exchange what is dropped is settled', async (t) => {
  const q = new TestQueue({ 'x-max-length': 1, 'x-overflow': 'drop-head' });
  q.publish(['a', 'b']);
  t.same([q.dead, q.level().settled.length, q.empty()], [[], 1, ['b']]);
});

void t.test('bytes of bodies are limited likewise', async (t) => {
  const q = new TestQueue({ ...DLX, 'x-max-length-bytes': 6 });
  q.publish(['aa', 'bbbb']);
  t.same(q.dead, []);
  q.publish('c');
  t.same(q.dead, ['aa maxlen']);
  q.publish('dddddd');
  t.same(q.dead.slice(1), ['bbbb maxlen', 'c maxlen']);
  q.publish('eeeeeee');
  t.same(q.dead.slice(3), ['dddddd maxlen', 'eeeeeee maxlen']);
  q.publish('');
  t.equal(q.queue.messageCount, 1);
});

void t.test('only what is ready counts', async (t) => {
  const q = new TestQueue({ ...DLX, 'x-max-length': 1 });
  q.publish('a');
  q.take();
  q.publish('b');
  t.same(q.dead, []);
});

void t.test('a queue of length zero keeps nothing, but delivers', async (t) => {
  const q = new TestQueue({ ...DLX, 'x-max-length': 0 });
  q.publish('a');
  t.same([q.dead, q.queue.messageCount], [['a maxlen'], 0]);
  const [consumer] = q.consume('c', { credit: 1 });
  q.turns();
  q.publish(['b', 'c']);
  q.turns();
  t.same([consumer.bodies, q.dead], [['b'], ['a maxlen', 'c maxlen']]);
});

void t.test('of priorities the highest one’s head is dropped, as in RabbitMQ', async (t) => {
  const q = new TestQueue({ ...DLX, 'x-max-length-bytes': 4, 'x-max-priority': 3 });
  for (const [body, priority] of [
    ['aa', 3],
    ['b', 1],
    ['cccc', 2],
    ['dd', 0],
  ] as const)
    q.publish(body, { priority });
  t.same(q.dead, ['aa maxlen', 'cccc maxlen']);
  t.same(q.empty(), ['b', 'dd']);
});

void t.test('what is requeued to a full queue makes it drop its head', async (t) => {
  const q = new TestQueue({ ...DLX, 'x-max-length': 2 });
  q.publish(['a', 'b']);
  const a = q.take();
  q.publish('c');
  q.queue.requeue([a]);
  t.same(q.dead, ['a maxlen']);
  t.same(q.empty(), ['b', 'c']);
});

void t.test('consumers who are ready get what would be dropped', async (t) => {
  const q = new TestQueue({ ...DLX, 'x-max-length': 2 });
  const [consumer] = q.consume('c', { credit: 3 });
  q.publish(['a', 'b', 'c', 'd', 'e', 'f']);
  q.turns();
  t.same([consumer.bodies, q.dead], [['a', 'b', 'c'], ['d maxlen']]);
  t.same(q.empty(), ['e', 'f']);
});

void t.test('and do so over any number of turns', async (t) => {
  const q = new TestQueue({ ...DLX, 'x-max-length': 1 });
  const [consumer] = q.consume('c');
  q.publish(Array.from({ length: 5000 }, (_, i) => `${i}`));
  q.turns();
  t.same([consumer.entries.length, q.dead.length], [5000, 0]);
});

void t.test('a queue whose head has to be read drops it when it was', async (t) => {
  const q = new TestQueue({ ...DLX, 'x-max-length': 1 });
  q.publish('a');
  q.level().paged = true;
  q.publish('b');
  t.equal(q.queue.messageCount, 2);
  q.level().becomeReadable();
  t.same([q.dead, q.empty()], [['a maxlen'], ['b']]);
});

void t.test('a full queue may refuse instead', async (t) => {
  const q = new TestQueue({ ...DLX, ...REJECT, 'x-max-length': 2 });
  t.equal(outcomes(q, ['a', 'b', 'c', 'd']), 'aann');
  t.same(q.dead, []);
  t.same(q.empty(), ['a', 'b']);
  t.equal(outcomes(q, ['e']), 'a');
});

void t.test('a refused message may be a dead letter', async (t) => {
  const q = new TestQueue({ ...DLX, 'x-overflow': 'reject-publish-dlx', 'x-max-length': 1 });
  t.equal(outcomes(q, ['a', 'b']), 'an');
  t.same(q.dead, ['b maxlen']);
  t.same([q.queue.messageCount, q.level().settled.length], [1, 0]);
});

void t.test('a message that does not fit any more is refused, and smaller ones are not', async (t) => {
  const q = new TestQueue({ ...REJECT, 'x-max-length-bytes': 5 });
  t.equal(outcomes(q, ['0123456789', '123', '12', '', '1']), 'naaan');
});

void t.test('a consumer who is ready makes room before anything is refused', async (t) => {
  const q = new TestQueue({ ...REJECT, 'x-max-length': 2 });
  const [all, subscription] = q.consume('all', { noAck: true });
  t.equal(
    outcomes(
      q,
      Array.from({ length: 20 }, () => 'x'),
    ),
    'a'.repeat(20),
  );
  q.turns();
  t.equal(all.entries.length, 20);
  q.queue.detach(subscription);
  const [one] = q.consume('one', { credit: 1 });
  t.equal(
    outcomes(
      q,
      Array.from({ length: 20 }, () => 'x'),
    ),
    `aaa${'n'.repeat(17)}`,
  );
  q.turns();
  t.same([one.entries.length, q.queue.messageCount], [1, 2]);
});

void t.test('a queue of length zero that refuses takes nothing, as in RabbitMQ', async (t) => {
  const q = new TestQueue({ ...REJECT, 'x-max-length': 0 });
  q.consume('c');
  t.equal(outcomes(q, ['a', 'b']), 'nn');
});

void t.test('requeued messages are not refused', async (t) => {
  const q = new TestQueue({ ...REJECT, 'x-max-length': 1 });
  q.publish('a');
  const a = q.take();
  q.publish('b');
  q.queue.requeue([a]);
  t.same(q.empty(), ['a', 'b']);
});

void t.test('a queue with priorities refuses by the sum of them', async (t) => {
  const q = new TestQueue({ ...REJECT, 'x-max-length': 2, 'x-max-priority': 5 });
  q.publish('a', { priority: 5 });
  q.publish('b');
  t.equal(q.publish('c', { priority: 5 }), REFUSED);
  t.same(q.empty(), ['a', 'b']);
});
