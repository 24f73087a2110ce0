import type { StoreLimits } from '../../lib/store/limits.js';

/** Limits at which a few hundred messages see everything that millions see at the usual ones. */
export const tinyLimits: StoreLimits = {
  walFile: 4096,
  wal: 16 * 1024,
  page: 512,
  segment: 4096,
  memory: 8192,
  progressDelay: 1,
  reserve: 4096,
  fullDiskDelay: 1,
  idleDelay: 10,
  idleWal: 2048,
};
