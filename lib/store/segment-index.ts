import { getUint48, putUint48, RECORD, RECORD_HEADER } from './record.js';
import type { RecordBuffer } from './record-buffer.js';

/** One page's place in a segment. */
export interface IndexEntry {
  readonly queue: number;
  readonly first: number;
  readonly offset: number;
  readonly length: number;
  /** Octets of all bodies. */
  readonly bytes: number;
  /** Some of the messages are transient. */
  readonly mixed: boolean;
  /** Slots that are there, pairs of from and to (exclusive). */
  readonly slots: readonly number[];
}

/**
 * The last record of a sealed segment; its last four octets are its length, so that it can be found from the end:
 *
 *   pages u32 | pages x (queue u32, first u48, offset u48, length u48, bytes u48, mixed u8, 0 u8, ranges u16,
 *                        ranges x (from slot u16, to slot u16)) | length u32
 */
const ENTRY_BYTES = 32;

export function appendIndex(buffer: RecordBuffer, entries: readonly IndexEntry[]): void {
  let length = RECORD_HEADER + 8;
  for (const { slots } of entries) length += ENTRY_BYTES + slots.length * 2;
  const start = buffer.begin(RECORD.index, 0, length);
  const { view } = buffer;
  view.setUint32(start + RECORD_HEADER, entries.length, true);
  let at = start + RECORD_HEADER + 4;
  for (const entry of entries) {
    view.setUint32(at, entry.queue, true);
    putUint48(view, at + 4, entry.first);
    putUint48(view, at + 10, entry.offset);
    putUint48(view, at + 16, entry.length);
    putUint48(view, at + 22, entry.bytes);
    view.setUint16(at + 28, entry.mixed ? 1 : 0, true);
    view.setUint16(at + 30, entry.slots.length >> 1, true);
    at += ENTRY_BYTES;
    for (const slot of entry.slots) {
      view.setUint16(at, slot, true);
      at += 2;
    }
  }
  view.setUint32(at, length, true);
  buffer.seal(start);
}

export function readIndex(bytes: Buffer, start: number): IndexEntry[] {
  const entries: IndexEntry[] = [];
  let at = start + RECORD_HEADER + 4;
  for (let left = bytes.readUInt32LE(start + RECORD_HEADER); left > 0; left--) {
    const slots: number[] = [];
    const numbers = bytes.readUInt16LE(at + 30) * 2;
    for (let i = 0; i < numbers; i++) slots.push(bytes.readUInt16LE(at + ENTRY_BYTES + i * 2));
    entries.push({
      queue: bytes.readUInt32LE(at),
      first: getUint48(bytes, at + 4),
      offset: getUint48(bytes, at + 10),
      length: getUint48(bytes, at + 16),
      bytes: getUint48(bytes, at + 22),
      mixed: bytes[at + 28] !== 0,
      slots,
    });
    at += ENTRY_BYTES + numbers * 2;
  }
  return entries;
}
