import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { systemClock } from '../base/clock.js';
import { directoryToCheck, questionIn } from '../config/command-line.js';
import { ConfigError } from '../config/config-error.js';
import { type LoadedConfig, loadConfig } from '../config/load-config.js';
import { helpText } from '../config/reference.js';
import { BrokerNode, type NodeOptions } from '../node/broker-node.js';
import { checkData } from '../node/check-data.js';
import { createLogger, type Logger } from '../node/logger.js';
import { StartError } from '../node/start-error.js';
import { VERSION } from '../node/version.js';
import { isSound, reportText } from './check-report.js';

/**
 * The server program, and the check of its data. Ends the process with exit code 1 and one line if it cannot start.
 *
 * @param options what no configuration reaches
 */
export async function main(
  argv: readonly string[],
  options: Pick<NodeOptions, 'storeLimits'> = {},
): Promise<void> {
  const question = questionIn(argv);
  if (question !== undefined) {
    process.stdout.write(question === 'help' ? helpText() : `${VERSION}\n`);
    return;
  }
  try {
    const directory = directoryToCheck(argv);
    if (directory === undefined) await run(load(argv), options);
    else await check(directory);
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof StartError)) throw error;
    process.stderr.write(`warrenmq: ${error.message}\n`);
    process.exitCode = 1;
  }
}

async function check(directory: string): Promise<void> {
  const report = await checkData(directory);
  process.stdout.write(reportText(report));
  if (!isSound(report)) process.exitCode = 1;
}

function load(argv: readonly string[]): LoadedConfig {
  return loadConfig({ argv, env: process.env, readFile: (path) => readFileSync(path, 'utf8') });
}

async function run(
  { config, notes }: LoadedConfig,
  options: Pick<NodeOptions, 'storeLimits'>,
): Promise<void> {
  const log = createLogger({
    level: config['log.console.level'],
    formatter: config['log.console.formatter'],
  });
  for (const note of notes) log.warn(note);
  freeReceivedMemoryAtOnce();
  const node = new BrokerNode({
    ...options,
    config,
    dataDir: config.data_dir,
    clock: systemClock,
    log,
    version: VERSION,
    failed: (error) => {
      log.fatal(error.message);
      process.exit(1);
    },
  });
  await node.start();
  stopOnSignals(node, log);
  log.info(`WarrenMQ ${VERSION} is ready: AMQP on port ${node.ports.join(', ')}, data in ${config.data_dir}`);
}

/** What a socket received is freed by the thread that allocated it. In another one, which is the default, it costs a multiple. */
function freeReceivedMemoryAtOnce(): void {
  setFlagsFromString('--no-concurrent-array-buffer-sweeping');
}

/** npm sends on the Ctrl-C that a terminal has already sent to everybody: this soon after, it is the same. Milliseconds. */
const SAME_SIGNAL_MS = 200;

/** The first signal stops in order and exits with 0, a second one at once. */
function stopOnSignals(node: BrokerNode, log: Logger): void {
  let stoppingSince: number | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince > SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    stoppingSince = performance.now();
    log.info(`${signal}: stopping`);
    node
      .stop()
      .then(() => process.exit(0))
      .catch((error: unknown) => {
        log.fatal({ error: String(error) }, 'could not stop in order');
        process.exit(1);
      });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
