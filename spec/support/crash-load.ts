import { CrashClient, ConnectionGone } from './crash-client.js';
import type { Ledger } from './crash-ledger.js';
import type { Random } from './random.js';

/** Something that uses the broker until the load is over or the broker is gone. */
export interface Actor {
  readonly name: string;
  run(load: Load): Promise<void>;
}

/** Runs actors against a broker, for as long as that lives. */
export class Load {
  readonly port: number;
  readonly ledger: Ledger;
  readonly random: Random;
  /** The broker is not expected to answer for ever any more. */
  isOver = false;
  readonly #clients: CrashClient[] = [];
  #running: Promise<void>[] = [];

  constructor(port: number, ledger: Ledger, random: Random) {
    this.port = port;
    this.ledger = ledger;
    this.random = random;
  }

  start(actors: readonly Actor[]): void {
    this.#running = actors.map((actor) => this.#run(actor));
  }

  async open(): Promise<CrashClient> {
    const client = await CrashClient.open(this.port);
    this.#clients.push(client);
    return client;
  }

  /** Resolves when everything that the broker sent before its end has been read. */
  async ended(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.#running);
    await Promise.all(this.#clients.map(({ ended }) => ended));
  }

  async #run(actor: Actor): Promise<void> {
    try {
      await actor.run(this);
      if (!this.isOver) this.ledger.complain(`${actor.name} ended before the broker did`);
    } catch (error) {
      if (error instanceof ConnectionGone && this.isOver) return;
      this.ledger.complain(`${actor.name}: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
}

/** The pace of an actor: leaves the processor to others for a moment. */
export function pause(random: Random): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, random.below(4));
  });
}
