import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cast } from './crash-cast.js';
import { Definer } from './crash-definer.js';
import { Inspection, type Thoroughness } from './crash-inspection.js';
import { Ledger } from './crash-ledger.js';
import { STORE_LIMITS } from './crash-limits.js';
import { Load } from './crash-load.js';
import { BrokerProcess } from './crash-process.js';
import { setUp } from './crash-setup.js';
import { Swapper } from './crash-swapper.js';
import { allQueues } from './crash-topology.js';
import type { Random } from './random.js';

/** The longest that a load lasts, milliseconds. */
const LONGEST_LOAD = 1500;
const LONGEST_BOOT = 600;

export type End = 'kill' | 'stop';

/** One data directory, and brokers that live on it one after the other, each until it is killed or stopped under load. */
export class CrashTrial {
  readonly ledger: Ledger;
  readonly broker: BrokerProcess;
  /** Of the processes that were started. */
  kills = 0;
  readonly #random: Random;
  readonly #swapper = new Swapper();
  readonly #definer = new Definer();
  #isSetUp = false;

  private constructor(random: Random, broker: BrokerProcess) {
    this.#random = random;
    this.broker = broker;
    this.ledger = new Ledger(random, allQueues());
  }

  static async create(random: Random): Promise<CrashTrial> {
    const dataDir = await mkdtemp(join(tmpdir(), 'warrenmq-crash-'));
    return new CrashTrial(random, await BrokerProcess.create({ dataDir }));
  }

  /** Starts a broker on what the last one left, looks into it, lets it work and ends it. */
  async round(end: End): Promise<void> {
    await this.#start();
    const load = new Load(this.broker.port, this.ledger, this.#random);
    load.start(cast(this.#random, this.#swapper, this.#definer));
    await this.#someLoad();
    load.isOver = true;
    const exit = await this.broker.signal(end === 'kill' ? 'SIGKILL' : 'SIGTERM');
    await load.ended();
    this.kills += end === 'kill' ? 1 : 0;
    if (end === 'kill' ? exit.signal !== 'SIGKILL' : exit.code !== 0) {
      this.ledger.complain(`the broker ended with ${JSON.stringify(exit)}`);
    }
    this.ledger.survive(end === 'stop');
    if (end === 'kill' && this.#random.oneIn(3)) await this.#killWhileItStarts();
    this.#readOutput();
  }

  /** Takes everything that is left, and stops. */
  async drain(): Promise<void> {
    await this.#start('drain');
    const exit = await this.broker.signal('SIGTERM');
    if (exit.code !== 0) this.ledger.complain(`the broker ended with ${JSON.stringify(exit)}`);
    this.#readOutput();
  }

  get isGood(): boolean {
    return this.ledger.complaints.length === 0;
  }

  /** The first few; one defect is good for thousands. */
  get complaints(): readonly string[] {
    return this.ledger.complaints.slice(0, 20);
  }

  get figures(): string {
    const { published, confirmed, delivered, settled, commits } = this.ledger.counts;
    return (
      `${this.kills} kills, ${published} publishes, ${confirmed} confirmed, ${delivered} deliveries, ` +
      `${settled} settled, ${commits} transactions`
    );
  }

  async close(): Promise<void> {
    if (this.broker.isRunning) await this.broker.signal('SIGKILL');
    await rm(this.broker.options.dataDir, { recursive: true, force: true });
  }

  async #start(thoroughness?: Thoroughness): Promise<void> {
    const { dataDir } = this.broker.options;
    this.broker.options = { dataDir, limits: this.#random.pick(STORE_LIMITS) };
    await this.broker.start();
    const { port } = this.broker;
    if (!this.#isSetUp) await setUp(port);
    else await new Inspection(port, this.ledger, this.#random, this.#swapper).run(thoroughness);
    this.#isSetUp = true;
    await this.#definer.inspect(port, this.ledger);
  }

  /** Some time of it, or so many confirms that the broker is in the middle of the next commit. */
  async #someLoad(): Promise<void> {
    const time = delay(this.#random.below(LONGEST_LOAD));
    await time;
    if (this.#random.oneIn(2)) return;
    await Promise.race([this.ledger.confirms(1 + this.#random.below(500)), delay(LONGEST_LOAD)]);
  }

  async #killWhileItStarts(): Promise<void> {
    this.broker.launch();
    await Promise.race([delay(this.#random.below(LONGEST_BOOT)), this.broker.exit()]);
    await this.broker.signal('SIGKILL');
    this.kills++;
    this.ledger.survive(false);
  }

  #readOutput(): void {
    for (const line of this.broker.output.split('\n')) {
      if (/\[(error|critical)\]|unreadable octets/.test(line)) this.ledger.complain(line);
    }
    this.broker.output = '';
  }
}
