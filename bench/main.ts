import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isInMemory, syncLatency } from './broker/disk.js';
import { StartedBroker, type StartOptions } from './broker/started-broker.js';
import type { Measurement } from './figure.js';
import { FOOTPRINTS, type Footprint } from './footprint.js';
import { type BenchOptions, HELP, parseOptions } from './options.js';
import { amount, report, type Result } from './report.js';
import { runLoad, type Target } from './run-load.js';
import { backlog } from './scenarios/backlog.js';
import { manyQueues } from './scenarios/many-queues.js';
import { DEFAULT_SIZES, type Scenario } from './scenarios/scenario.js';
import { slowConsumer } from './scenarios/slow-consumer.js';
import type { BrokerIdentity } from './wire/server-properties.js';
import { Session } from './wire/session.js';
import { WORKLOADS, type Workload } from './workloads.js';

const SCENARIOS: readonly Scenario[] = [backlog, manyQueues, slowConsumer];

/** Between two rounds: the last one's queues are still being taken apart. */
const PAUSE_MS = 300;

/** A signal ends the bench after the round at hand, so that brokers and directories do not stay behind. */
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => (interrupted = true));

interface Selection {
  readonly loads: readonly Workload[];
  readonly footprints: readonly Footprint[];
  readonly scenarios: readonly Scenario[];
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) return void process.stdout.write(HELP);
  if (options.list) return list();
  const selection = select(options);
  if (options.profile !== undefined) mkdirSync(options.profile, { recursive: true });
  const own = options.url === undefined && selection.loads.length > 0 ? await startOwn(options) : undefined;
  try {
    await measureAll(options, selection, own);
  } finally {
    await own?.stop();
  }
}

function list(): void {
  const scenarios = SCENARIOS.map((each) => ({ name: each.name, about: each.about(DEFAULT_SIZES) }));
  for (const { name, about } of [...WORKLOADS, ...FOOTPRINTS, ...scenarios]) {
    console.log(`${name.padEnd(22)}${about}`);
  }
}

/** A broker that runs elsewhere can be put under load, but not be started anew. */
function select({ workloads, url }: BenchOptions): Selection {
  const known = [...WORKLOADS, ...FOOTPRINTS, ...SCENARIOS].map(({ name }) => name);
  const unknown = workloads.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`no workload '${unknown}'; there are: ${known.join(', ')}`);
  const chosen = ({ name }: { name: string }): boolean => workloads.length === 0 || workloads.includes(name);
  return {
    loads: WORKLOADS.filter(chosen),
    footprints: url === undefined ? FOOTPRINTS.filter(chosen) : [],
    scenarios: url === undefined ? SCENARIOS.filter(chosen) : [],
  };
}

const profiling = ({ profile }: BenchOptions): string[] =>
  profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];

const startOptions = (options: BenchOptions): StartOptions => ({
  parentDirectory: options.dataParent,
  execArgv: profiling(options),
  flags: options.brokerFlags,
});

const startOwn = (options: BenchOptions): Promise<StartedBroker> =>
  StartedBroker.start(startOptions(options));

async function measureAll(
  options: BenchOptions,
  selection: Selection,
  own: StartedBroker | undefined,
): Promise<void> {
  const a: Target | undefined =
    own ?? (options.url === undefined ? undefined : { url: options.url, pid: options.pid });
  const b: Target | undefined =
    options.against === undefined ? undefined : { url: options.against, pid: options.againstPid };
  const results: Result[] = [];
  if (a !== undefined) {
    for (const workload of selection.loads) results.push(await compare(options, workload, a, b));
  }
  for (const footprint of selection.footprints) results.push(await takeFootprint(options, footprint));
  for (const scenario of selection.scenarios) results.push(await play(options, scenario));
  const text = report(results, {
    ...options,
    a: a === undefined ? undefined : await identify(a),
    b: b === undefined ? undefined : await identify(b),
    sync:
      selection.scenarios.length > 0 || selection.loads.some(({ durable }) => durable)
        ? describeSync(options.dataParent)
        : undefined,
  });
  console.log(`\n${text}`);
  if (options.out !== undefined) writeFileSync(options.out, text);
}

async function compare(
  options: BenchOptions,
  workload: Workload,
  a: Target,
  b: Target | undefined,
): Promise<Result> {
  const timing = { ...options, execArgv: profiling(options) };
  const result = {
    name: workload.name,
    about: workload.about,
    a: [] as Measurement[],
    b: [] as Measurement[],
    once: false,
  };
  for (let round = 1; round <= options.rounds; round++) {
    result.a.push(await runLoad(a, workload, timing));
    progress(workload.name, 'A', round, result.a);
    await sleep(PAUSE_MS);
    if (b === undefined) continue;
    result.b.push(await runLoad(b, workload, timing));
    progress(workload.name, 'B', round, result.b);
    await sleep(PAUSE_MS);
  }
  return result;
}

async function takeFootprint(options: BenchOptions, footprint: Footprint): Promise<Result> {
  const a: Measurement[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    a.push(await footprint.measure(startOptions(options)));
    progress(footprint.name, 'A', round, a);
  }
  return { name: footprint.name, about: footprint.about, a, b: [], once: false };
}

async function play(options: BenchOptions, scenario: Scenario): Promise<Result> {
  const { name } = scenario;
  const a = [await scenario.measure(startOptions(options), options.sizes)];
  progress(name, 'A', 1, a);
  return { name, about: scenario.about(options.sizes), a, b: [], once: true };
}

function progress(name: string, broker: string, round: number, measurements: readonly Measurement[]): void {
  const figures = measurements.at(-1)!.figures.map(({ of, unit, value }) => `${of} ${amount(value)} ${unit}`);
  console.error(`${name.padEnd(22)}${broker} ${round}  ${figures.join(', ')}`);
  if (interrupted) throw new Error('interrupted');
}

async function identify(target: Target): Promise<BrokerIdentity> {
  const session = await Session.open(target.url);
  await session.close();
  return session.identity;
}

function describeSync(directory: string): string {
  const { p50, p99 } = syncLatency(directory);
  const memory = isInMemory(directory) ? ' It is in memory, so durable figures say nothing.' : '';
  return `One append with fdatasync on this disk: p50 ${amount(p50)} ms, p99 ${amount(p99)} ms.${memory}`;
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
