import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { OwnBroker } from '../runner/own-broker.js';
import type { Endpoint } from './raw-connection.js';
import { inspectServer, type Outcome, runScenarios } from './runner.js';
import { scenarios } from './scenario.js';
import { THEMES } from './scenarios/themes.js';

const USAGE = `usage: conformance [--url amqp://user:password@host:port/vhost] [--grep TEXT] [--list]
Without --url a broker of this project is started for the run.`;

/** The repository, seen from build/interop-tests/conformance. */
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const { values: flags } = parseArgs({
  options: {
    url: { type: 'string' },
    grep: { type: 'string', default: '' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

for (const theme of THEMES) await import(`./scenarios/${theme}.js`);

const chosen = scenarios().filter((one) => one.name.includes(flags.grep));

if (flags.help) {
  console.log(USAGE);
} else if (flags.list) {
  for (const { name } of chosen) console.log(name);
} else if (flags.url !== undefined) {
  await judge(endpointOf(flags.url));
} else {
  await judgeOurs();
}

async function judgeOurs(): Promise<void> {
  const broker = await OwnBroker.start(ROOT);
  try {
    await judge(endpointOf(broker.url));
  } finally {
    await broker.stop();
  }
}

async function judge(endpoint: Endpoint): Promise<void> {
  const server = await inspectServer(endpoint);
  const begun = Date.now();
  console.log(`TAP version 14\n# ${server.title}\n1..${chosen.length}`);
  const outcomes = await runScenarios(server, chosen, report);
  const failed = outcomes.filter((outcome) => outcome.failure !== undefined).length;
  console.log(`# ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  console.log(`${outcomes.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

function report({ scenario, failure }: Outcome, number: number): void {
  console.log(
    `${failure === undefined ? 'ok' : 'not ok'} ${number} - ${scenario.name.replaceAll('#', '\\#')}`,
  );
  if (failure !== undefined) console.log(diagnosis(failure));
}

function diagnosis(failure: Error): string {
  const cause = failure.cause instanceof Error ? `\n${failure.cause.message}` : '';
  const step =
    failure.stack
      ?.split('\n')
      .find((line) => line.includes('/scenarios/'))
      ?.trim() ?? '';
  const text = `${failure.message}${cause}\n${step}`.trim().replaceAll('\n', '\n    ');
  return `  ---\n  message: |\n    ${text}\n  ...`;
}

function endpointOf(text: string): Endpoint {
  const url = new URL(text);
  return {
    host: url.hostname,
    port: Number(partOf(url.port, '5672')),
    username: partOf(url.username, 'guest'),
    password: partOf(url.password, 'guest'),
    vhost: partOf(url.pathname.slice(1), '/'),
  };
}

function partOf(value: string, otherwise: string): string {
  return value === '' ? otherwise : decodeURIComponent(value);
}
