import { WatchedBroker } from '../broker/watched-broker.js';
import type { StartOptions } from '../broker/started-broker.js';
import type { Measurement } from '../figure.js';
import { consume, METHOD, qos } from '../wire/methods.js';
import { Session } from '../wire/session.js';
import { consuming, publishing, runToLimit } from './finite-load.js';
import { declareQueues } from './queue-set.js';
import { grouped, type Scenario, type ScenarioSizes } from './scenario.js';

const MESSAGES = 5_000_000;
const BODY_SIZE = 100;
const QUEUE = 'bench.slow';

export const slowConsumer: Scenario = {
  name: 'slow-consumer',
  about: ({ messages = MESSAGES }) => `one message stays unacked in front of ${grouped(messages)} acked ones`,
  measure,
};

async function measure(options: StartOptions, sizes: ScenarioSizes): Promise<Measurement> {
  const { messages = MESSAGES, window } = sizes;
  const broker = await WatchedBroker.start(options);
  try {
    await declareQueues(broker.url, [QUEUE]);
    const holder = await holdOne(broker.url);
    const [, consumer] = await runToLimit(
      publishing(broker.url, [QUEUE], BODY_SIZE, window, messages + 1),
      consuming(broker.url, QUEUE, messages),
    );
    const left = await broker.directory();
    await holder.close();
    const { laps } = consumer!;
    return {
      figures: [
        { of: 'data directory at the end', unit: 'MB', value: left },
        { of: 'data directory at most', unit: 'MB', value: broker.peakDirectory },
        { of: 'most resident memory', unit: 'MB', value: broker.peakRss },
        { of: 'published and acked', unit: 'msg/s', value: (messages * 1000) / (laps.at(-1)! - laps[0]!) },
      ],
    };
  } finally {
    await broker.stop();
  }
}

/** A consumer that takes the first message and never acknowledges it. */
async function holdOne(url: string): Promise<Session> {
  const session = await Session.open(url);
  await session.request(qos(1), METHOD.BASIC_QOS_OK);
  await session.request(consume(QUEUE, 'slow', false), METHOD.BASIC_CONSUME_OK);
  return session;
}
