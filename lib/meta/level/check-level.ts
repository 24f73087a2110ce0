import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { logRecords } from './log-file.js';
import { tablesInUse } from './manifest.js';
import { isSoundTable } from './table-file.js';

/**
 * What keeps LevelDB from opening the directory, as a line for the operator; undefined when nothing does. LevelDB
 * believes what stands in its tables, and ends the process where that makes no sense, so they are looked at before.
 * Its log it reads with care, leaving out what is damaged.
 */
export async function findDamage(directory: string): Promise<string | undefined> {
  const names = await readdir(directory).catch((): string[] => []);
  if (!names.includes('CURRENT')) {
    return names.some((name) => /\.(ldb|log)$|^MANIFEST/.test(name)) ? 'CURRENT is missing' : undefined;
  }
  const [, manifest] = /^(MANIFEST-\d+)\n$/.exec(await readFile(join(directory, 'CURRENT'), 'latin1')) ?? [];
  if (manifest === undefined || !names.includes(manifest)) return 'CURRENT is damaged';
  const tables = tablesOf(await readFile(join(directory, manifest)));
  if (tables === undefined) return `${manifest} is damaged`;
  for (const [number, size] of tables) {
    const name = `${String(number).padStart(6, '0')}.ldb`;
    if (!names.includes(name)) return `${name} is missing`;
    const table = await readFile(join(directory, name));
    if (table.length !== size || !isSoundTable(table)) return `${name} is damaged`;
  }
  return undefined;
}

function tablesOf(manifest: Buffer): ReadonlyMap<number, number> | undefined {
  const records = logRecords(manifest);
  if (records === undefined || records.length === 0) return undefined;
  try {
    return tablesInUse(records);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
