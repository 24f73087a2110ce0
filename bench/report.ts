import { arch, availableParallelism, cpus, platform, release } from 'node:os';
import type { Conditions, Figure, Measurement } from './figure.js';
import { median } from './load/percentiles.js';
import type { BrokerIdentity } from './wire/server-properties.js';

/** A workload's rounds: `a` of the first broker, `b` of the one it is compared with. */
export interface Result {
  readonly name: string;
  readonly about: string;
  readonly a: readonly Measurement[];
  readonly b: readonly Measurement[];
  /** Measured once, and not compared. */
  readonly once: boolean;
}

export interface Circumstances {
  readonly a: BrokerIdentity | undefined;
  readonly b: BrokerIdentity | undefined;
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
  /** Milliseconds of one append and fdatasync, where it was measured. */
  readonly sync: string | undefined;
}

/** The whole report as markdown. */
export function report(results: readonly Result[], circumstances: Circumstances): string {
  const compared = results.filter(({ once }) => !once);
  const sections = [
    machine(circumstances, compared.length > 0),
    medians(compared, circumstances),
    conditions(compared),
    scenarios(results.filter(({ once }) => once)),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

const nameOf = (broker: BrokerIdentity | undefined): string =>
  broker === undefined ? '' : `${broker.product} ${broker.version}`;

function machine({ a, b, rounds, warmUpMs, measuredMs, sync }: Circumstances, isMedian: boolean): string {
  const lines = [
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${platform()} ${release()} ${arch()}, Node ${process.versions.node}.`,
    `A is ${nameOf(a) || 'our broker'}${b === undefined ? '' : `, B is ${nameOf(b)}`}.`,
  ];
  if (isMedian) {
    lines.push(
      `Medians of ${rounds} rounds${b === undefined ? '' : ' in turn, A B A B'}, ` +
        `each ${measuredMs / 1000} s after ${warmUpMs / 1000} s of warm-up.`,
    );
  }
  if (sync !== undefined) lines.push(sync);
  return lines.join('\n');
}

function medians(results: readonly Result[], { b }: Circumstances): string {
  if (results.length === 0) return '';
  const head = b === undefined ? ['workload', 'unit', 'A'] : ['workload', 'unit', 'A', 'B', 'A / B'];
  const rows = results.flatMap((result) =>
    figureNames(result).map((name) => medianRow(result, name, b !== undefined)),
  );
  return markdownTable(head, rows);
}

function scenarios(results: readonly Result[]): string {
  const tables = results.map((result) => {
    const rows = result.a.flatMap(({ figures }) =>
      figures.map(({ of, unit, value }) => [of, unit, amount(value)]),
    );
    return `\`${result.name}\`, once, A alone: ${result.about}\n\n${markdownTable(['', 'unit', 'A'], rows)}`;
  });
  return tables.join('\n\n');
}

const figureNames = (result: Result): string[] => [
  ...new Set(
    [...result.a, ...result.b].flatMap(({ figures }) =>
      figures.map((figure) => `${figure.of} ${figure.unit}`),
    ),
  ),
];

function medianRow(result: Result, name: string, compared: boolean): string[] {
  const pick = (rounds: readonly Measurement[]): Figure[] =>
    rounds.flatMap(({ figures }) => figures.filter((figure) => `${figure.of} ${figure.unit}` === name));
  const a = pick(result.a);
  const b = pick(result.b);
  const { of, unit } = (a[0] ?? b[0])!;
  const [ofA, ofB] = [a, b].map((figures) => median(figures.map(({ value }) => value)));
  const row = [`${result.about}${of === '' ? '' : `, ${of}`} (\`${result.name}\`)`, unit, amount(ofA!)];
  return compared ? [...row, amount(ofB!), ratio(ofA! / ofB!)] : row;
}

/** Whole and grouped from 1,000 on, otherwise three digits. */
export function amount(value: number): string {
  if (Number.isNaN(value)) return '-';
  return value >= 1000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));
}

const ratio = (value: number): string => (Number.isNaN(value) ? '-' : value.toPrecision(3));

function conditions(results: readonly Result[]): string {
  const rows = results.flatMap((result) => [
    ...conditionRow(result.name, 'A', result.a),
    ...conditionRow(result.name, 'B', result.b),
  ]);
  if (rows.length === 0) return '';
  const head = [
    'workload',
    '',
    'backlog at the end',
    'publisher, cores',
    'consumer, cores',
    'broker, cores',
    'blocked',
  ];
  return `How the rounds went (medians):\n\n${markdownTable(head, rows)}`;
}

function conditionRow(name: string, broker: string, rounds: readonly Measurement[]): string[][] {
  const all = rounds.flatMap((round) => (round.conditions === undefined ? [] : [round.conditions]));
  if (all.length === 0) return [];
  const middle = (of: (each: Conditions) => number): string => amount(median(all.map(of)));
  const cells = [
    middle((each) => each.backlog),
    middle((each) => each.publisherBusy),
    middle((each) => each.consumerBusy),
    middle((each) => each.brokerBusy ?? Number.NaN),
    middle((each) => each.blocked),
  ];
  return [[name, broker, ...cells]];
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const alignment = head.map((_, index) => (index === 0 ? '---' : '--:'));
  return [head, alignment, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
