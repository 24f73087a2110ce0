import { WatchedBroker } from '../broker/watched-broker.js';
import type { StartOptions } from '../broker/started-broker.js';
import type { Figure, Measurement } from '../figure.js';
import { lapRates } from '../load/laps.js';
import { consuming, publishing, runToLimit } from './finite-load.js';
import { declareQueues, untilReady } from './queue-set.js';
import { grouped, type Scenario, type ScenarioSizes } from './scenario.js';

const MESSAGES = 10_000_000;
const BODY_SIZE = 100;
const QUEUE = 'bench.backlog';

export const backlog: Scenario = {
  name: 'backlog',
  about: ({ messages = MESSAGES }) =>
    `${grouped(messages)} messages of ${BODY_SIZE} B stand in one durable queue`,
  measure,
};

/** Fills a queue, restarts the broker after a kill and after a stop, and drains the queue. */
async function measure(options: StartOptions, sizes: ScenarioSizes): Promise<Measurement> {
  const { messages = MESSAGES, window } = sizes;
  const broker = await WatchedBroker.start(options);
  try {
    await declareQueues(broker.url, [QUEUE]);
    const [fill] = await runToLimit(publishing(broker.url, [QUEUE], BODY_SIZE, window, messages));
    await untilReady(broker.url, QUEUE, messages);
    const filled = await broker.directory();
    const afterKill = await broker.restart('SIGKILL');
    const afterStop = await broker.restart('SIGTERM');
    const [drain] = await runToLimit(consuming(broker.url, QUEUE, messages));
    const drained = await broker.directory();
    return {
      figures: [
        ...rates('fill', lapRates(messages, fill!.laps)),
        ...rates('drain', lapRates(messages, drain!.laps)),
        { of: 'restart after a kill', unit: 'ms', value: afterKill },
        { of: 'restart after a stop', unit: 'ms', value: afterStop },
        { of: 'most resident memory', unit: 'MB', value: broker.peakRss },
        { of: 'data directory, full', unit: 'MB', value: filled },
        { of: 'data directory, drained', unit: 'MB', value: drained },
      ],
    };
  } finally {
    await broker.stop();
  }
}

/** Of the tenths of a load. */
function rates(of: string, tenths: readonly number[]): Figure[] {
  const [first, last] = [tenths[0]!, tenths.at(-1)!];
  return [
    { of: `${of}, first tenth`, unit: 'msg/s', value: first },
    { of: `${of}, last tenth`, unit: 'msg/s', value: last },
    { of: `${of}, slowest tenth`, unit: 'msg/s', value: Math.min(...tenths) },
    { of: `${of}, last of first`, unit: '%', value: (last / first) * 100 },
  ];
}
