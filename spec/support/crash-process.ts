import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../interop-tests/runner/free-port.js';
import type { StoreLimits } from '../../lib/store/limits.js';

const PROGRAM = fileURLToPath(new URL('crash-node.js', import.meta.url));
const READY = /is ready: AMQP on port/;
const OUTPUT_KEPT = 200_000;
/** A broken broker is given up after this; a slow machine is not one. Milliseconds. */
const PATIENCE_MS = 60_000;

export interface ProcessOptions {
  readonly dataDir: string;
  readonly flags?: readonly string[];
  readonly limits?: Partial<StoreLimits>;
  /** What the program is started by, where that is not node itself. */
  readonly wrapper?: readonly string[];
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A broker in a process of its own, started and killed again and again on the same port and data directory. */
export class BrokerProcess {
  readonly port: number;
  /** Everything that it printed, all lives together. */
  output = '';
  /** For the next start. */
  options: ProcessOptions;
  #child: ChildProcess | undefined;
  #exit: Promise<Exit> | undefined;

  private constructor(port: number, options: ProcessOptions) {
    this.port = port;
    this.options = options;
  }

  static async create(options: ProcessOptions): Promise<BrokerProcess> {
    return new BrokerProcess(await freePort(), options);
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts the process; resolves when it says that it is ready. */
  async start(): Promise<void> {
    const child = this.launch();
    const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    const begin = this.output.length;
    while (this.isRunning && !READY.test(this.output.slice(begin))) {
      await Promise.race([once(child.stdout!, 'data'), this.exit()]);
    }
    clearTimeout(patience);
    if (!this.isRunning) throw new Error(`the broker does not start:\n${this.output.slice(begin)}`);
  }

  /** Starts the process and waits for nothing. */
  launch(): ChildProcess {
    const { dataDir, flags = [], limits = {}, wrapper = [] } = this.options;
    const own = ['--listeners.tcp.1', `127.0.0.1:${this.port}`, '--data_dir', dataDir];
    const [program, ...args] = [...wrapper, process.execPath, PROGRAM, ...own, ...flags] as [string];
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], SPEC_STORE_LIMITS: JSON.stringify(limits) },
    });
    const keep = (chunk: Buffer): void => {
      this.output = (this.output + chunk.toString()).slice(-OUTPUT_KEPT);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.#child = child;
    this.#exit = new Promise((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
    return child;
  }

  /** Resolves when the process has ended and everything that it printed is here. */
  exit(): Promise<Exit> {
    return this.#exit as Promise<Exit>;
  }

  /** @returns how it ended, which may have been before and by itself */
  async signal(signal: NodeJS.Signals): Promise<Exit> {
    this.#child?.kill(signal);
    const patience = setTimeout(() => this.#child?.kill('SIGKILL'), PATIENCE_MS);
    const exit = await this.exit();
    clearTimeout(patience);
    return exit;
  }
}
