/** Sizes in octets, times in milliseconds. */
export interface StoreLimits {
  /** A WAL file is left for the next one when it is longer. */
  readonly walFile: number;
  /** Settled messages that nobody waits for are written after this long at the latest. */
  readonly progressDelay: number;
  /** How long to wait before a write that met a full disk is tried again. */
  readonly fullDiskDelay: number;
}

export const defaultStoreLimits: StoreLimits = {
  walFile: 32 * 2 ** 20,
  progressDelay: 50,
  fullDiskDelay: 500,
};
