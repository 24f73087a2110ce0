import { type ChildProcess, fork } from 'node:child_process';
import type { Order, Plan, Report, Sample } from './plan.js';

const PROCESS = new URL('./load-process.js', import.meta.url);

interface Awaited {
  readonly is: Report['is'];
  readonly resolve: (report: Report) => void;
  readonly reject: (error: Error) => void;
}

/** One publishing or consuming process, seen from the bench. */
export class LoadGenerator {
  readonly role: Plan['role'];
  readonly #process: ChildProcess;
  #awaited: Awaited | undefined;
  #failure: Error | undefined;

  private constructor(role: Plan['role'], execArgv: readonly string[]) {
    this.role = role;
    this.#process = fork(PROCESS, { execArgv: [...execArgv] });
    this.#process.on('message', (report: Report) => this.#take(report));
    this.#process.on('exit', (code) => this.#fail(new Error(`the ${role} process ended with code ${code}`)));
  }

  /** Resolves when the process is connected and, if it consumes, has its consumers. */
  static async start(plan: Plan, execArgv: readonly string[] = []): Promise<LoadGenerator> {
    const generator = new LoadGenerator(plan.role, execArgv);
    try {
      await generator.#order({ do: 'start', plan }, 'started');
      return generator;
    } catch (error) {
      generator.#process.kill('SIGKILL');
      throw error;
    }
  }

  async sample(): Promise<Sample> {
    const report = await this.#order({ do: 'sample' }, 'sample');
    if (report.is !== 'sample') throw new Error(`expected a sample, got ${report.is}`);
    return report.sample;
  }

  /** Ends the process, politely if it still listens. */
  async stop(): Promise<void> {
    try {
      await this.#order({ do: 'stop' }, 'stopped');
      this.#process.disconnect();
    } catch {
      this.#process.kill('SIGKILL');
    }
  }

  #order(order: Order, answer: Report['is']): Promise<Report> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise<Report>((resolve, reject) => {
      this.#awaited = { is: answer, resolve, reject };
      this.#process.send(order);
    });
  }

  #take(report: Report): void {
    if (report.is === 'failed') this.#fail(new Error(`${this.role}: ${report.reason}`));
    if (report.is !== this.#awaited?.is) return;
    const { resolve } = this.#awaited;
    this.#awaited = undefined;
    resolve(report);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#awaited?.reject(error);
    this.#awaited = undefined;
  }
}
