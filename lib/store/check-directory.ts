import { systemClock } from '../base/clock.js';
import { Disk } from './disk.js';
import { parseFileName } from './file-header.js';
import type { StoreFiles } from './files.js';
import { defaultStoreLimits } from './limits.js';
import { MessageLog } from './message-log.js';
import { nodeFiles } from './node-files.js';
import { Pager } from './pager.js';
import { RecoveredSegments } from './recovered-segments.js';
import { Recovery } from './recovery.js';
import { type Damage, nullLog } from './store-log.js';
import { withFile } from './wal-file.js';

/** What {@link checkDirectory} found. */
export interface StoreReport {
  readonly queues: readonly QueueReport[];
  /** Empty when everything is as it was written. A torn end is nothing to worry about. */
  readonly damage: readonly Damage[];
  /** In the order of their names. */
  readonly files: readonly FileReport[];
}

export interface FileReport {
  readonly name: string;
  readonly octets: number;
}

export interface QueueReport {
  readonly id: string;
  /** Messages that a start would find, and octets of their bodies. */
  readonly messages: number;
  readonly bytes: number;
}

/**
 * Reads everything in the directory of a store that is not open, and changes nothing.
 *
 * @throws StoreVersionError when a newer version of the broker wrote it
 */
export async function checkDirectory(directory: string, files: StoreFiles = nodeFiles): Promise<StoreReport> {
  const recovery = new Recovery({ directory, files, onProgress: () => {} });
  await recovery.readFacts();
  const { damage, facts } = recovery;
  const limits = defaultStoreLimits;
  const disk = new Disk({
    directory,
    files,
    limits,
    clock: systemClock,
    log: nullLog,
    random: () => 0,
    storeId: '',
    onFull: () => {},
  });
  const segments = new RecoveredSegments(disk, facts, damage, true);
  await segments.readIndexes(recovery.segmentFiles, recovery);
  const log = new MessageLog({
    disk,
    older: recovery.generations,
    defer: () => {},
    firstNumber: Math.max(recovery.nextFile, segments.nextWal),
    firstQueue: facts.nextQueue,
  });
  const queues = await recovery.readMessages(log, new Pager(log, disk, segments.next, damage), segments);
  const reports = queues.map(({ id, count, bytes }) => ({ id, messages: count, bytes }));
  return {
    queues: reports.filter(({ messages }) => messages > 0),
    damage,
    files: await listFiles(directory, files),
  };
}

async function listFiles(directory: string, files: StoreFiles): Promise<FileReport[]> {
  const names = (await files.list(directory)).filter((name) => parseFileName(name) !== undefined);
  const reports: FileReport[] = [];
  for (const name of names.toSorted()) {
    const octets = await withFile(files, `${directory}/${name}`, (file) => file.size());
    reports.push({ name, octets });
  }
  return reports;
}
