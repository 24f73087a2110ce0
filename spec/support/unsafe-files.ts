import type { StoreFile, StoreFiles } from '../../lib/store/files.js';
import type { Random } from './random.js';

const SECTOR = 512;

interface UnsyncedWrite {
  readonly at: number;
  /** Undefined: the file was cut off there. */
  readonly bytes: Buffer | undefined;
}

/** One file's content: what a loss of power leaves for sure, and what it may leave or not. */
class Content {
  synced = Buffer.alloc(0);
  current = Buffer.alloc(0);
  writes: UnsyncedWrite[] = [];

  write(bytes: Buffer, at: number): void {
    this.writes.push({ at, bytes });
    this.current = applied(this.current, bytes, at);
  }

  truncate(size: number): void {
    this.writes.push({ at: size, bytes: undefined });
    this.current = applied(this.current, undefined, size);
  }

  /** The first `writes` of the unsynced writes are safe. */
  sync(writes: number): void {
    for (const { at, bytes } of this.writes.splice(0, writes)) this.synced = applied(this.synced, bytes, at);
  }

  /** What is found after the power came back: any sectors of the unsynced writes, each whole or half. */
  afterPowerLoss(random: Random): Content {
    let left = Buffer.from(this.synced);
    for (const { at, bytes } of random.oneIn(2) ? this.writes : random.shuffled(this.writes)) {
      const keep = random.below(4);
      if (keep === 0) continue;
      if (bytes === undefined) {
        left = applied(left, bytes, at);
        continue;
      }
      for (let from = 0; from < bytes.length; ) {
        const length = Math.min(bytes.length - from, SECTOR - ((at + from) % SECTOR));
        const torn = random.oneIn(8) ? Math.ceil(length / 2) : length;
        if (keep === 3 || random.oneIn(2)) left = applied(left, bytes.subarray(from, from + torn), at + from);
        from += length;
      }
    }
    const content = new Content();
    content.synced = left;
    content.current = Buffer.from(left);
    return content;
  }
}

function applied(content: Buffer, bytes: Buffer | undefined, at: number): Buffer<ArrayBuffer> {
  if (bytes === undefined) return Buffer.from(content.subarray(0, at));
  const grown = Buffer.alloc(Math.max(content.length, at + bytes.length));
  content.copy(grown);
  bytes.copy(grown, at);
  return grown;
}

