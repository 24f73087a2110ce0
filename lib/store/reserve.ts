import type { StoreFile, StoreFiles } from './files.js';
import { DiskFullError } from './store-errors.js';

const NAME = 'reserve';
const CHUNK = 1 << 20;
/** The reserve is taken back when there is this many times as much room, so that it is not given up again at once. */
const COMFORT = 1.25;

/** On a small disk no more than this share of what is free is set aside. */
const MOST_OF_ROOM = 1 / 4;
/** No disk is so small that the reserve is smaller than this share of what was wanted. */
const LEAST = 1 / 16;

/** A part of the disk that is set aside, to be used by everything else when nothing is left. */
export class Reserve {
  readonly #files: StoreFiles;
  readonly #directory: string;
  readonly #wanted: number;
  /** Its size, from the first time it was taken; 0 before. */
  #octets = 0;
  #isTaken = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(files: StoreFiles, directory: string, octets: number) {
    this.#files = files;
    this.#directory = directory;
    this.#wanted = octets;
  }

  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** Sets the octets aside, if there is room enough to go on for a while. Leaves nothing behind when that fails. */
  take(): Promise<void> {
    return this.#inTurn(() => this.#take());
  }

  /** Also what a process that was killed had set aside. Returns whether there was any. */
  giveUp(): Promise<boolean> {
    return this.#inTurn(() => this.#giveUp());
  }

  /** One after the other. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#last.then(task);
    this.#last = done.catch(() => {});
    return done;
  }

  async #take(): Promise<void> {
    if (this.#isTaken) return;
    await this.#giveUp();
    const octets = await this.#size();
    if ((await this.#room()) < octets * COMFORT) throw new DiskFullError();
    const file = await this.#files.create(this.#path);
    try {
      await fill(file, octets);
      this.#isTaken = true;
    } finally {
      await file.close();
      if (!this.#isTaken) await this.#files.unlink(this.#path);
    }
  }

  async #giveUp(): Promise<boolean> {
    this.#isTaken = false;
    if (!(await this.#files.list(this.#directory)).includes(NAME)) return false;
    await this.#files.unlink(this.#path);
    return true;
  }

  get #path(): string {
    return `${this.#directory}/${NAME}`;
  }

  async #size(): Promise<number> {
    if (this.#octets > 0) return this.#octets;
    const most = Math.floor((await this.#room()) * MOST_OF_ROOM);
    this.#octets = Math.ceil(Math.max(this.#wanted * LEAST, Math.min(this.#wanted, most)));
    return this.#octets;
  }

  #room(): Promise<number> {
    return this.#files.room(this.#directory);
  }
}

async function fill(file: StoreFile, octets: number): Promise<void> {
  const zeros = Buffer.alloc(Math.min(CHUNK, octets));
  for (let at = 0; at < octets; at += zeros.length) await file.write([zeros.subarray(0, octets - at)], at);
  await file.sync();
}
