import type { Disk } from './disk.js';
import type { StoreFile } from './files.js';
import type { Run } from './page.js';
import type { Segment } from './segment.js';
import { hasCode } from './store-errors.js';

interface OpenSegment {
  readonly file: Promise<StoreFile>;
  users: number;
}

const OPEN_FILES = 64;

/** The disk, not a shortage of anything, is the reason why something cannot be read: it will be the same next time. */
const LOST = ['EIO', 'ENOENT', 'ENODATA', 'EBADMSG', 'EUCLEAN', 'EILSEQ'] as const;

/** Reads runs, keeping the files that were read last open. */
export class SegmentReader {
  readonly #disk: Disk;
  /** In order of their last use. */
  readonly #open = new Map<Segment, OpenSegment>();
  #closed = false;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** The run's octets; fewer when the file ends before, none where the disk does not have them any more. */
  async read(run: Run): Promise<Buffer> {
    for (let isFirstTry = true; ; isFirstTry = false) {
      try {
        return await this.#read(run);
      } catch (error) {
        if (isLost(error)) return Buffer.alloc(0);
        const file = run.segment.name;
        if (isFirstTry) this.#disk.log.error({ err: error, file }, 'messages cannot be read: trying again');
        await this.#disk.pause();
      }
    }
  }

  async #read({ segment, offset, length }: Run): Promise<Buffer> {
    const opened = this.#use(segment);
    try {
      const file = await opened.file;
      const bytes = Buffer.allocUnsafeSlow(length);
      return bytes.subarray(0, await file.read(bytes, offset));
    } catch (error) {
      if (this.#open.get(segment) === opened) this.#open.delete(segment);
      throw error;
    } finally {
      opened.users--;
      if (opened.users === 0 && this.#open.get(segment) !== opened) await close(opened).catch(() => {});
    }
  }

  /** Lets go of a file that is about to be deleted. Who reads it still closes it. */
  async forget(segment: Segment): Promise<void> {
    const opened = this.#open.get(segment);
    this.#open.delete(segment);
    if (opened?.users === 0) await close(opened);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const segment of this.#open.keys()) await this.forget(segment);
  }

  #use(segment: Segment): OpenSegment {
    let opened = this.#open.get(segment);
    if (opened === undefined) {
      opened = { file: this.#disk.files.open(this.#disk.path(segment.name)), users: 0 };
    } else {
      this.#open.delete(segment);
    }
    if (!this.#closed) this.#open.set(segment, opened);
    opened.users++;
    if (this.#open.size > OPEN_FILES) this.#closeOldest();
    return opened;
  }

  #closeOldest(): void {
    for (const [segment, { users }] of this.#open) {
      if (users > 0) continue;
      void this.forget(segment).catch(() => {});
      return;
    }
  }
}

function isLost(error: unknown): boolean {
  return LOST.some((code) => hasCode(error, code));
}

async function close({ file }: OpenSegment): Promise<void> {
  await (await file).close();
}
