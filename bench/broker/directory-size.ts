import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const BYTES_PER_MB = 2 ** 20;

/** Octets of all files below `directory`, MB. */
export function directoryMb(directory: string): number {
  let octets = 0;
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const stats = statSync(join(directory, name), { throwIfNoEntry: false });
    // A file may have gone since it was listed.
    if (stats?.isFile() === true) octets += stats.size;
  }
  return octets / BYTES_PER_MB;
}
