import { textValue } from '../../lib/wire/values.js';
import { asMethod } from './expectation.js';
import { type Endpoint, RawConnection } from './raw-connection.js';
import { expectStart, plainResponse, type Scenario, type Server, Steps } from './scenario.js';

/** Scenarios at a time, beside the slow ones; each has connections and names of its own. */
const AT_A_TIME = 4;

export interface Outcome {
  readonly scenario: Scenario;
  readonly failure: Error | undefined;
}

/** Asks the broker at `endpoint` what it is. */
export async function inspectServer(endpoint: Endpoint): Promise<Server & { readonly title: string }> {
  const raw = await RawConnection.connect(endpoint);
  const start = await expectStart(raw);
  const property = (name: string) => textValue(start.serverProperties.get(name)) ?? '';
  raw.destroy();
  const tuning = await askTuning(endpoint);
  const ours = !property('platform').startsWith('Erlang');
  const [major = 0, minor = 0] = property('version').split('.').map(Number);
  return {
    endpoint,
    tuning,
    ours,
    before313: !ours && (major < 3 || (major === 3 && minor < 13)),
    title: `${property('product')} ${property('version')} on ${property('platform')}`,
  };
}

async function askTuning(endpoint: Endpoint): Promise<Server['tuning']> {
  const raw = await RawConnection.connect(endpoint);
  await expectStart(raw);
  raw.method(0, 'connection.start-ok', {
    mechanism: 'PLAIN',
    response: plainResponse(endpoint),
    locale: 'en_US',
  });
  const { channelMax, frameMax } = asMethod(await raw.next(0), 'connection.tune');
  raw.method(0, 'connection.tune-ok', { channelMax, frameMax, heartbeat: 0 });
  raw.method(0, 'connection.open', { virtualHost: endpoint.vhost });
  asMethod(await raw.next(0), 'connection.open-ok');
  raw.destroy();
  return { channelMax, frameMax };
}

/** Runs the scenarios and reports each as soon as all before it are done, so that the report is in their order. */
export async function runScenarios(
  server: Server,
  chosen: readonly Scenario[],
  report: (outcome: Outcome, number: number) => void,
): Promise<Outcome[]> {
  const outcomes: (Promise<Outcome> | undefined)[] = chosen.map(() => undefined);
  const settle: ((outcome: Outcome) => void)[] = [];
  chosen.forEach((_one, at) => {
    outcomes[at] = new Promise((resolve) => (settle[at] = resolve));
  });
  const start = async (at: number) => settle[at]!(await runOne(server, chosen[at]!));
  const lanes = chosen.flatMap((one, at) => (one.slow ? [start(at)] : []));
  const quick = chosen.flatMap((one, at) => (one.slow ? [] : [at]));
  for (let lane = 0; lane < AT_A_TIME; lane++) lanes.push(drainLane(quick, start));
  const done: Outcome[] = [];
  for (const outcome of outcomes) {
    done.push((await outcome)!);
    report(done.at(-1)!, done.length);
  }
  await Promise.all(lanes);
  return done;
}

async function drainLane(waiting: number[], start: (at: number) => Promise<void>): Promise<void> {
  for (;;) {
    const at = waiting.shift();
    if (at === undefined) return;
    await start(at);
  }
}

async function runOne(server: Server, scenario: Scenario): Promise<Outcome> {
  const steps = new Steps(server);
  let failure: Error | undefined;
  try {
    await scenario.steps(steps);
    await steps.finish();
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
  }
  try {
    await steps.cleanUp();
  } catch (error) {
    failure ??= new Error('cleaning up failed', { cause: error });
  }
  return { scenario, failure };
}
