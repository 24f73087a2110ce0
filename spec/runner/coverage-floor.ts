import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Percent of lib/'s lines that the specs have to run. tap itself knows only "all" and "whatever". */
export const COVERAGE_FLOOR = 92;

interface FileCoverage {
  readonly lines: { readonly total: number; readonly covered: number };
}

/** Percent of the lines of lib/ that ran, by tap's last report; undefined when there is none. */
export function coveredPercent(root: string): number | undefined {
  const file = join(root, '.tap', 'report', 'coverage-summary.json');
  if (!existsSync(file)) return undefined;
  const files: Record<string, FileCoverage> = JSON.parse(readFileSync(file, 'utf8'));
  const lib = join(root, 'lib');
  let [total, covered] = [0, 0];
  for (const [path, { lines }] of Object.entries(files)) {
    if (!path.startsWith(lib)) continue;
    total += lines.total;
    covered += lines.covered;
  }
  return total === 0 ? undefined : (covered / total) * 100;
}
