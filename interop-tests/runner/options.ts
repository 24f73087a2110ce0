import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

export const USAGE = `usage: node build/interop-tests/run.js [options]

  --only NAME,NAME       run these clients only (folder names)
  --skip TEXT,TEXT       count checks with this in their title as skipped, whatever their outcome
  --jobs N               clients at the same time, each with a broker of its own (default: cores, at most 2)
  --kill                 let the broker's restart begin with SIGKILL instead of SIGTERM
  --url URL              use a running broker instead of starting our own; needs --restart-command
  --restart-command CMD  a shell command that restarts that broker and returns when it is up again
  --help`;

export type RestartSignal = 'SIGTERM' | 'SIGKILL';

export interface RunOptions {
  /** Folder names; empty means all. */
  readonly only: readonly string[];
  /** Parts of the titles of checks whose outcome does not count. */
  readonly skip: readonly string[];
  readonly jobs: number;
  /** What ends our own broker when a client asks for its restart. */
  readonly restartSignal: RestartSignal;
  /** The broker that is already there, if any. */
  readonly external: { readonly url: string; readonly restartCommand: string } | undefined;
}

/** A mistake on the command line: shown without a stack trace. */
export class UsageError extends Error {}

/** Parses the command line; undefined when help was asked for. Throws UsageError. */
export function parseOptions(args: readonly string[]): RunOptions | undefined {
  const values = parsed(args);
  if (values.help === true) return undefined;
  const external = externalBroker(values.url, values['restart-command']);
  if (external !== undefined && values.kill === true) {
    throw new UsageError('--kill is for our own broker: with --url, --restart-command decides how it ends');
  }
  return {
    only: list(values.only),
    skip: list(values.skip),
    jobs: external === undefined ? jobs(values.jobs) : 1,
    restartSignal: values.kill === true ? 'SIGKILL' : 'SIGTERM',
    external,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        skip: { type: 'string' },
        jobs: { type: 'string' },
        kill: { type: 'boolean' },
        url: { type: 'string' },
        'restart-command': { type: 'string' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function externalBroker(url: string | undefined, restartCommand: string | undefined): RunOptions['external'] {
  if (url === undefined && restartCommand === undefined) return undefined;
  if (url === undefined || restartCommand === undefined) {
    throw new UsageError('--url and --restart-command go together: every client sees the broker restart');
  }
  return { url: withVhost(url), restartCommand };
}

/** Clients disagree on what a URL without a path means, so the default vhost is always spelled out. */
function withVhost(url: string): string {
  if (!URL.canParse(url))
    throw new UsageError(`--url ${url}: not a URL like amqp://guest:guest@127.0.0.1:5672/%2f`);
  const { pathname } = new URL(url);
  return pathname === '' || pathname === '/' ? `${url.replace(/\/$/, '')}/%2f` : url;
}

function jobs(text: string | undefined): number {
  return text === undefined ? Math.min(2, availableParallelism()) : positive('--jobs', text);
}

function list(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(',').filter((part) => part !== '');
}

function positive(option: string, text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new UsageError(`${option} ${text}: not a number from 1 on`);
  return Number(text);
}
