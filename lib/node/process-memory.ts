import { getHeapStatistics, setFlagsFromString } from 'node:v8';
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

/** How much of the largest heap that V8 makes is in use, 0 to 1; beyond it V8 ends the process. */
export function heapShare(): number {
  const { used_heap_size, heap_size_limit } = getHeapStatistics();
  return used_heap_size / heap_size_limit;
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
