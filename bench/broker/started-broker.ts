import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PROTOCOL_HEADER } from '../wire/methods.js';
import { freePort } from './free-port.js';

const SERVER = fileURLToPath(new URL('../../../bin/warrenmq.js', import.meta.url));
const POLL_MS = 3;
/** For a start or a stop; one that takes longer hangs. */
const PATIENCE_MS = 120_000;

export interface StartOptions {
  /** Where the broker's data directory is made. */
  readonly parentDirectory: string;
  /** Flags for node itself, such as --cpu-prof. */
  readonly execArgv: readonly string[];
  /** Further flags for the broker. */
  readonly flags: readonly string[];
}

/** A broker of ours, started for the bench on a free port. */
export class StartedBroker {
  readonly url: string;
  readonly pid: number;
  readonly directory: string;
  /** Milliseconds from the start of the process until it answered an AMQP protocol header. */
  readonly startupMs: number;
  readonly #process: ChildProcess;
  readonly #options: StartOptions;

  private constructor(
    port: number,
    startupMs: number,
    child: ChildProcess,
    directory: string,
    options: StartOptions,
  ) {
    this.url = `amqp://guest:guest@127.0.0.1:${port}`;
    this.pid = child.pid!;
    this.startupMs = startupMs;
    this.#process = child;
    this.directory = directory;
    this.#options = options;
  }

  /** With an empty data directory. */
  static async start(options: StartOptions): Promise<StartedBroker> {
    return StartedBroker.#launch(options, await mkdtemp(join(options.parentDirectory, 'warrenmq-bench-')));
  }

  /** Ends this broker's process by `signal` and starts another one on what it left. */
  async restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<StartedBroker> {
    await this.#end(signal);
    return StartedBroker.#launch(this.#options, this.directory);
  }

  /** Ends the process and removes its data directory. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    await rm(this.directory, { recursive: true, force: true });
  }

  static async #launch(options: StartOptions, directory: string): Promise<StartedBroker> {
    const port = await freePort();
    const address = ['--listeners.tcp.1', `127.0.0.1:${port}`, '--data_dir', directory];
    const begin = performance.now();
    const child = spawn(process.execPath, [...options.execArgv, SERVER, ...address, ...options.flags], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await answering(port, child);
    return new StartedBroker(port, performance.now() - begin, child, directory, options);
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill(signal);
    const patience = setTimeout(() => this.#process.kill('SIGKILL'), PATIENCE_MS);
    await exited;
    clearTimeout(patience);
  }
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null)
      throw new Error(`the broker ended with code ${child.exitCode} while it started`);
    if (performance.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`the broker does not answer after ${PATIENCE_MS} ms`);
    }
    await sleep(POLL_MS);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => socket.write(PROTOCOL_HEADER));
    socket.once('data', () => settle(true));
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
  });
}
