import { type Clock, systemClock } from './base/clock.js';
import { loadConfig } from './config/load-config.js';
import { BrokerNode } from './node/broker-node.js';
import { silentLogger } from './node/logger.js';
import { VERSION } from './node/version.js';

export { type Clock, ManualClock, systemClock, type Timer } from './base/clock.js';

export interface BrokerOptions {
  /** Address to listen on; 127.0.0.1 by default. */
  readonly host?: string;
  /** AMQP port; 0, the default, takes any that is free. */
  readonly port?: number;
  /** Where to keep definitions and messages; without it everything is in memory and gone after `stop`. */
  readonly dataDir?: string;
  /** The broker's source of time: hand in a `ManualClock` to move it. */
  readonly clock?: Clock;
  /**
   * The disk under `dataDir` failed, so that nothing can be kept any more: the broker has closed its clients with 320 and
   * stopped. Without this function the error is thrown where nobody catches it, which ends the process.
   */
  readonly onFailed?: (error: Error) => void;
  /** Further settings by their names in the configuration file, such as `{ max_message_size: '1048576' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A broker inside this process. */
export interface EmbeddedBroker {
  /** Resolves when connections are accepted. Rejects with an Error whose message is one line. */
  start(): Promise<void>;
  /** Closes clients with 320, finishes what is under way; the process may go on. */
  stop(): Promise<void>;
  /** Known after `start`. */
  readonly ports: { readonly amqp: number };
  /** `amqp://guest:guest@127.0.0.1:PORT`; known after `start`. */
  readonly url: string;
}

/** Makes a broker for a test or an application; `start` it, `stop` it. */
export function createBroker(options: BrokerOptions = {}): EmbeddedBroker {
  const { host = '127.0.0.1', port = 0, dataDir, clock = systemClock, settings = {} } = options;
  const { onFailed = throwUncaught } = options;
  const address = host.includes(':') ? `[${host}]` : host;
  const flags = Object.entries({ ...settings, 'listeners.tcp.1': `${address}:${port}` });
  const { config } = loadConfig({
    argv: flags.flatMap(([key, value]) => [`--${key}`, value]),
    env: {},
    readFile: () => '',
  });
  const node = new BrokerNode({
    config,
    dataDir,
    clock,
    log: silentLogger(),
    version: VERSION,
    failed: (cause) => {
      abandon(node)
        .then(() => onFailed(cause))
        .catch(throwUncaught);
    },
  });
  const amqp = (): number => {
    const [first] = node.ports;
    if (first === undefined) throw new Error('the broker has not been started');
    return first;
  };
  return {
    start: () => node.start(),
    stop: () => node.stop(),
    get ports() {
      return { amqp: amqp() };
    },
    get url() {
      const { default_user: user, default_pass: pass } = config;
      return `amqp://${encodeURIComponent(user)}:${encodeURIComponent(pass)}@${address}:${amqp()}`;
    },
  };
}

/** Stops as far as that goes. */
async function abandon(node: BrokerNode): Promise<void> {
  await node.stop().catch(() => {});
}

/** Not from a promise, whose rejection an application may have chosen to overlook. */
function throwUncaught(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
