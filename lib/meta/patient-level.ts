import type { Clock } from '../base/clock.js';
import type { DiskOperation } from './pending-changes.js';
import { TwinLevel } from './twin-level.js';

/** Resolves when the operations, all or none, are on disk. */
export type WriteBatch = (level: TwinLevel, operations: DiskOperation[]) => Promise<void>;

export const writeSynced: WriteBatch = (level, operations) => level.batch(operations, { sync: true });

export interface PatientLevelOptions {
  readonly write: WriteBatch;
  readonly clock: Clock;
  /** Told when something waits for room on the disk. */
  readonly onFull: (error: unknown) => void;
}

/** Sorts after every continuation of a prefix. */
const LAST_CHARACTER = '\uffff';
/** How long to wait before a batch that met a full disk is tried again, milliseconds. */
const FULL_DISK_DELAY_MS = 500;
/** What the system says for ENOSPC and EDQUOT. LevelDB tells by text only. */
const FULL = /no space left on device|disk quota exceeded/i;

/**
 * LevelDB databases that wait for room on a full disk. LevelDB itself does not recover from a write that failed: it has
 * to be closed and opened again, which may need room as well.
 */
export class PatientLevel {
  readonly #directory: string;
  readonly #options: PatientLevelOptions;
  #level: TwinLevel;
  #isOpen = true;
  #writing: Promise<void> | undefined;
  #isHurried = false;
  #wake: () => void = () => {};

  /** @param level open, in `directory` */
  constructor(directory: string, level: TwinLevel, options: PatientLevelOptions) {
    this.#directory = directory;
    this.#level = level;
    this.#options = options;
  }

  /** What was found damaged when it was opened: lines for the operator. */
  get damage(): readonly string[] {
    return this.#level.damage;
  }

  /** Whether the key is there, or is in the batch that is being written. */
  has(key: string): boolean {
    return this.#level.has(key);
  }

  async get(key: string): Promise<string | undefined> {
    await this.#open();
    return this.#level.get(key);
  }

  async list(prefix: string): Promise<(readonly [key: string, text: string])[]> {
    await this.#open();
    return this.#level.list({ gte: prefix, lt: prefix + LAST_CHARACTER });
  }

  /** Resolves when the operations are on disk. One call at a time. */
  async write(operations: DiskOperation[]): Promise<void> {
    this.#writing = this.#writePatiently(operations);
    await this.#writing;
  }

  /** From now on a full disk is not waited for: a `write` that meets one rejects. */
  hurry(): void {
    this.#isHurried = true;
    this.#wake();
  }

  /** To be called when no `write` is under way. */
  close(): Promise<void> {
    return this.#level.close();
  }

  /** It is open, or never will be again. */
  async #open(): Promise<void> {
    if (!this.#isOpen) await this.#writing?.catch(() => {});
  }

  async #writePatiently(operations: DiskOperation[]): Promise<void> {
    for (let isFirstTry = true; ; isFirstTry = false) {
      try {
        await this.#options.write(this.#level, operations);
        return;
      } catch (error) {
        if (!isDiskFull(error) || this.#isHurried) throw error;
        if (isFirstTry) this.#options.onFull(error);
        await this.#reopen();
      }
    }
  }

  async #reopen(): Promise<void> {
    this.#isOpen = false;
    await this.#level.close();
    while (!this.#isOpen) {
      await this.#wait();
      this.#isOpen = await this.#tryToOpen();
    }
  }

  async #tryToOpen(): Promise<boolean> {
    const level = new TwinLevel(this.#directory);
    try {
      await level.open();
      this.#level = level;
      return true;
    } catch (error) {
      await level.close();
      if (isDiskFull(error) && !this.#isHurried) return false;
      throw error;
    }
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#isHurried) resolve();
      else this.#options.clock.after(FULL_DISK_DELAY_MS, resolve);
    });
  }
}

function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return FULL.test(error.message) || isDiskFull(error.cause);
}
