import type { Clock } from '../base/clock.js';
import type { StoreFile, StoreFiles } from './files.js';
import type { StoreLimits } from './limits.js';
import { Reserve } from './reserve.js';
import { DiskFullError, isOutOfSpace } from './store-errors.js';
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
  /** Told when the disk is full, and when there is room again. */
  readonly onFull: (isFull: boolean) => void;
}

/** What messages have to leave, as a share of the reserve. */
const KEPT_OF_RESERVE = 1 / 4;

/** The store's directory, with patience for a disk that is full. */
export class Disk {
  readonly files: StoreFiles;
  readonly log: StoreLog;
  readonly limits: StoreLimits;
  readonly clock: Clock;
  readonly random: () => number;
  readonly storeId: string;
  readonly #directory: string;
  readonly #reserve: Reserve;
  readonly #onFull: (isFull: boolean) => void;
  #isFull = false;
  #isTaking = false;
  #stopped = false;
  #hasWarned = false;
  readonly #waits = new Set<() => void>();

  constructor(options: DiskOptions) {
    this.files = options.files;
    this.log = options.log;
    this.limits = options.limits;
    this.clock = options.clock;
    this.random = options.random;
    this.storeId = options.storeId;
    this.#directory = options.directory;
    this.#reserve = new Reserve(options.files, options.directory, options.limits.reserve);
    this.#onFull = options.onFull;
  }

  /** Nothing may be written now that can wait: there is the reserve at most. */
  get isFull(): boolean {
    return this.#isFull;
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
  async create(name: string, header: Buffer, isSynced = false): Promise<StoreFile> {
    const path = this.path(name);
    const file = await (isSynced ? this.files.createSynced(path) : this.files.create(path));
    try {
      await file.write([header], 0);
    } catch (error) {
      await file.close();
      await this.unlink(name);
      throw error;
    }
    return file;
  }

  /** Sees to it that there is something to give up when the disk is full. */
  setAside(): void {
    if (!this.#reserve.isTaken && !this.#isFull) this.#takeReserve();
  }

  /** Nothing is set aside as long as there is next to nothing in the store. */
  release(): void {
    if (this.#isFull || !this.#reserve.isTaken) return;
    this.#reserve.giveUp().catch((error: unknown) => this.#lackReserve(error));
  }

  /** Removes what a process that was killed had set aside. */
  async open(): Promise<void> {
    await this.#reserve.giveUp();
  }

  /** On a full disk the last of the reserve is for what makes room: messages must not take it. */
  async requireRoom(octets: number): Promise<void> {
    if (!this.#isFull) return;
    const room = await this.files.room(this.#directory);
    if (octets > room - this.limits.reserve * KEPT_OF_RESERVE) throw new DiskFullError();
  }

  /** Writes all of it at the end of the file, or nothing. */
  async append(file: StoreFile, pieces: readonly Uint8Array[], end: number): Promise<void> {
    try {
      await file.write(pieces, end);
    } catch (error) {
      // Nothing may be left behind what stands there next, and others can use the room.
      await file.truncate(end);
      await file.sync();
      throw error;
    }
  }

  /** Does it again and again as long as the disk is full. Nothing was promised to anybody yet. */
  async withSpace<T>(task: () => Promise<T>): Promise<T> {
    for (let isLastTry = false; ; ) {
      try {
        return await task();
      } catch (error) {
        if (!isOutOfSpace(error)) throw error;
        if (await this.#makeDo(error)) continue;
        if (isLastTry) throw error;
        isLastTry = this.#stopped;
        if (!isLastTry) await this.pause();
      }
    }
  }

  /** A full disk is not waited for any more, and nothing is kept of it in vain. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const end of this.#waits) end();
    await this.#reserve.giveUp();
  }

  /** Gives up the reserve; says whether there was one. */
  #makeDo(error: unknown): Promise<boolean> {
    this.#becomeFull(error);
    return this.#reserve.giveUp();
  }

  #becomeFull(error: unknown): void {
    if (this.#isFull) return;
    this.#isFull = true;
    this.log.error(
      { error: String(error) },
      'the disk is full: publishers are held back until there is room',
    );
    this.#onFull(true);
    this.#lookForRoom();
  }

  #lookForRoom(): void {
    void this.pause().then(() => this.#takeReserve());
  }

  #takeReserve(): void {
    if (this.#stopped || this.#isTaking) return;
    this.#isTaking = true;
    this.#reserve
      .take()
      .then(() => this.#becomeRoomy())
      .catch((error: unknown) => this.#lackReserve(error))
      .finally(() => {
        this.#isTaking = false;
      });
  }

  /** Without one a disk is as good as full. */
  #lackReserve(error: unknown): void {
    if (this.#isFull) this.#lookForRoom();
    else if (isOutOfSpace(error)) this.#becomeFull(error);
    else if (!this.#hasWarned)
      this.log.warn({ error: String(error) }, 'nothing can be set aside for a full disk');
    this.#hasWarned = true;
  }

  #becomeRoomy(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    this.log.info({}, 'the disk has room again');
    this.#onFull(false);
  }

  /** Before something that failed is tried again. */
  pause(): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.#waits.delete(end);
        resolve();
      };
      this.#waits.add(end);
      this.clock.after(this.limits.fullDiskDelay, end);
    });
  }
}
