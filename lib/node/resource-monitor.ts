import { statfs } from 'node:fs/promises';
import type { Clock, Timer } from '../base/clock.js';
import type { Alarms, Resource } from '../broker/alarms.js';
import type { Logger } from './logger.js';
import { collectGarbage, heapShare, memoryInUse } from './process-memory.js';

export interface ResourceLimits {
  /** Memory in use from which publishers are held back, octets. */
  readonly memory: number;
  /** Free disk space below which publishers are held back, octets. */
  readonly diskFree: number;
}

/** Where the monitor looks; specs hand in figures of their own. */
export interface ResourceProbe {
  /** Octets of memory in use. */
  memory(): number;
  /** How much of the largest heap that this process may have is in use, 0 to 1. */
  heap(): number;
  /** Frees what nothing refers to any more. */
  collect(): void;
  /** Octets free where the data are; undefined where nothing is kept on disk. */
  diskFree(): Promise<number | undefined>;
}

/** How often the monitor looks, milliseconds. */
const INTERVAL_MS = 500;
/** An alarm clears when there is this much room again, as a share of the limit, so that it does not flicker. */
const HYSTERESIS = 0.03;
/** From this share of the largest heap on it is short. */
const HEAP_LIMIT = 0.8;
/**
 * Who is held back allocates nothing, and without allocations no garbage is ever collected: the alarm would not clear.
 * So it is collected after this time, and again after twice as long each time. Milliseconds.
 */
const COLLECT_AFTER_MS = { first: 4000, most: 64_000 } as const;

/** Raises and clears the alarms. */
export class ResourceMonitor {
  readonly #limits: ResourceLimits;
  readonly #probe: ResourceProbe;
  readonly #alarms: Alarms;
  readonly #clock: Clock;
  readonly #log: Logger;
  #timer: Timer | undefined;
  #memoryShort = false;
  #heapShort = false;
  #diskShort = false;
  /** A write has found no room. */
  #diskFull = false;
  /** Looks with the memory or heap alarm on until garbage is collected, and how many they were. */
  #untilCollection = 0;
  #collectionInterval = 0;
  #stopped = false;
  /** What the last look failed with. */
  #trouble = '';

  constructor(limits: ResourceLimits, probe: ResourceProbe, alarms: Alarms, clock: Clock, log: Logger) {
    this.#limits = limits;
    this.#probe = probe;
    this.#alarms = alarms;
    this.#clock = clock;
    this.#log = log;
  }

  /** Looks now, and again and again until `stop`. */
  async start(): Promise<void> {
    await this.look();
    this.#lookLater();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async look(): Promise<void> {
    const used = this.#probe.memory();
    const memoryMark = this.#limits.memory * (this.#memoryShort ? 1 - HYSTERESIS : 1);
    this.#memoryShort = used >= memoryMark;
    this.#tell('memory', this.#memoryShort, { used, limit: this.#limits.memory });
    const heap = this.#probe.heap();
    this.#heapShort = heap >= HEAP_LIMIT * (this.#heapShort ? 1 - HYSTERESIS : 1);
    this.#tell('heap', this.#heapShort, { used: heap, limit: HEAP_LIMIT });
    this.#collectGarbage();
    const free = await this.#probe.diskFree();
    if (free === undefined) return;
    const diskMark = this.#limits.diskFree * (this.#diskShort ? 1 + HYSTERESIS : 1);
    this.#diskShort = free < diskMark;
    this.#tell('disk', this.#diskShort || this.#diskFull, { free, limit: this.#limits.diskFree });
  }

  /** Publishers are held back at once, whatever the limit is, or until the next look after there is room again. */
  diskIsFull(isFull: boolean): void {
    this.#diskFull = isFull;
    if (isFull) this.#tell('disk', true, { free: 0, limit: this.#limits.diskFree });
  }

  #lookLater(): void {
    if (!this.#stopped) this.#timer = this.#clock.after(INTERVAL_MS, () => void this.#lookAgain());
  }

  /** A look that fails (no file descriptor is left, say) is reported once; the next one may succeed. */
  async #lookAgain(): Promise<void> {
    let trouble = '';
    try {
      await this.look();
    } catch (error) {
      trouble = String(error);
    }
    if (trouble !== '' && trouble !== this.#trouble)
      this.#log.error({ error: trouble }, 'cannot watch resources');
    this.#trouble = trouble;
    this.#lookLater();
  }

  #collectGarbage(): void {
    if (!this.#memoryShort && !this.#heapShort) {
      this.#collectionInterval = 0;
      return;
    }
    if (this.#collectionInterval === 0) {
      this.#untilCollection = this.#collectionInterval = COLLECT_AFTER_MS.first / INTERVAL_MS;
    }
    if (--this.#untilCollection > 0) return;
    this.#collectionInterval = Math.min(this.#collectionInterval * 2, COLLECT_AFTER_MS.most / INTERVAL_MS);
    this.#untilCollection = this.#collectionInterval;
    this.#probe.collect();
  }

  #tell(resource: Resource, isShort: boolean, figures: object): void {
    if (this.#alarms.isShort(resource) === isShort) return;
    if (isShort) this.#log.warn(figures, `${resource} alarm: publishers are held back`);
    else this.#log.info(figures, `${resource} alarm cleared`);
    this.#alarms.set(resource, isShort);
  }
}

/** This process's memory, and the file system that holds `directory`. */
export function processProbe(directory: string | undefined): ResourceProbe {
  return {
    memory: memoryInUse,
    heap: heapShare,
    collect: collectGarbage,
    diskFree: async () => {
      if (directory === undefined) return undefined;
      const { bavail, bsize } = await statfs(directory);
      return bavail * bsize;
    },
  };
}
