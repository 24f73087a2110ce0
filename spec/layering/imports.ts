import { dirname, join, normalize } from 'node:path/posix';
import { LAYERS } from './layers.js';

/** One relative import, `import type` and `import()` included. Paths are relative to lib/, without suffix. */
export interface Import {
  readonly file: string;
  readonly line: number;
  readonly target: string;
}

const SPECIFIER = /\b(?:from|import)\s*\(?\s*'(\.[^']*)'/g;

/** The relative imports of one file; `file` is its path below lib/. */
export function importsOf(file: string, text: string): Import[] {
  return [...text.matchAll(SPECIFIER)].map(({ index, 1: specifier = '' }) => ({
    file,
    line: text.slice(0, index).split('\n').length,
    target: normalize(join(dirname(file), specifier)).replace(/\.[jt]s$/, ''),
  }));
}

/** The row that a path below lib/ comes under: its own folder's, or that of the nearest folder above. */
export function rowOf(path: string): string | undefined {
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    if (folder in LAYERS) return folder;
  }
  return dirname(path) === '.' ? 'index' : undefined;
}

/** Why the import may not be, with file and line; undefined when it may. */
export function violation({ file, line, target }: Import): string | undefined {
  const from = rowOf(file);
  const to = rowOf(target);
  const where = `lib/${file}:${line}`;
  if (target.startsWith('..')) return `${where} imports ${target}, which is outside of lib/`;
  if (from === undefined) return `${where} is in a folder that has no row in spec/layering/layers.ts`;
  if (to === undefined)
    return `${where} imports ${target}, whose folder has no row in spec/layering/layers.ts`;
  if (from === to || allows(from, to, target)) return undefined;
  return `${where} imports ${target}: ${from} (level ${levelOf(from)}) may not import ${to} (level ${levelOf(to)})`;
}

function allows(from: string, to: string, target: string): boolean {
  const imports = LAYERS[from]?.imports ?? [];
  if (levelOf(to) === 0) return levelOf(from) > 0;
  if (imports.includes('*') && levelOf(to) < levelOf(from)) return true;
  return imports.includes(to) || imports.includes(target);
}

/** Of a folder's row, or of the folder of a file; -1 for none. */
export function levelOf(row: string): number {
  return LAYERS[row]?.level ?? -1;
}

/** The folders of the first cycle of imports between rows, such as `a -> b -> a`; undefined when there is none. */
export function cycle(imports: readonly Import[]): string | undefined {
  const targets = new Map<string, Set<string>>();
  for (const { file, target } of imports) {
    const [from, to] = [rowOf(file), rowOf(target)];
    if (from === undefined || to === undefined || from === to) continue;
    targets.set(from, (targets.get(from) ?? new Set()).add(to));
  }
  for (const start of targets.keys()) {
    const way = wayBack(targets, start, [start]);
    if (way !== undefined) return way.join(' -> ');
  }
  return undefined;
}

function wayBack(
  targets: ReadonlyMap<string, ReadonlySet<string>>,
  start: string,
  way: readonly string[],
): readonly string[] | undefined {
  for (const next of targets.get(way.at(-1) ?? start) ?? []) {
    if (next === start) return [...way, next];
    if (way.includes(next)) continue;
    const found = wayBack(targets, start, [...way, next]);
    if (found !== undefined) return found;
  }
  return undefined;
}
