import t from 'tap';
import { amqpMessageCodec } from '../../lib/amqp/message-codec.js';
import { Turn } from '../../lib/base/turn.js';
import { DeadLetterer } from '../../lib/broker/dead-letterer.js';
import { publish } from '../../lib/broker/publish.js';
import type { Queue } from '../../lib/broker/queue.js';
import { decodeProperties } from '../../lib/wire/properties.js';
import { toPlain } from '../../lib/wire/values.js';
import { bodyOf, type MessageOptions, messageOf } from '../support/messages.js';
import { TestMessageStore } from './test-message-store.js';
import { TestTopology } from './test-topology.js';

/** A vhost with dead letters, whose turns and commits the spec decides about. */
class Morgue {
  readonly store = new TestMessageStore();
  readonly #runs: (() => void)[] = [];
  readonly #turn = new Turn((run) => void this.#runs.push(run));
  vhostExists = true;
  readonly topology: TestTopology = new TestTopology(this.store, {
    ready: () => {},
    deadLetter: (queue, entry, reason) => this.deadLetterer.add(queue, entry, reason),
    abandoned: () => {},
  });
  readonly deadLetterer = new DeadLetterer(
    this.#turn,
    this.store,
    amqpMessageCodec,
    this.topology.clock,
    () => (this.vhostExists ? this.topology : undefined),
  );

  constructor() {
    this.store.onCommitted(() => this.deadLetterer.committed());
  }

  publish(queue: Queue, bodies: readonly string[], options: MessageOptions = {}): void {
    const { clock } = this.topology;
    for (const body of bodies) {
      const message = messageOf(body, {
        arrivedAt: clock.now(),
        exchange: '',
        routingKey: queue.name,
        ...options,
      });
      publish(this.store, message, [queue]);
    }
  }

  /** Publishes to the queue and rejects. */
  reject(queue: Queue, ...bodies: string[]): void {
    this.publish(queue, bodies);
    const entries = bodies.map(() => queue.take(false)!);
    for (const entry of entries) queue.reject(entry);
  }

  /** One turn; false if there was nothing to do. */
  next(): boolean {
    const run = this.#runs.shift();
    run?.();
    return run !== undefined;
  }

  /** Turns and commits until everything came to rest. */
  rest(): void {
    for (let turns = 0; turns < 100; turns++) {
      if (!this.next()) return;
      this.store.commit();
    }
    throw new Error('the dead do not rest');
  }

  settled(queue: Queue): string[] {
    return this.store.queues.get(queue.name)!.settled.map(({ message }) => bodyOf(message));
  }
}

const to = (exchange: string, routingKey?: string): Record<string, unknown> => ({
  'x-dead-letter-exchange': exchange,
  'x-dead-letter-routing-key': routingKey,
});

/** Bodies of what is ready, taken for good. */
function contents(queue: Queue): string[] {
  const bodies: string[] = [];
  for (let entry = queue.take(true); entry !== undefined; entry = queue.take(true))
    bodies.push(bodyOf(entry.message));
  return bodies;
}

function deathsIn(queue: Queue): unknown {
  const { message } = queue.take(true)!;
  const { headers } = decodeProperties(message.bytes, message.properties, message.propertiesEnd);
  return toPlain(headers!)['x-death'];
}

void t.test('what is discarded is republished in a turn of its own, in order', async (t) => {
  const morgue = new Morgue();
  const dead = morgue.topology.addQueue('dead');
  const queue = morgue.topology.addQueue('q', to('', 'dead'));
  morgue.reject(queue, 'a', 'b', 'c');
  t.equal(dead.messageCount, 0);
  morgue.next();
  t.same(contents(dead), ['a', 'b', 'c']);
});

void t.test('the old copy is settled when the new one is safe, and not before', async (t) => {
  const morgue = new Morgue();
  morgue.topology.addQueue('dead');
  const queue = morgue.topology.addQueue('q', to('', 'dead'));
  morgue.reject(queue, 'a');
  morgue.next();
  t.same(morgue.settled(queue), []);
  morgue.reject(queue, 'b');
  morgue.store.commit();
  t.same(morgue.settled(queue), ['a']);
  morgue.next();
  t.same(morgue.settled(queue), ['a']);
  morgue.store.commit();
  t.same(morgue.settled(queue), ['a', 'b']);
});

void t.test('a node that stops settles the old copies of what its last commit makes safe', async (t) => {
  const morgue = new Morgue();
  const dead = morgue.topology.addQueue('dead');
  const queue = morgue.topology.addQueue('q', to('', 'dead'));
  morgue.reject(queue, 'a', 'b');
  morgue.next();
  morgue.reject(queue, 'c');
  morgue.deadLetterer.close();
  for (const one of [dead, queue]) one.stop();
  morgue.store.commit();
  morgue.next();
  t.same(morgue.settled(queue), ['a', 'b'], 'they must not be there twice after the next start');
  t.equal(dead.messageCount, 2);
});

