import type { StoreLimits } from '../../lib/store/limits.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** A file lasts for some tens of milliseconds: a kill lands in its beginning, its end and its retirement. */
const small: StoreLimits = {
  walFile: 64 * KIB,
  wal: 256 * KIB,
  page: 4 * KIB,
  segment: 64 * KIB,
  memory: 256 * KIB,
  progressDelay: 10,
  reserve: MIB,
  fullDiskDelay: 50,
  idleDelay: 50,
  idleWal: 8 * KIB,
};

const middling: StoreLimits = {
  ...small,
  walFile: MIB,
  wal: 4 * MIB,
  page: 32 * KIB,
  segment: MIB,
  memory: 2 * MIB,
  progressDelay: 50,
};

/** No two lives of a broker have to have the same: none of it is kept. An empty one stands for the usual limits. */
export const STORE_LIMITS: readonly Partial<StoreLimits>[] = [small, small, middling, middling, {}];
