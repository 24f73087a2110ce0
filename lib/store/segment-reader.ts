import type { Disk } from './disk.js';
import type { StoreFile } from './files.js';
import type { Run } from './page.js';
import type { Segment } from './segment.js';

interface OpenSegment {
  readonly file: Promise<StoreFile>;
  users: number;
}

const OPEN_FILES = 64;

/** Reads runs, keeping the files that were read last open. */
export class SegmentReader {
  readonly #disk: Disk;
  /** In order of their last use. */
  readonly #open = new Map<Segment, OpenSegment>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** The run's octets; fewer when the file ends before. */
  async read({ segment, offset, length }: Run): Promise<Buffer> {
    const opened = this.#use(segment);
    try {
      const file = await opened.file;
      const bytes = Buffer.allocUnsafeSlow(length);
      return bytes.subarray(0, await file.read(bytes, offset));
    } catch (error) {
      this.#open.delete(segment);
      throw error;
    } finally {
      opened.users--;
    }
  }

  /** Lets go of a file that is about to be deleted. */
  async forget(segment: Segment): Promise<void> {
    const opened = this.#open.get(segment);
    if (opened === undefined || opened.users > 0) return;
    this.#open.delete(segment);
    await (await opened.file).close();
  }

  async close(): Promise<void> {
    for (const segment of this.#open.keys()) await this.forget(segment);
  }

  #use(segment: Segment): OpenSegment {
    let opened = this.#open.get(segment);
    if (opened === undefined) {
      opened = { file: this.#disk.files.open(this.#disk.path(segment.name)), users: 0 };
    } else {
      this.#open.delete(segment);
    }
    this.#open.set(segment, opened);
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