void t.test('a letter that goes nowhere is dropped', async (t) => {
  const morgue = new Morgue();
  const queue = morgue.topology.addQueue('q', to('missing'));
  morgue.reject(queue, 'a');
  morgue.next();
  t.same(morgue.settled(queue), ['a']);
});

void t.test('it is routed by the exchange, to each queue once', async (t) => {
  const morgue = new Morgue();
  const [a, b] = [morgue.topology.addQueue('a'), morgue.topology.addQueue('b')];
  morgue.topology
    .addExchange('dlx', 'topic')
    .bind('dlx', 'a', '#')
    .bind('dlx', 'a', 'q')
    .bind('dlx', 'b', '*');
  const queue = morgue.topology.addQueue('q', to('dlx'));
  morgue.reject(queue, 'x');
  morgue.next();
  t.same([contents(a), contents(b)], [['x'], ['x']]);
  morgue.store.commit();
  t.same(morgue.settled(queue), ['x']);
});

void t.test('the history it has by now is what a headers exchange sees', async (t) => {
  const morgue = new Morgue();
  const [expired, rejected] = [morgue.topology.addQueue('expired'), morgue.topology.addQueue('rejected')];
  morgue.topology.addExchange('dlx', 'headers');
  for (const reason of ['expired', 'rejected'])
    morgue.topology.bind('dlx', reason, '', { 'x-match': 'all-with-x', 'x-last-death-reason': reason });
  const queue = morgue.topology.addQueue('q', to('dlx'));
  morgue.reject(queue, 'r');
  morgue.publish(queue, ['e'], { expiration: 5 });
  morgue.topology.clock.advance(5);
  morgue.next();
  t.same([contents(expired), contents(rejected)], [['e'], ['r']]);
});

void t.test('a queue that gets back what it discards has it behind what came in the meantime', async (t) => {
  const morgue = new Morgue();
  const queue = morgue.topology.addQueue('q', to('', 'q'));
  morgue.reject(queue, 'a');
  morgue.publish(queue, ['b']);
  morgue.next();
  t.same(contents(queue), ['b', 'a']);
});

void t.test('a rejected message may go round as often as it is rejected', async (t) => {
  const morgue = new Morgue();
  const queue = morgue.topology.addQueue('q', to('', 'q'));
  morgue.reject(queue, 'a');
  morgue.rest();
  queue.reject(queue.take(false)!);
  morgue.rest();
  t.match(deathsIn(queue), [{ count: 2, reason: 'rejected', queue: 'q' }]);
});

void t.test('one that would go round by itself ends', async (t) => {
  const morgue = new Morgue();
  const retry = morgue.topology.addQueue('retry', { ...to('', 'q'), 'x-message-ttl': 10 });
  const queue = morgue.topology.addQueue('q', { ...to('', 'retry'), 'x-message-ttl': 10 });
  morgue.publish(queue, ['a']);
  for (let i = 0; i < 10; i++) {
    morgue.topology.clock.advance(10);
    morgue.rest();
  }
  t.same([queue.messageCount, retry.messageCount], [0, 0]);
  t.same([morgue.settled(queue), morgue.settled(retry)], [['a'], ['a']]);
});

void t.test(
  'a retry by way of a queue with a time to live goes on as long as somebody rejects',
  async (t) => {
    const morgue = new Morgue();
    morgue.topology.addQueue('retry', { ...to('', 'q'), 'x-message-ttl': 10 });
    const queue = morgue.topology.addQueue('q', to('', 'retry'));
    morgue.publish(queue, ['a']);
    for (let i = 0; i < 5; i++) {
      queue.reject(queue.take(false)!);
      morgue.rest();
      morgue.topology.clock.advance(10);
      morgue.rest();
    }
    t.match(deathsIn(queue), [
      { count: 5, reason: 'expired', queue: 'retry' },
      { count: 5, reason: 'rejected', queue: 'q' },
    ]);
  },
);

void t.test('of several targets only the one that closes a cycle is left out', async (t) => {
  const morgue = new Morgue();
  const dead = morgue.topology.addQueue('dead');
  const queue = morgue.topology.addQueue('q', { ...to('dlx'), 'x-message-ttl': 10 });
  morgue.topology.addExchange('dlx', 'fanout').bind('dlx', 'q').bind('dlx', 'dead');
  morgue.publish(queue, ['a']);
  morgue.topology.clock.advance(10);
  morgue.rest();
  t.same([queue.messageCount, contents(dead)], [0, ['a']]);
});

void t.test('a chain of overflowing queues is followed to its end', async (t) => {
  const morgue = new Morgue();
  const last = morgue.topology.addQueue('last');
  const second = morgue.topology.addQueue('second', { ...to('', 'last'), 'x-max-length': 1 });
  const first = morgue.topology.addQueue('first', { ...to('', 'second'), 'x-max-length': 1 });
  morgue.publish(first, ['a', 'b', 'c']);
  morgue.rest();
  t.same([contents(first), contents(second), contents(last)], [['c'], ['b'], ['a']]);
});

