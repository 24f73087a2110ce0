import { access, constants, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DataDirectoryError, DataDirectoryInUseError } from '../meta/data-directory-errors.js';
import { StoreError } from '../store/store-errors.js';
import { StartError } from './start-error.js';

/** Names inside the data directory. */
export const DEFINITIONS = 'definitions';
export const MESSAGES = 'messages';

/** Makes the directory if it is missing. Rejects with StartError when this process cannot write to it. */
export async function requireWritable(directory: string): Promise<void> {
  try {
    await makeDirectory(directory);
    await access(directory, constants.W_OK);
  } catch (error) {
    throw new StartError(`data directory ${directory} cannot be written: ${(error as Error).message}`);
  }
}

/** What the stores in the data directory `directory` refused with, for the operator. */
export function storesRefused(directory: string, error: unknown): unknown {
  if (error instanceof DataDirectoryInUseError)
    return new StartError(`data directory ${directory} is in use by another node`);
  if (error instanceof DataDirectoryError || error instanceof StoreError)
    return new StartError(error.message);
  return error;
}

/** With its parents. Node's own `recursive` tries for ever where a parent is there and does not take children (/proc). */
async function makeDirectory(directory: string): Promise<void> {
  if (await isDirectory(directory)) return;
  const parent = dirname(directory);
  if (parent !== directory) await makeDirectory(parent);
  await mkdir(directory).catch(async (error: unknown) => {
    // Somebody else may have been quicker.
    if (!(await isDirectory(directory))) throw error;
  });
}

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
