import { access, constants, cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { DataDirectoryError } from './data-directory-errors.js';
import { LevelMetadataStore, openingError } from './level-metadata-store.js';

/** Belong to an open database, not to what it holds. Whoever opens and closes LOCK gives the lock back. */
const NOT_COPIED = new Set(['LOCK', 'LOG', 'LOG.old']);

/**
 * Lets `use` read the definitions of a node that is stopped, and keeps it stopped meanwhile. LevelDB writes to
 * whatever it opens, so what is opened is a copy that is gone after; only the lock is the directory's own.
 *
 * @throws DataDirectoryInUseError while a node runs on them, DataDirectoryError when they cannot be read
 */
export async function readDefinitions<T>(
  directory: string,
  use: (definitions: LevelMetadataStore) => Promise<T>,
): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), 'warrenmq-check-'));
  try {
    return await underLock(directory, join(scratch, 'lock'), async () => {
      const copy = join(scratch, 'definitions');
      await cp(directory, copy, { recursive: true, filter: (path) => !NOT_COPIED.has(basename(path)) });
      const store = await LevelMetadataStore.open(copy);
      try {
        return await use(store);
      } finally {
        await store.close();
      }
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Runs `task` while a database that is made in `place` holds the lock of the one in `directory`. */
async function underLock<T>(directory: string, place: string, task: () => Promise<T>): Promise<T> {
  const lock = join(directory, 'LOCK');
  await access(lock, constants.R_OK | constants.W_OK).catch((cause: Error) => {
    throw new DataDirectoryError(`definitions in ${directory} cannot be locked: ${cause.message}`, { cause });
  });
  await mkdir(place);
  await symlink(lock, join(place, 'LOCK'));
  const holder = new ClassicLevel(place);
  await holder.open().catch((error: unknown) => {
    throw openingError(directory, error);
  });
  try {
    return await task();
  } finally {
    await holder.close();
  }
}
