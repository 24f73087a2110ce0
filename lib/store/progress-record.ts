import { getUint48, putUint48, RECORD, RECORD_HEADER } from './record.js';
import type { RecordBuffer } from './record-buffer.js';

/**
 * What a queue's consumers did since its last record:
 *
 *   number u32 | taken u48 | ranges u32 | returned u32 | ranges x (from u48, count u48)
 *   | returned x (position u48, returns u32)
 *
 * The ranges were settled. `returns` is what a restart has to count: one more if the message is out.
 */
export interface ProgressRecord {
  readonly number: number;
  readonly taken: number;
  /** Pairs: from, to (exclusive). */
  readonly settled: readonly number[];
  /** Pairs: position, returns. */
  readonly returned: readonly number[];
}

const FIXED = RECORD_HEADER + 18;
const RANGE_BYTES = 12;
const RETURNED_BYTES = 10;

/** @param settled pairs: from, to (exclusive); @param returned pairs: position, returns */
export function appendProgressRecord(
  buffer: RecordBuffer,
  number: number,
  taken: number,
  settled: readonly number[],
  returned: readonly number[],
): void {
  const length = FIXED + (settled.length >> 1) * RANGE_BYTES + (returned.length >> 1) * RETURNED_BYTES;
  const start = buffer.begin(RECORD.progress, 0, length);
  const { view } = buffer;
  view.setUint32(start + 12, number, true);
  putUint48(view, start + 16, taken);
  view.setUint32(start + 22, settled.length >> 1, true);
  view.setUint32(start + 26, returned.length >> 1, true);
  let at = start + FIXED;
  for (let i = 0; i < settled.length; i += 2, at += RANGE_BYTES) {
    const from = settled[i]!;
    putUint48(view, at, from);
    putUint48(view, at + 6, settled[i + 1]! - from);
  }
  for (let i = 0; i < returned.length; i += 2, at += RETURNED_BYTES) {
    putUint48(view, at, returned[i]!);
    view.setUint32(at + 6, returned[i + 1]!, true);
  }
  buffer.seal(start);
}

export function readProgressRecord(bytes: Buffer, start: number): ProgressRecord {
  const settled: number[] = [];
  const returned: number[] = [];
  let at = start + FIXED;
  for (let left = bytes.readUInt32LE(start + 22); left > 0; left--, at += RANGE_BYTES) {
    const from = getUint48(bytes, at);
    settled.push(from, from + getUint48(bytes, at + 6));
  }
  for (let left = bytes.readUInt32LE(start + 26); left > 0; left--, at += RETURNED_BYTES) {
    returned.push(getUint48(bytes, at), bytes.readUInt32LE(at + 6));
  }
  return {
    number: bytes.readUInt32LE(start + 12),
    taken: getUint48(bytes, start + 16),
    settled,
    returned,
  };
}
