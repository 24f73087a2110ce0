import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Seen from build/spec/layering/. */
const LIB = fileURLToPath(new URL('../../../lib/', import.meta.url));

/** The text of every source file by its path below lib/. */
export function sources(): ReadonlyMap<string, string> {
  const names = readdirSync(LIB, { recursive: true, encoding: 'utf8' });
  return new Map(
    names
      .filter((name) => name.endsWith('.ts'))
      .map((name) => [name.replaceAll('\\', '/'), readFileSync(`${LIB}${name}`, 'utf8')]),
  );
}
