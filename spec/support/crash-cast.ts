import { CrashConsumer } from './crash-consumer.js';
import type { Definer } from './crash-definer.js';
import { CrashGetter } from './crash-getter.js';
import type { Actor } from './crash-load.js';
import { CrashPublisher, type Target } from './crash-publisher.js';
import { Purger } from './crash-purger.js';
import type { Swapper } from './crash-swapper.js';
import { FAN_IN, QUEUES } from './crash-topology.js';
import { Transactor } from './crash-transactor.js';
import type { Random } from './random.js';

/** Messages in a queue that nobody consumes. */
const BACKLOG = 2500;
/** Messages in a queue on their way to the next one. */
const WAITING = 600;

const to = (queue: { readonly name: string }, options: Partial<Target> = {}): Target => ({
  exchange: '',
  routingKey: queue.name,
  queues: [queue.name],
  ...options,
});

const fan: Target = {
  exchange: FAN_IN,
  routingKey: 'to.all',
  queues: QUEUES.fan.map(({ name }) => name),
  most: BACKLOG,
  options: (random) => ({ priority: random.below(5) }),
};

const priorities = QUEUES.priority.map((queue) =>
  to(queue, { options: (random: Random) => ({ priority: random.below(queue.priorities + 2) }) }),
);

const classic = QUEUES.classic.map((queue) => to(queue));

/** Everybody who uses the broker at the same time. An actor serves one life of the broker. */
export function cast(random: Random, swapper: Swapper, definer: Definer): readonly Actor[] {
  return [
    new CrashPublisher('publisher 1', [...classic, ...priorities, fan]),
    new CrashPublisher('publisher 2', [
      ...classic,
      to(QUEUES.backlog, { most: BACKLOG }),
      to(QUEUES.work),
      to(QUEUES.fetched),
    ]),
    new CrashPublisher('publisher 3', [
      to(QUEUES.delay, { most: WAITING }),
      to(QUEUES.expiring, { options: () => ({ expiration: random.below(3000) }) }),
      to(QUEUES.window),
      to(QUEUES.careless),
      to(QUEUES.transactionInput),
    ]),
    new Transactor('transactor 1'),
    new Transactor('transactor 2'),
    new CrashGetter(),
    new Purger(),
    definer,
    swapper,
    ...[...QUEUES.classic, QUEUES.classic[0], ...QUEUES.priority, QUEUES.fan[0], QUEUES.fan[1]].map(consumer),
    ...[QUEUES.expiring, QUEUES.work, QUEUES.transactionOutput[0], QUEUES.transactionOutput[1]].map(consumer),
    ...QUEUES.dead.map(consumer),
    new CrashConsumer({ queue: QUEUES.careless.name, prefetch: 0, noAck: true }),
  ];

  function consumer({ name }: { readonly name: string }): Actor {
    return new CrashConsumer({ queue: name, prefetch: 1 + random.below(200) });
  }
}
