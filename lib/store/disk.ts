import type { Clock } from '../base/clock.js';
import type { StoreFile, StoreFiles } from './files.js';
import type { StoreLimits } from './limits.js';
import { isOutOfSpace } from './store-errors.js';
import type { StoreLog } from './store-log.js';

/** What everything that reads or writes the store's files needs. */
export interface DiskOptions {
  readonly directory: string;
  readonly files: StoreFiles;
  readonly clock: Clock;
  readonly log: StoreLog;
  readonly limits: StoreLimits;
  /** 32 random bits. */
  readonly random: () => number;
  readonly storeId: string;
}

/** The store's directory, with patience for a disk that is full. */
export class Disk {
  readonly files: StoreFiles;
  readonly log: StoreLog;
  readonly limits: StoreLimits;
  readonly clock: Clock;
  readonly random: () => number;
  readonly storeId: string;
  readonly #directory: string;
  #stopped = false;

  constructor(options: DiskOptions) {
    this.files = options.files;
    this.log = options.log;
    this.limits = options.limits;
    this.clock = options.clock;
    this.random = options.random;
    this.storeId = options.storeId;
    this.#directory = options.directory;
  }

  path(name: string): string {
    return `${this.#directory}/${name}`;
  }

  sync(): Promise<void> {
    return this.files.syncDirectory(this.#directory);
  }

  unlink(name: string): Promise<void> {
    return this.files.unlink(this.path(name));
  }

  /** Makes the file with `header` at its beginning; if `isSynced`, every write to it is safe when it resolves. */
  create(name: string, header: Buffer, isSynced = false): Promise<StoreFile> {
    return this.withSpace(async () => {
      const path = this.path(name);
      const file = await (isSynced ? this.files.createSynced(path) : this.files.create(path));
      try {
        await file.write([header], 0);
        return file;
      } catch (error) {
        await file.close();
        await this.unlink(name);
        throw error;
      }
    });
  }

  write(file: StoreFile, pieces: readonly Uint8Array[], at: number): Promise<void> {
    return this.withSpace(() => file.write(pieces, at));
  }

  /** Does it again and again as long as the disk is full. Nothing was promised to anybody yet. */
  async withSpace<T>(task: () => Promise<T>): Promise<T> {
    for (let told = false; ; told = true) {
      try {
        return await task();
      } catch (error) {
        if (!isOutOfSpace(error) || this.#stopped) throw error;
        if (!told)
          this.log.error({ err: error }, 'the disk is full: waiting, nothing is confirmed meanwhile');
        await new Promise<void>((resolve) => {
          this.clock.after(this.limits.fullDiskDelay, resolve);
        });
      }
    }
  }

  /** A full disk is not waited for any more. */
  stop(): void {
    this.#stopped = true;
  }
}
