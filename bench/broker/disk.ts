import { closeSync, fdatasyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { SampleSet, type Percentiles } from '../load/percentiles.js';

const ROUNDS = 300;
/** Octets: about what one small durable publish appends. */
const RECORD = Buffer.alloc(128);
const TMPFS_MAGIC = 0x01021994;

/** How long an append of one small record and its fdatasync take in `directory`, milliseconds. */
export function syncLatency(directory: string): Percentiles {
  const path = join(directory, `warrenmq-bench-sync-${process.pid}`);
  const file = openSync(path, 'w');
  try {
    const latency = new SampleSet();
    for (let round = 0; round < ROUNDS; round++) {
      const begin = performance.now();
      writeSync(file, RECORD);
      fdatasyncSync(file);
      latency.add(performance.now() - begin);
    }
    return latency.take();
  } finally {
    closeSync(file);
    rmSync(path, { force: true });
  }
}

/** On a file system in memory a sync costs nothing, so durable figures say nothing. */
export const isInMemory = (directory: string): boolean => statfsSync(directory).type === TMPFS_MAGIC;
