import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Octets of what is neither heap nor buffer: code, stacks, the definitions' caches. */
const REST = 64 * 2 ** 20;

/**
 * Octets of memory in use by this process. What was freed often stays with the allocator, and so in the resident set,
 * though it is there for the next who needs some: it counts as free.
 */
export function memoryInUse(): number {
  const { rss, heapTotal, external } = process.memoryUsage();
  return Math.min(rss, heapTotal + external + REST);
}

let collect: (() => void) | undefined;

/** Frees what nothing refers to any more; takes about a second for each gigabyte of small objects. */
export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}
