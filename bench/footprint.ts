import { settledRssKb } from './broker/process-stats.js';
import { StartedBroker, type StartOptions } from './broker/started-broker.js';
import type { Measurement } from './figure.js';
import { channelOpen, METHOD } from './wire/methods.js';
import { Session } from './wire/session.js';

const IDLE_CONNECTIONS = 5000;
/** Handshakes under way at once. */
const AT_ONCE = 100;

/** Measurements of a broker of ours that is started for nothing else. */
export const FOOTPRINTS: readonly Footprint[] = [
  { name: 'startup', about: 'start of the process until it answers a client', measure: startup },
  { name: 'idle', about: 'resident memory without clients', measure: idle },
  {
    name: 'connections',
    about: `resident memory for each of ${IDLE_CONNECTIONS} idle connections`,
    measure: connections,
  },
];

export interface Footprint {
  readonly name: string;
  readonly about: string;
  measure(options: StartOptions): Promise<Measurement>;
}

async function startup(options: StartOptions): Promise<Measurement> {
  const broker = await StartedBroker.start(options);
  await broker.stop();
  return { figures: [{ of: '', unit: 'ms', value: broker.startupMs }] };
}

async function idle(options: StartOptions): Promise<Measurement> {
  const broker = await StartedBroker.start(options);
  try {
    return { figures: [{ of: '', unit: 'MB', value: (await settledRssKb(broker.pid)) / 1024 }] };
  } finally {
    await broker.stop();
  }
}

async function connections(options: StartOptions): Promise<Measurement> {
  const broker = await StartedBroker.start(options);
  const sessions: Session[] = [];
  try {
    const before = await settledRssKb(broker.pid);
    await openAll(broker.url, sessions);
    const bare = (await settledRssKb(broker.pid)) - before;
    for (const session of sessions) await session.request(channelOpen(1), METHOD.CHANNEL_OPEN_OK);
    const withChannel = (await settledRssKb(broker.pid)) - before;
    return {
      figures: [
        { of: 'no channel', unit: 'KB', value: bare / IDLE_CONNECTIONS },
        { of: 'one channel', unit: 'KB', value: withChannel / IDLE_CONNECTIONS },
      ],
    };
  } finally {
    for (const session of sessions) session.socket.destroy();
    await broker.stop();
  }
}

async function openAll(url: string, sessions: Session[]): Promise<void> {
  while (sessions.length < IDLE_CONNECTIONS) {
    const count = Math.min(AT_ONCE, IDLE_CONNECTIONS - sessions.length);
    const opened = await Promise.all(Array.from({ length: count }, () => Session.open(url, false)));
    sessions.push(...opened);
  }
}
