import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import type { ScenarioSizes } from './scenarios/scenario.js';

export interface BenchOptions {
  /** Names of workloads; empty: all. */
  readonly workloads: readonly string[];
  /** A broker that runs already, instead of one started for the bench. */
  readonly url: string | undefined;
  readonly pid: number | undefined;
  readonly against: string | undefined;
  readonly againstPid: number | undefined;
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
  readonly out: string | undefined;
  readonly dataParent: string;
  readonly profile: string | undefined;
  /** How large the scenarios are to be. */
  readonly sizes: ScenarioSizes;
  readonly list: boolean;
  readonly help: boolean;
  /** What stands behind `--`: flags for the broker that the bench starts. */
  readonly brokerFlags: readonly string[];
}

export const HELP = `Usage: npm run bench -- [options] [-- flags for the broker]

Loads a broker and prints a markdown table; with --against, two brokers in turn, A B A B.

  --workload A,B     only these (--list names them)
  --seconds N        measured time of a round (4), after a warm-up
  --warm-up N        seconds before anything counts (1.5)
  --rounds N         rounds of each workload on each broker, for the medians (3)
  --messages N       messages of backlog (10,000,000) and slow-consumer (5,000,000)
  --queues N         queues of many-queues (50,000)
  --window N         publishes unconfirmed at most in those three (1000); 0: without confirms
  --url URL          a broker that runs already; otherwise one of ours is started
  --against URL      the broker to compare with
  --pid N            process id of the broker at --url, for its CPU time
  --against-pid N    the same for the broker at --against
  --data-dir DIR     where the started broker gets its data directory (the system's temporary directory)
  --profile DIR      write CPU profiles of the broker and the load there
  --out FILE         write the table to a file, too
  --list             name the workloads
`;

/** Throws an Error with a line for the user. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      workload: { type: 'string', default: '' },
      seconds: { type: 'string', default: '4' },
      'warm-up': { type: 'string', default: '1.5' },
      rounds: { type: 'string', default: '3' },
      messages: { type: 'string' },
      queues: { type: 'string' },
      window: { type: 'string', default: '1000' },
      url: { type: 'string' },
      against: { type: 'string' },
      pid: { type: 'string' },
      'against-pid': { type: 'string' },
      'data-dir': { type: 'string', default: tmpdir() },
      profile: { type: 'string' },
      out: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    workloads: values.workload.split(',').filter((name) => name !== ''),
    url: values.url,
    pid: optionalNumber('--pid', values.pid),
    against: values.against,
    againstPid: optionalNumber('--against-pid', values['against-pid']),
    rounds: Math.ceil(positive('--rounds', values.rounds)),
    warmUpMs: positive('--warm-up', values['warm-up']) * 1000,
    measuredMs: positive('--seconds', values.seconds) * 1000,
    out: values.out,
    dataParent: values['data-dir'],
    profile: values.profile,
    sizes: {
      messages: optionalNumber('--messages', values.messages),
      queues: optionalNumber('--queues', values.queues),
      window: values.window === '0' ? 0 : positive('--window', values.window),
    },
    list: values.list,
    help: values.help,
    brokerFlags: positionals,
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${name} wants a number above 0, not '${text}'`);
  return value;
}

const optionalNumber = (name: string, text: string | undefined): number | undefined =>
  text === undefined ? undefined : positive(name, text);
