import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { UsageError } from '../runner/options.js';
import { OwnBroker } from '../runner/own-broker.js';
import type { Endpoint } from './raw-connection.js';
import { inspectServer, type Outcome, runScenarios } from './runner.js';
import { type Scenario, scenarios } from './scenario.js';
import { THEMES } from './scenarios/themes.js';

const USAGE = `usage: npm run conformance -- [--url amqp://user:password@host:port/vhost] [--grep TEXT] [--list]

  --url URL    the broker to judge; without it one of this project is started for the run
  --grep TEXT  only scenarios with this in their names
  --list       names the scenarios
  --help`;

class UnreachableError extends Error {}

/** The repository, seen from build/interop-tests/conformance. */
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

async function main(): Promise<void> {
  const flags = parsed(process.argv.slice(2));
  if (flags.help) {
    console.log(USAGE);
    return;
  }
  for (const theme of THEMES) await import(`./scenarios/${theme}.js`);
  const chosen = scenarios().filter((one) => one.name.includes(flags.grep));
  if (chosen.length === 0) throw new UsageError(`--grep ${flags.grep}: no scenario has this in its name`);
  if (flags.list) for (const { name } of chosen) console.log(name);
  else if (flags.url === undefined) await judgeOurs(chosen);
  else await judge(endpointOf(flags.url), chosen);
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        url: { type: 'string' },
        grep: { type: 'string', default: '' },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function judgeOurs(chosen: readonly Scenario[]): Promise<void> {
  const broker = await OwnBroker.start(ROOT);
  try {
    await judge(endpointOf(broker.url), chosen);
  } finally {
    await broker.stop();
  }
}

async function judge(endpoint: Endpoint, chosen: readonly Scenario[]): Promise<void> {
  const server = await inspectServer(endpoint).catch((error: Error) => {
    throw new UnreachableError(`no broker to judge at ${endpoint.host}:${endpoint.port}: ${error.message}`);
  });
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
  if (!URL.canParse(text))
    throw new UsageError(`--url ${text}: not a URL like amqp://guest:guest@127.0.0.1:5672/%2f`);
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

try {
  await main();
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`);
  else if (error instanceof UnreachableError) console.error(error.message);
  else throw error;
  process.exitCode = 2;
}
