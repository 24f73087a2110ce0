import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accepting } from './accepting.js';
import type { Broker } from './broker.js';

const RESTART_MS = 120_000;
const AMQP_PORT = 5672;

/** A broker that somebody else started, restarted by a shell command. It is left running. */
export class ExternalBroker implements Broker {
  readonly url: string;
  private readonly restartCommand: string;

  constructor(url: string, restartCommand: string) {
    this.url = url;
    this.restartCommand = restartCommand;
  }

  async restart(): Promise<void> {
    const child = spawn(this.restartCommand, { shell: true, stdio: 'ignore', timeout: RESTART_MS });
    const [code] = await once(child, 'exit');
    if (code !== 0)
      throw new Error(`the restart command ended with ${code ?? 'a signal'}: ${this.restartCommand}`);
    await this.accepting();
  }

  async accepting(): Promise<void> {
    const { hostname, port } = new URL(this.url);
    await accepting(hostname, port === '' ? AMQP_PORT : Number(port), RESTART_MS);
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  output(): string {
    return '';
  }
}
