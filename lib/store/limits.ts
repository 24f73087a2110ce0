/** Sizes in octets, times in milliseconds. */
export interface StoreLimits {
  /** A WAL file is left for the next one when it is longer. */
  readonly walFile: number;
  /** The oldest WAL file retires when all of them are longer together. */
  readonly wal: number;
  /** A page is full when its messages are longer together. */
  readonly page: number;
  /** A segment is sealed when it is longer. */
  readonly segment: number;
  /** Messages that were not taken yet leave memory when they take more, estimated. */
  readonly memory: number;
  /** Settled messages that nobody waits for are written after this long at the latest. */
  readonly progressDelay: number;
  /** So much of the disk is set aside for the moment when nothing else is left of it. */
  readonly reserve: number;
  /** How long to wait before a write that met a full disk is tried again. */
  readonly fullDiskDelay: number;
  /** A WAL file in which nothing is live is left when nothing was written for this long... */
  readonly idleDelay: number;
  /** ...and it is longer than this. */
  readonly idleWal: number;
}

const MIB = 2 ** 20;

export const defaultStoreLimits: StoreLimits = {
  walFile: 32 * MIB,
  wal: 128 * MIB,
  page: 256 * 1024,
  segment: 16 * MIB,
  memory: 128 * MIB,
  progressDelay: 50,
  reserve: 8 * MIB,
  fullDiskDelay: 500,
  idleDelay: 1000,
  idleWal: 64 * 1024,
};

/** What a message takes in memory besides its octets, about. */
export const MESSAGE_OVERHEAD = 200;
