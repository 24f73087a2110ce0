import t from 'tap';
import { OwnedQueues } from '../../lib/broker/owned-queues.js';
import type { Queue } from '../../lib/broker/queue.js';
import { TestQueue } from './test-queue.js';

const queueOf = (owner: string | undefined): Queue =>
  new TestQueue({}, { exclusive: owner !== undefined, owner }).queue;

void t.test('a connection is told its own queues in the order of their declaration', async (t) => {
  const owned = new OwnedQueues();
  const [a, b, c] = [queueOf('ann'), queueOf('bob'), queueOf('ann')];
  for (const queue of [a, b, c]) owned.add(queue);
  t.strictSame(owned.of('ann'), [a, c]);
  t.strictSame(owned.of('bob'), [b]);
  t.strictSame(owned.of('eve'), []);
});

void t.test('a queue that is gone is not told any more, and its owner not remembered', async (t) => {
  const owned = new OwnedQueues();
  const [a, b] = [queueOf('ann'), queueOf('ann')];
  owned.add(a);
  owned.add(b);
  owned.delete(a);
  t.strictSame(owned.of('ann'), [b]);
  owned.delete(b);
  t.equal(owned.owners, 0);
  owned.delete(b);
  t.strictSame(owned.of('ann'), []);
});

void t.test('queues without an owner are passed over', async (t) => {
  const owned = new OwnedQueues();
  const queue = queueOf(undefined);
  owned.add(queue);
  t.equal(owned.owners, 0);
  owned.delete(queue);
  t.equal(owned.owners, 0);
});

void t.test('queues that are removed while one walks over the answer are all in it', async (t) => {
  const owned = new OwnedQueues();
  for (let i = 0; i < 5; i++) owned.add(queueOf('ann'));
  let seen = 0;
  for (const queue of owned.of('ann')) {
    owned.delete(queue);
    seen++;
  }
  t.equal(seen, 5);
});
