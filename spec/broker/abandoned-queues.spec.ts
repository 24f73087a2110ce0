import t from 'tap';
import { Turn } from '../../lib/base/turn.js';
import { AbandonedQueues } from '../../lib/broker/abandoned-queues.js';
import type { Queue } from '../../lib/broker/queue.js';
import { TestConsumer } from './test-consumer.js';
import { TestTopology } from './test-topology.js';

/** Queues that are abandoned, and how many were removed. */
class Trial {
  readonly topology = new TestTopology();
  readonly #runs: (() => void)[] = [];
  removed = 0;
  readonly abandoned = new AbandonedQueues(new Turn((run) => void this.#runs.push(run)), (queue) => {
    this.removed++;
    this.topology.removeQueue(queue.name);
  });

  abandon(count: number): Queue[] {
    const queues = Array.from({ length: count }, (_, i) => this.topology.addQueue(`q${i}`));
    for (const queue of queues) this.abandoned.add(queue);
    return queues;
  }

  /** One turn; false if there was nothing to do. */
  turn(): boolean {
    const run = this.#runs.shift();
    run?.();
    return run !== undefined;
  }
}

void t.test('a queue that is abandoned goes at once', async (t) => {
  const trial = new Trial();
  trial.abandon(1);
  t.equal(trial.removed, 1);
});

void t.test('of thousands some go at once, the others some in each turn', async (t) => {
  const trial = new Trial();
  trial.abandon(1000);
  let before = 0;
  do {
    const gone = trial.removed - before;
    t.ok(gone <= 256, `${gone} in one turn`);
    before = trial.removed;
  } while (trial.turn());
  t.equal(trial.removed, 1000);
});

void t.test('one that is used again by then stays, and one that was deleted is left alone', async (t) => {
  const trial = new Trial();
  const queues = trial.abandon(258);
  queues[256]!.attach(new TestConsumer('c'));
  trial.topology.removeQueue('q257');
  while (trial.turn());
  t.equal(trial.removed, 256);
  t.equal(queues[256]!.isDeleted, false);
});
