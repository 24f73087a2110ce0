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
const PATIENCE_MS = 30_000;

export interface StartOptions {
  /** Where the broker's data directory is made. */
  readonly parentDirectory: string;
  /** Flags for node itself, such as --cpu-prof. */
  readonly execArgv: readonly string[];
  /** Further flags for the broker. */
  readonly flags: readonly string[];
}

/** A broker of ours, started for the bench on a free port with an empty data directory. */
export class StartedBroker {
  readonly url: string;
  readonly pid: number;
  /** Milliseconds from the start of the process until it answered an AMQP protocol header. */
  readonly startupMs: number;
  readonly #process: ChildProcess;
  readonly #directory: string;

  private constructor(url: string, startupMs: number, child: ChildProcess, directory: string) {
    this.url = url;
    this.pid = child.pid!;
    this.startupMs = startupMs;
    this.#process = child;
    this.#directory = directory;
  }

  static async start(options: StartOptions): Promise<StartedBroker> {
    const port = await freePort();
    const directory = await mkdtemp(join(options.parentDirectory, 'warrenmq-bench-'));
    const address = ['--listeners.tcp.1', `127.0.0.1:${port}`, '--data_dir', directory];
    const begin = performance.now();
    const child = spawn(process.execPath, [...options.execArgv, SERVER, ...address, ...options.flags], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await answering(port, child);
    return new StartedBroker(
      `amqp://guest:guest@127.0.0.1:${port}`,
      performance.now() - begin,
      child,
      directory,
    );
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const exited = once(this.#process, 'exit');
      this.#process.kill('SIGTERM');
      const patience = setTimeout(() => this.#process.kill('SIGKILL'), PATIENCE_MS);
      await exited;
      clearTimeout(patience);
    }
    await rm(this.#directory, { recursive: true, force: true });
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
