import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accepting } from './accepting.js';
import type { Broker } from './broker.js';
import { freePort } from './free-port.js';
import type { RestartSignal } from './options.js';

const HOST = '127.0.0.1';
const START_MS = 20_000;
const STOP_MS = 20_000;
const OUTPUT_KEPT = 20_000;

/** Our broker as users start it: a process with a port and a data directory of its own, both kept through restarts. */
export class OwnBroker implements Broker {
  readonly url: string;
  private process: ChildProcess | undefined;
  private printed = '';
  private readonly root: string;
  private readonly port: number;
  private readonly dataDir: string;
  private readonly restartSignal: RestartSignal;

  private constructor(root: string, port: number, dataDir: string, restartSignal: RestartSignal) {
    this.root = root;
    this.port = port;
    this.dataDir = dataDir;
    this.restartSignal = restartSignal;
    this.url = `amqp://guest:guest@${HOST}:${port}/%2f`;
  }

  /** Starts `bin/warrenmq.js` of the repository at `root`; rejects with what it printed when it does not come up. */
  static async start(root: string, restartSignal: RestartSignal = 'SIGTERM'): Promise<OwnBroker> {
    const dataDir = await mkdtemp(join(tmpdir(), 'warrenmq-interop-'));
    const broker = new OwnBroker(root, await freePort(), dataDir, restartSignal);
    try {
      await broker.begin();
    } catch (error) {
      await broker.abandon();
      throw error;
    }
    return broker;
  }

  async restart(): Promise<void> {
    await this.end(this.restartSignal);
    await this.begin();
  }

  async stop(): Promise<void> {
    try {
      await this.end('SIGTERM');
    } finally {
      await rm(this.dataDir, { recursive: true, force: true });
    }
  }

  output(): string {
    return this.printed;
  }

  private async begin(): Promise<void> {
    const flags = ['--listeners.tcp.1', `${HOST}:${this.port}`, '--data_dir', this.dataDir];
    const child = spawn(process.execPath, ['bin/warrenmq.js', ...flags], {
      cwd: this.root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer) => {
      this.printed = (this.printed + chunk.toString()).slice(-OUTPUT_KEPT);
    };
    const endWithRunner = () => {
      child.kill('SIGKILL');
      rmSync(this.dataDir, { recursive: true, force: true });
    };
    process.once('exit', endWithRunner);
    child.once('exit', () => process.off('exit', endWithRunner));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.process = child;
    await accepting(HOST, this.port, START_MS, () => this.exitReason(child));
  }

  private async abandon(): Promise<void> {
    this.process?.kill('SIGKILL');
    await rm(this.dataDir, { recursive: true, force: true });
  }

  private exitReason(child: ChildProcess): string | undefined {
    if (child.exitCode === null && child.signalCode === null) return undefined;
    return `the broker ended (${child.signalCode ?? `exit code ${child.exitCode}`}):\n${this.printed}`;
  }

  /** Ends it as a user would, or as a crash does; going by itself, not going, or going otherwise is an error. */
  private async end(signal: RestartSignal): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (child === undefined) return;
    const early = this.exitReason(child);
    if (early !== undefined) throw new Error(`before it was asked to, ${early}`);
    const exited = once(child, 'exit');
    child.kill(signal);
    const killer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await exited;
    clearTimeout(killer);
    const asAsked = signal === 'SIGKILL' ? child.signalCode === signal : child.exitCode === 0;
    if (!asAsked) throw new Error(`after ${signal} ${this.exitReason(child)}`);
  }
}