void t.test(
  'a target that refuses does not get the letter, and the others are still waited for',
  async (t) => {
    const morgue = new Morgue();
    const full = morgue.topology.addQueue('full', { 'x-max-length': 0, 'x-overflow': 'reject-publish' });
    const open = morgue.topology.addQueue('open');
    morgue.topology.addExchange('dlx', 'fanout').bind('dlx', 'full').bind('dlx', 'open');
    const queue = morgue.topology.addQueue('q', to('dlx'));
    morgue.reject(queue, 'a');
    morgue.next();
    t.same([full.messageCount, open.messageCount, morgue.settled(queue)], [0, 1, []]);
    morgue.store.commit();
    t.same(morgue.settled(queue), ['a']);
  },
);

void t.test('one that refuses everything drops the letter', async (t) => {
  const morgue = new Morgue();
  morgue.topology.addQueue('full', { 'x-max-length': 0, 'x-overflow': 'reject-publish' });
  const queue = morgue.topology.addQueue('q', to('', 'full'));
  morgue.reject(queue, 'a');
  morgue.rest();
  t.same(morgue.settled(queue), ['a']);
});

void t.test(
  'a message that was never taken in is a dead letter, and nothing is settled for it',
  async (t) => {
    const morgue = new Morgue();
    const dead = morgue.topology.addQueue('dead');
    const full = morgue.topology.addQueue('full', {
      ...to('', 'dead'),
      'x-max-length': 1,
      'x-overflow': 'reject-publish-dlx',
    });
    morgue.publish(full, ['a', 'b']);
    morgue.rest();
    t.same(morgue.settled(full), []);
    t.same([contents(full), contents(dead)], [['a'], ['b']]);
  },
);

void t.test('what a queue discarded before it was deleted is not lost', async (t) => {
  const morgue = new Morgue();
  const dead = morgue.topology.addQueue('dead');
  const queue = morgue.topology.addQueue('q', to('', 'dead'));
  morgue.reject(queue, 'a');
  morgue.topology.removeQueue('q');
  morgue.rest();
  t.same(contents(dead), ['a']);
});

void t.test('what was in a vhost that is gone goes with it', async (t) => {
  const morgue = new Morgue();
  const dead = morgue.topology.addQueue('dead');
  morgue.reject(morgue.topology.addQueue('q', to('', 'dead')), 'a');
  morgue.vhostExists = false;
  morgue.rest();
  t.equal(dead.messageCount, 0);
});

void t.test('a mass of letters is written over several turns', async (t) => {
  const morgue = new Morgue();
  const dead = morgue.topology.addQueue('dead');
  const queue = morgue.topology.addQueue('q', { ...to('', 'dead'), 'x-message-ttl': 10 });
  morgue.publish(
    queue,
    Array.from({ length: 2000 }, (_, i) => `${i}`),
  );
  morgue.topology.clock.advance(10);
  morgue.next();
  t.ok(dead.messageCount > 0 && dead.messageCount < 2000, `${dead.messageCount} in one turn`);
  morgue.rest();
  t.same(
    contents(dead),
    Array.from({ length: 2000 }, (_, i) => `${i}`),
  );
  t.equal(morgue.settled(queue).length, 2000);
});

void t.test('large letters are written a few in a turn', async (t) => {
  const morgue = new Morgue();
  const dead = morgue.topology.addQueue('dead');
  const queue = morgue.topology.addQueue('q', to('', 'dead'));
  morgue.reject(queue, ...Array.from({ length: 12 }, (_, i) => `${i}`.padEnd(2 ** 20)));
  morgue.next();
  t.ok(dead.messageCount > 0 && dead.messageCount < 12, `${dead.messageCount} in one turn`);
  morgue.rest();
  t.equal(dead.messageCount, 12);
});

void t.test('a letter makes one step in a turn, however many overflow one after the other', async (t) => {
  const morgue = new Morgue();
  const last = morgue.topology.addQueue('last');
  for (let i = 0; i < 50; i++)
    morgue.topology.addQueue(`q${i}`, { ...to('', i === 49 ? 'last' : `q${i + 1}`), 'x-max-length': 0 });
  morgue.publish(morgue.topology.queue('q0')!, ['a']);
  for (let turns = 1; turns <= 50; turns++) {
    t.equal(last.messageCount, 0);
    morgue.next();
    morgue.store.commit();
  }
  t.equal(last.messageCount, 1);
});

void t.test('after the end nothing is moved: what was discarded is still where it was', async (t) => {
  const morgue = new Morgue();
  const dead = morgue.topology.addQueue('dead');
  const queue = morgue.topology.addQueue('q', to('', 'dead'));
  morgue.reject(queue, 'a');
  morgue.deadLetterer.close();
  morgue.rest();
  t.same([dead.messageCount, morgue.settled(queue)], [0, []]);
});
