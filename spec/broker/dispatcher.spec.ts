import t from 'tap';
import { Turn } from '../../lib/base/turn.js';
import { ManualClock } from '../../lib/base/clock.js';
import { parseQueueArguments } from '../../lib/broker/arguments/queue-arguments.js';
import { Dispatcher } from '../../lib/broker/dispatcher.js';
import { publish } from '../../lib/broker/publish.js';
import { Queue } from '../../lib/broker/queue.js';
import { MemoryMessageStore } from '../../lib/store/memory-message-store.js';
import { EMPTY_TABLE } from '../../lib/wire/values.js';
import { messageOf } from '../support/messages.js';
import { TestConsumer } from './test-consumer.js';

/** A dispatcher whose turns the spec takes. */
class Bench {
  readonly #runs: (() => void)[] = [];
  readonly turn = new Turn((run) => void this.#runs.push(run));
  readonly dispatcher = new Dispatcher(this.turn);
  readonly #store = new MemoryMessageStore();
  readonly #message = messageOf('x');

  queue(name: string): Queue {
    const flags = { durable: false, exclusive: false, autoDelete: false, owner: undefined };
    const definition = { id: name, name, ...flags, arguments: EMPTY_TABLE };
    return new Queue('/', definition, parseQueueArguments(EMPTY_TABLE), {
      messages: this.#store,
      clock: new ManualClock(),
      isRecovering: false,
      events: {
        ready: (queue) => this.dispatcher.ready(queue),
        deadLetter: () => {},
        abandoned: () => {},
      },
    });
  }

  fill(queue: Queue, messages: number): void {
    for (let i = 0; i < messages; i++) publish(this.#store, this.#message, [queue]);
  }

  /** Takes one turn; false if none was asked for. */
  next(): boolean {
    const run = this.#runs.shift();
    run?.();
    return run !== undefined;
  }

  get isIdle(): boolean {
    return this.#runs.length === 0;
  }
}

void t.test('deliveries have a turn of their own', async (t) => {
  const bench = new Bench();
  const queue = bench.queue('q');
  const consumer = new TestConsumer('c');
  queue.attach(consumer);
  bench.fill(queue, 3);
  t.equal(consumer.entries.length, 0);
  bench.next();
  t.equal(consumer.entries.length, 3);
  t.equal(bench.isIdle, true);
});

void t.test('a long queue leaves the others their part of every turn', async (t) => {
  const bench = new Bench();
  const [long, short] = [bench.queue('long'), bench.queue('short')];
  const [much, little] = [new TestConsumer('much'), new TestConsumer('little')];
  long.attach(much);
  short.attach(little);
  bench.fill(long, 10_000);
  bench.fill(short, 1);
  bench.next();
  t.equal(little.entries.length, 1);
  const each = much.entries.length;
  t.ok(each > 0 && each < 10_000, `${each} in one turn`);
  bench.next();
  t.equal(much.entries.length, 2 * each);
});

void t.test('however long it is refilled, a queue has one part of a turn', async (t) => {
  const bench = new Bench();
  const queue = bench.queue('q');
  const consumer = new TestConsumer('c');
  queue.attach(consumer);
  bench.fill(queue, 20_000);
  bench.next();
  const each = consumer.entries.length;
  for (let turns = 2; turns < 6; turns++) {
    bench.fill(queue, 100);
    bench.next();
    t.equal(consumer.entries.length, turns * each);
  }
});

void t.test('what becomes ready while the others are served has the next turn', async (t) => {
  const bench = new Bench();
  const [first, second] = [bench.queue('first'), bench.queue('second')];
  const late = new TestConsumer('late');
  second.attach(late);
  bench.next();
  class Forwarder extends TestConsumer {
    override deliver(): void {
      bench.fill(second, 1);
    }
  }
  first.attach(new Forwarder('f'));
  bench.fill(first, 1);
  bench.next();
  while (bench.next());
  t.equal(late.entries.length, 1);
});

void t.test('a queue that was deleted in the meantime is passed over', async (t) => {
  const bench = new Bench();
  const queue = bench.queue('q');
  const consumer = new TestConsumer('c');
  queue.attach(consumer);
  bench.fill(queue, 1);
  queue.delete();
  bench.next();
  t.equal(consumer.entries.length, 0);
});

void t.test(
  'a publisher waits for the next turn, not longer, where nothing is to be delivered',
  async (t) => {
    const bench = new Bench();
    let admitted = 0;
    bench.dispatcher.wait({ admit: () => admitted++ });
    t.equal(admitted, 0);
    bench.next();
    t.equal(admitted, 1);
    t.equal(bench.isIdle, true);
  },
);

void t.test('one that waits again while it is admitted has the turn after', async (t) => {
  const bench = new Bench();
  let admitted = 0;
  const publisher = {
    admit: (): void => {
      admitted++;
      bench.dispatcher.wait(publisher);
    },
  };
  bench.dispatcher.wait(publisher);
  for (let turns = 1; turns < 4; turns++) {
    bench.next();
    t.equal(admitted, turns);
  }
});

/** Turns that a publisher waits while `backlog` messages are being consumed. */
function turnsUntilAdmitted(backlog: number): number {
  const bench = new Bench();
  const queue = bench.queue('q');
  bench.fill(queue, backlog);
  queue.attach(new TestConsumer('c'));
  let admitted = false;
  bench.dispatcher.wait({ admit: () => (admitted = true) });
  for (let turns = 0; turns < 100; turns++) {
    if (admitted) return turns;
    bench.next();
  }
  return Infinity;
}

void t.test('publishers skip more turns the longer the queue is that is being consumed', async (t) => {
  const [none, some, more] = [1000, 30_000, 60_000].map(turnsUntilAdmitted) as [number, number, number];
  t.equal(none, 1);
  t.ok(some > none && more > some, `${none}, ${some}, ${more}`);
});

void t.test('but never for long: neither side starves', async (t) => {
  const turns = turnsUntilAdmitted(200_000);
  t.ok(turns > 1 && turns <= 9, `${turns} turns`);
});

void t.test('a backlog that nobody consumes does not hold publishers up', async (t) => {
  const bench = new Bench();
  const queue = bench.queue('q');
  bench.fill(queue, 100_000);
  let admitted = false;
  bench.dispatcher.wait({ admit: () => (admitted = true) });
  bench.next();
  t.equal(admitted, true);
});
