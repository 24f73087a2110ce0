import { directoryMb } from './directory-size.js';
import { peakRssKb, settledRssKb } from './process-stats.js';
import { settled } from './settled.js';
import { StartedBroker, type StartOptions } from './started-broker.js';

const LOOK_MS = 100;
/** A data directory is looked at when nothing in it was written, or deleted, for this long. */
const QUIET_MS = 3000;
const KB_PER_MB = 1024;

/** One of our brokers through its restarts: what it used most of memory and disk. */
export class WatchedBroker {
  /** MB. */
  peakRss = 0;
  peakDirectory = 0;
  #broker: StartedBroker;
  readonly #timer: NodeJS.Timeout;

  private constructor(broker: StartedBroker) {
    this.#broker = broker;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  static async start(options: StartOptions): Promise<WatchedBroker> {
    return new WatchedBroker(await StartedBroker.start(options));
  }

  get url(): string {
    return this.#broker.url;
  }

  /** Milliseconds from the start of the new process until it answers a client. */
  async restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<number> {
    this.#look();
    this.#broker = await this.#broker.restart(signal);
    return this.#broker.startupMs;
  }

  /** Resident memory when it does not change any more, MB. */
  async rss(): Promise<number> {
    return (await settledRssKb(this.#broker.pid)) / KB_PER_MB;
  }

  /** The data directory's size when it does not change any more, MB. */
  directory(): Promise<number> {
    return settled(QUIET_MS, () => directoryMb(this.#broker.directory));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#broker.stop();
  }

  #look(): void {
    this.peakRss = Math.max(this.peakRss, (peakRssKb(this.#broker.pid) ?? 0) / KB_PER_MB);
    this.peakDirectory = Math.max(this.peakDirectory, directoryMb(this.#broker.directory));
  }
}
