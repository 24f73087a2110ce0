import { Writable } from 'node:stream';
import { parse } from '@hapi/bourne';
import { type DestinationStream, type Logger, pino } from 'pino';
import { printable } from '../base/printable.js';

export type { Logger } from 'pino';

/** RabbitMQ's names of severities, as pino has them. */
const LEVELS: Readonly<Record<string, string>> = {
  debug: 'debug',
  info: 'info',
  notice: 'info',
  warning: 'warn',
  error: 'error',
  critical: 'fatal',
  alert: 'fatal',
  emergency: 'fatal',
  none: 'silent',
};

const LABELS: Readonly<Record<number, string>> = {
  20: 'debug',
  30: 'info',
  40: 'warning',
  50: 'error',
  60: 'critical',
};

export interface LogOptions {
  readonly level: string;
  readonly formatter: 'plaintext' | 'json';
}

/** Writes to standard output, for people or as one JSON object a line. */
export function createLogger({ level, formatter }: LogOptions): Logger {
  const options = { level: LEVELS[level] ?? 'info', base: null };
  if (formatter === 'plaintext') return pino(options, plainText(process.stdout));
  return pino({ ...options, formatters: { level: severity } }, process.stdout);
}

const severity = (_label: string, number: number): object => ({ level: LABELS[number] ?? number });

export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}

/** Turns pino's lines into `2026-01-31 12:00:00.000 [info] message key=value`. */
function plainText(out: Writable): DestinationStream {
  return new Writable({
    write(line: Buffer, _encoding, done) {
      out.write(`${plainLine(line.toString())}\n`);
      done();
    },
  });
}

/** One of pino's lines for people. What clients name themselves, and what they name, stays within the line. */
export function plainLine(line: string): string {
  const {
    time,
    level,
    msg = '',
    ...rest
  } = parse(line) as Record<string, unknown> & { time: number; level: number };
  const at = new Date(time).toISOString().replace('T', ' ').replace('Z', '');
  const details = Object.entries(rest).map(([key, value]) => ` ${key}=${detail(key, value)}`);
  return `${at} [${LABELS[level] ?? level}] ${printable(String(msg))}${details.join('')}`;
}

function detail(key: string, value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // Nobody reads a stack in one line.
  return key === 'stack' ? text : printable(text);
}
