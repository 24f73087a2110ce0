import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { eventually } from '../support/eventually.js';

/** The program that users start, seen from build/spec/cli/. */
const PROGRAM = fileURLToPath(new URL('../../../bin/warrenmq.js', import.meta.url));

export interface ProcessOptions {
  /** Beside the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  readonly program?: string;
}

/** The broker as a process of its own. It ends with the test at the latest. */
export class BrokerProcess {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown[]>;

  constructor(t: Test, cwd: string, flags: readonly string[], options: ProcessOptions = {}) {
    const env = Object.entries(process.env).filter(([name]) => !name.startsWith('WARRENMQ_'));
    // Without the hooks that tap puts into every node that a test starts: they take longer to load than the broker.
    const command = ['-u', 'NODE_OPTIONS', process.execPath, options.program ?? PROGRAM];
    const child = spawn('/usr/bin/env', [...command, ...flags], {
      cwd,
      env: { ...Object.fromEntries(env), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.#child = child;
    this.#ended = once(child, 'close');
    t.teardown(async () => {
      child.kill('SIGKILL');
      await this.#ended;
    });
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Resolves with the port when connections are accepted. */
  async ready(): Promise<number> {
    const [, port] = await eventually('the broker is ready', () => {
      if (this.hasEnded) throw new Error(`the broker ended:\n${this.stdout}${this.stderr}`);
      return /is ready: AMQP on port (\d+)/.exec(this.stdout) ?? undefined;
    });
    return Number(port);
  }

  /** Resolves with the exit code, or the signal that ended the process, when all of its output is here. */
  async exit(): Promise<number | NodeJS.Signals | null> {
    await this.#ended;
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}
