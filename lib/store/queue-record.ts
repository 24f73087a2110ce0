import { getUint48, putUint48, RECORD, RECORD_HEADER } from './record.js';
import type { RecordBuffer } from './record-buffer.js';

/** Positions [from, to). */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * All that a restart has to know about a queue besides its messages. Supersedes every earlier queue and progress
 * record of the same number. Written twice in a row: without it the queue's messages could not be told from others'.
 *
 *   number u32 | next u48 | taken u48 | id length u16 | id | live ranges u32 | ranges x (from u48, count u48)
 */
export interface QueueRecord {
  readonly number: number;
  readonly id: string;
  /** The next message's position, or less when only transient ones were added since. */
  readonly next: number;
  /** Everything below this position was taken at least once. */
  readonly taken: number;
  /** What below `next` is not settled; in order. Positions that were never given away may be covered. */
  readonly live: readonly Range[];
}

const RANGE_BYTES = 12;

export function appendQueueRecord(buffer: RecordBuffer, record: QueueRecord): void {
  const idLength = Buffer.byteLength(record.id);
  const length = RECORD_HEADER + 22 + idLength + record.live.length * RANGE_BYTES;
  for (let copy = 0; copy < 2; copy++) {
    const start = buffer.begin(RECORD.queue, 0, length);
    const { view, bytes } = buffer;
    view.setUint32(start + 12, record.number, true);
    putUint48(view, start + 16, record.next);
    putUint48(view, start + 22, record.taken);
    view.setUint16(start + 28, idLength, true);
    bytes.write(record.id, start + 30);
    let at = start + 30 + idLength;
    view.setUint32(at, record.live.length, true);
    at += 4;
    for (const { from, to } of record.live) {
      putUint48(view, at, from);
      putUint48(view, at + 6, to - from);
      at += RANGE_BYTES;
    }
    buffer.seal(start);
  }
}

export function readQueueRecord(bytes: Buffer, start: number): QueueRecord {
  const idLength = bytes.readUInt16LE(start + 28);
  let at = start + 30 + idLength;
  const live: Range[] = [];
  for (let left = bytes.readUInt32LE(at); left > 0; left--) {
    const from = getUint48(bytes, at + 4);
    live.push({ from, to: from + getUint48(bytes, at + 10) });
    at += RANGE_BYTES;
  }
  return {
    number: bytes.readUInt32LE(start + 12),
    id: bytes.toString('utf8', start + 30, start + 30 + idLength),
    next: getUint48(bytes, start + 16),
    taken: getUint48(bytes, start + 22),
    live,
  };
}

export interface QueueName {
  readonly number: number;
  readonly id: string;
}

/** number u32 | id length u16 | id. Twice in a row, as above. */
export function appendNameRecord(buffer: RecordBuffer, { number, id }: QueueName): void {
  const length = Buffer.byteLength(id);
  for (let copy = 0; copy < 2; copy++) {
    const start = buffer.begin(RECORD.name, 0, RECORD_HEADER + 6 + length);
    buffer.view.setUint32(start + 12, number, true);
    buffer.view.setUint16(start + 16, length, true);
    buffer.bytes.write(id, start + 18);
    buffer.seal(start);
  }
}

export function readNameRecord(bytes: Buffer, start: number): QueueName {
  const length = bytes.readUInt16LE(start + 16);
  return {
    number: bytes.readUInt32LE(start + 12),
    id: bytes.toString('utf8', start + 18, start + 18 + length),
  };
}

/** The number is done with, and everything that was known under it: number u32. */
export function appendRemovedRecord(buffer: RecordBuffer, number: number): void {
  const start = buffer.begin(RECORD.removed, 0, RECORD_HEADER + 4);
  buffer.view.setUint32(start + 12, number, true);
  buffer.seal(start);
}

export function readRemovedRecord(bytes: Buffer, start: number): number {
  return bytes.readUInt32LE(start + 12);
}