export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made by a spec`), { code });
}

type Operation = 'create' | 'write' | 'sync' | 'open' | 'read' | 'syncDirectory' | 'unlink';

/**
 * A file system in memory that keeps what was synced apart from what was not. `losePower` gives what a machine would
 * find after that; the old one's operations never end.
 */
export class UnsafeFiles implements StoreFiles {
  /** Octets that fit in all files together. */
  capacity = Number.POSITIVE_INFINITY;
  readonly #random: Random;
  #entries: Map<string, Content>;
  #syncedEntries: Map<string, Content>;
  #isDead = false;
  #operationsLeft = Number.POSITIVE_INFINITY;
  readonly #failures = new Map<Operation, Error>();
  readonly #handles = new Set<{ readonly content: Content }>();

  constructor(random: Random, entries = new Map<string, Content>()) {
    this.#random = random;
    this.#entries = entries;
    this.#syncedEntries = new Map(entries);
  }

  /** A disk on which these files are safe. */
  static of(files: ReadonlyMap<string, Buffer>, random: Random): UnsafeFiles {
    const entries = new Map<string, Content>();
    for (const [path, bytes] of files) {
      const content = new Content();
      content.write(bytes, 0);
      content.sync(1);
      entries.set(path, content);
    }
    return new UnsafeFiles(random, entries);
  }

  /** Lets every such operation fail from now on. */
  fail(operation: Operation, error: Error): void {
    this.#failures.set(operation, error);
  }

  /** Such operations succeed again. */
  heal(operation: Operation): void {
    this.#failures.delete(operation);
  }

  /** Files that are open although they were deleted: they keep their room on the disk. */
  get ghosts(): number {
    const entries = new Set(this.#entries.values());
    return [...this.#handles].filter(({ content }) => !entries.has(content)).length;
  }

  get openFiles(): number {
    return this.#handles.size;
  }

  /** Paths of files, there or gone, of which a loss of power may undo something. */
  get unsafe(): string[] {
    const paths = new Set([...this.#entries.keys(), ...this.#syncedEntries.keys()]);
    return [...paths].filter((path) => {
      const content = this.#entries.get(path);
      return content !== this.#syncedEntries.get(path) || (content?.writes.length ?? 0) > 0;
    });
  }

  /** The files by path, as they can be read now. */
  contents(): Map<string, Buffer> {
    return new Map([...this.#entries].map(([path, content]) => [path, content.current]));
  }

  get used(): number {
    let used = 0;
    for (const { current } of this.#entries.values()) used += current.length;
    return used;
  }

  /** The machine stops within the operation after so many. */
  dieAfter(operations: number): void {
    this.#operationsLeft = operations;
  }

  /** No operation ends any more. */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** The process is killed; what it wrote stays as the system knows it. */
  kill(): UnsafeFiles {
    this.#isDead = true;
    const files = new UnsafeFiles(this.#random, this.#entries);
    files.#syncedEntries = this.#syncedEntries;
    return files;
  }

  /** New names and removals that were not synced may or may not have happened, and so may unsynced writes. */
  losePower(): UnsafeFiles {
    this.#isDead = true;
    const left = new Map<string, Content>();
    for (const path of new Set([...this.#entries.keys(), ...this.#syncedEntries.keys()])) {
      const now = this.#entries.get(path);
      const then = this.#syncedEntries.get(path);
      const content = now === then || this.#random.oneIn(2) ? now : then;
      if (content !== undefined) left.set(path, content.afterPowerLoss(this.#random));
    }
    return new UnsafeFiles(this.#random, left);
  }

  async create(path: string): Promise<StoreFile> {
    await this.#turn('create');
    if (this.#entries.has(path)) throw systemError('EEXIST');
    if (this.used >= this.capacity) throw systemError('ENOSPC');
    const content = new Content();
    this.#entries.set(path, content);
    return this.#handle(content);
  }

  async createSynced(path: string): Promise<StoreFile> {
    const file = await this.create(path);
    return {
      ...file,
      write: async (buffers, at) => {
        await file.write(buffers, at);
        await file.sync();
      },
    };
  }

  async open(path: string): Promise<StoreFile> {
    await this.#turn('open');
    const content = this.#entries.get(path);
    if (content === undefined) throw systemError('ENOENT');
    return this.#handle(content);
  }

  async list(directory: string): Promise<string[]> {
    await this.#turn('read');
    const prefix = `${directory}/`;
    return [...this.#entries.keys()]
      .filter((path) => path.startsWith(prefix))
      .map((path) => path.slice(prefix.length));
  }

  async mkdir(): Promise<void> {
    await this.#turn('create');
  }

  async unlink(path: string): Promise<void> {
    await this.#turn('unlink');
    if (!this.#entries.delete(path)) throw systemError('ENOENT');
  }

  async room(): Promise<number> {
    await this.#turn('read');
    return Math.max(0, this.capacity - this.used);
  }

  async syncDirectory(): Promise<void> {
    await this.#turn('syncDirectory');
    this.#syncedEntries = new Map(this.#entries);
  }

  #handle(content: Content): StoreFile {
    const handle = { content };
    this.#handles.add(handle);
    return {
      write: async (buffers, at) => {
        let offset = at;
        for (const buffer of buffers) {
          const bytes = Buffer.from(buffer);
          await this.#turn('write');
          const room = this.capacity - this.used + Math.max(0, content.current.length - offset);
          if (room < bytes.length) {
            if (room > 0) content.write(bytes.subarray(0, room), offset);
            throw systemError('ENOSPC');
          }
          content.write(bytes, offset);
          offset += bytes.length;
        }
      },
      read: async (into, at) => {
        await this.#turn('read');
        return at >= content.current.length ? 0 : content.current.copy(into, 0, at);
      },
      sync: async () => {
        const writes = content.writes.length;
        await this.#turn('sync');
        content.sync(writes);
      },
      truncate: async (size) => {
        await this.#turn('write');
        content.truncate(size);
      },
      size: async () => content.current.length,
      close: async () => void this.#handles.delete(handle),
    };
  }

  /** Operations take their time, a different one each, and none ends on a machine without power. */
  async #turn(operation: Operation): Promise<void> {
    for (let turns = this.#random.below(3); turns > 0; turns--) {
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
    if (this.#operationsLeft-- <= 0) this.#isDead = true;
    if (this.#isDead) await new Promise<never>(() => {});
    const failure = this.#failures.get(operation);
    if (failure !== undefined) throw failure;
  }
}
