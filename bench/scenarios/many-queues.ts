import { WatchedBroker } from '../broker/watched-broker.js';
import type { StartOptions } from '../broker/started-broker.js';
import type { Measurement } from '../figure.js';
import { publishing, runToLimit } from './finite-load.js';
import { declareQueues, deleteQueues, queueNames } from './queue-set.js';
import { grouped, type Scenario, type ScenarioSizes } from './scenario.js';

const MANY = 50_000;
const FEW = 100;
const BODY_SIZE = 100;
/** Each round publishes so often to each of the many queues, and the same number of messages to the few. */
const PER_ROUND = 5;
const ROUNDS = 4;

export const manyQueues: Scenario = {
  name: 'many-queues',
  about: ({ queues = MANY }) => `${grouped(queues)} durable queues with ${PER_ROUND * ROUNDS} messages each`,
  measure,
};

interface Rates {
  readonly many: number;
  readonly few: number;
}

/** Publishes to many queues and to a few in turn, then restarts the broker with the many. */
async function measure(options: StartOptions, sizes: ScenarioSizes): Promise<Measurement> {
  const many = queueNames('bench.many', sizes.queues ?? MANY);
  const broker = await WatchedBroker.start(options);
  try {
    const begin = performance.now();
    await declareQueues(broker.url, many);
    const declaredMs = performance.now() - begin;
    const rates = await publish(broker, many, sizes.window);
    const full = await broker.directory();
    const afterKill = await broker.restart('SIGKILL');
    const rssAfterKill = await broker.rss();
    const afterStop = await broker.restart('SIGTERM');
    const rss = await broker.rss();
    return {
      figures: [
        { of: 'declared over 64 connections', unit: 'queues/s', value: (many.length * 1000) / declaredMs },
        { of: 'publishes to all of them', unit: 'msg/s', value: rates.many },
        { of: 'publishes to 100 queues', unit: 'msg/s', value: rates.few },
        { of: 'all of them of 100', unit: '%', value: (rates.many / rates.few) * 100 },
        { of: 'restart after a kill', unit: 'ms', value: afterKill },
        { of: 'resident memory after it', unit: 'MB', value: rssAfterKill },
        { of: 'restart after a stop', unit: 'ms', value: afterStop },
        { of: 'resident memory after that', unit: 'MB', value: rss },
        { of: 'most resident memory', unit: 'MB', value: broker.peakRss },
        { of: 'data directory', unit: 'MB', value: full },
      ],
    };
  } finally {
    await broker.stop();
  }
}

async function publish(broker: WatchedBroker, many: readonly string[], window: number): Promise<Rates> {
  const few = queueNames('bench.few', Math.min(FEW, many.length));
  await declareQueues(broker.url, few);
  const count = many.length * PER_ROUND;
  const ms = { many: 0, few: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    ms.few += await timed(broker, few, window, count);
    ms.many += await timed(broker, many, window, count);
  }
  await deleteQueues(broker.url, few);
  const rate = (each: number): number => (count * ROUNDS * 1000) / each;
  return { many: rate(ms.many), few: rate(ms.few) };
}

/** Milliseconds from the first publish to the last confirm. */
async function timed(
  broker: WatchedBroker,
  queues: readonly string[],
  window: number,
  count: number,
): Promise<number> {
  const [sample] = await runToLimit(publishing(broker.url, queues, BODY_SIZE, window, count));
  const { laps } = sample!;
  return laps.at(-1)! - laps[0]!;
}
