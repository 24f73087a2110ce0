import * as fs from 'node:fs';
import { hasCode } from './store-errors.js';
import type { StoreFile, StoreFiles } from './files.js';

/** The kernel takes no more pieces in one call (IOV_MAX). */
const MOST_PIECES = 1024;

type Callback<T> = (error: NodeJS.ErrnoException | null, value: T) => void;

// node:fs with callbacks: one turn of the thread pool per call, without the FileHandle of node:fs/promises.
function call<T = void>(run: (done: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    run((error, value) => (error === null || error === undefined ? resolve(value) : reject(error)));
  });
}

class NodeFile implements StoreFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  async write(buffers: readonly Uint8Array[], at: number): Promise<void> {
    let pieces = buffers;
    let offset = at;
    while (pieces.length > 0) {
      const now = pieces.length > MOST_PIECES ? pieces.slice(0, MOST_PIECES) : pieces;
      const written = await call<number>((done) => {
        const first = now[0]!;
        if (now.length === 1) fs.write(this.#fd, first, 0, first.length, offset, done);
        else fs.writev(this.#fd, now, offset, done);
      });
      offset += written;
      pieces = behind(pieces, written);
    }
  }

  async read(into: Uint8Array, at: number): Promise<number> {
    let filled = 0;
    while (filled < into.length) {
      const from = filled;
      const read = await call<number>((done) =>
        fs.read(this.#fd, into, from, into.length - from, at + from, done),
      );
      if (read === 0) break;
      filled += read;
    }
    return filled;
  }

  sync(): Promise<void> {
    return call((done) => fs.fdatasync(this.#fd, done as fs.NoParamCallback));
  }

  truncate(size: number): Promise<void> {
    return call((done) => fs.ftruncate(this.#fd, size, done as fs.NoParamCallback));
  }

  async size(): Promise<number> {
    const stats = await call<fs.Stats>((done) => fs.fstat(this.#fd, done));
    return stats.size;
  }

  close(): Promise<void> {
    return call((done) => fs.close(this.#fd, done as fs.NoParamCallback));
  }
}

/** What is left of the pieces after their first `written` octets. */
function behind(pieces: readonly Uint8Array[], written: number): readonly Uint8Array[] {
  let left = written;
  let index = 0;
  for (; index < pieces.length; index++) {
    const { length } = pieces[index]!;
    if (left < length) break;
    left -= length;
  }
  const rest = pieces.slice(index);
  if (left > 0) rest[0] = rest[0]!.subarray(left);
  return rest;
}

const open = async (path: string, flags: string | number): Promise<StoreFile> =>
  new NodeFile(await call<number>((done) => fs.open(path, flags, 0o640, done)));

/** Write and sync in one call of the system: one turn of the thread pool and of the event loop less than in two. */
const createSynced = async (path: string): Promise<StoreFile> => {
  const { O_RDWR, O_CREAT, O_EXCL, O_DSYNC } = fs.constants;
  return open(path, O_RDWR | O_CREAT | O_EXCL | O_DSYNC);
};

/** The real file system. */
export const nodeFiles: StoreFiles = {
  create: (path) => open(path, 'wx+'),
  createSynced,
  open: (path) => open(path, 'r'),
  async list(directory) {
    try {
      return await fs.promises.readdir(directory);
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    }
  },
  async mkdir(directory) {
    await fs.promises.mkdir(directory, { recursive: true, mode: 0o750 });
  },
  unlink: (path) => call((done) => fs.unlink(path, done as fs.NoParamCallback)),
  async room(directory) {
    const { bavail, bsize } = await fs.promises.statfs(directory);
    return bavail * bsize;
  },
  async syncDirectory(directory) {
    const fd = await call<number>((done) => fs.open(directory, 'r', done));
    try {
      await call((done) => fs.fsync(fd, done as fs.NoParamCallback));
    } finally {
      await call((done) => fs.close(fd, done as fs.NoParamCallback));
    }
  },
};
