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
  /** Some of the messages have an expiration of their own. */
  readonly expires: boolean;
  /** Slots that are there, pairs of from and to (exclusive). */
  readonly slots: readonly number[];
}

/**
 * The last record of a sealed segment; its last four octets are its length, so that it can be found from the end:
 *
 *   queues u32 | queues x (queue u32, id length u16, id)
 *   | pages u32 | pages x (queue u32, first u48, offset u48, length u48, bytes u48, flags u8, 0 u8, ranges u16,
 *                          ranges x (from slot u16, to slot u16)) | length u32
 */
export const ENTRY_FLAG = { mixed: 1, expires: 2 } as const;
const ENTRY_BYTES = 32;
const NAME_BYTES = 6;

export interface SegmentIndex {
  /** Ids by number. */
  readonly names: ReadonlyMap<number, string>;
  readonly entries: readonly IndexEntry[];
}

export function appendIndex(buffer: RecordBuffer, { names, entries }: SegmentIndex): void {
  let length = RECORD_HEADER + 12;
  for (const id of names.values()) length += NAME_BYTES + Buffer.byteLength(id);
  for (const { slots } of entries) length += ENTRY_BYTES + slots.length * 2;
  const start = buffer.begin(RECORD.index, 0, length);
  const { view, bytes } = buffer;
  let at = start + RECORD_HEADER;
  view.setUint32(at, names.size, true);
  at += 4;
  for (const [number, id] of names) {
    view.setUint32(at, number, true);
    const octets = bytes.write(id, at + NAME_BYTES);
    view.setUint16(at + 4, octets, true);
    at += NAME_BYTES + octets;
  }
  view.setUint32(at, entries.length, true);
  at += 4;
  for (const entry of entries) at = putEntry(view, at, entry);
  view.setUint32(at, length, true);
  buffer.seal(start);
}

function putEntry(view: DataView, start: number, entry: IndexEntry): number {
  view.setUint32(start, entry.queue, true);
  putUint48(view, start + 4, entry.first);
  putUint48(view, start + 10, entry.offset);
  putUint48(view, start + 16, entry.length);
  putUint48(view, start + 22, entry.bytes);
  const flags = (entry.mixed ? ENTRY_FLAG.mixed : 0) | (entry.expires ? ENTRY_FLAG.expires : 0);
  view.setUint16(start + 28, flags, true);
  view.setUint16(start + 30, entry.slots.length >> 1, true);
  let at = start + ENTRY_BYTES;
  for (const slot of entry.slots) {
    view.setUint16(at, slot, true);
    at += 2;
  }
  return at;
}

export function readIndex(bytes: Buffer, start: number): SegmentIndex {
  let at = start + RECORD_HEADER;
  const names = new Map<number, string>();
  let left = bytes.readUInt32LE(at);
  at += 4;
  for (; left > 0; left--) {
    const end = at + NAME_BYTES + bytes.readUInt16LE(at + 4);
    names.set(bytes.readUInt32LE(at), bytes.toString('utf8', at + NAME_BYTES, end));
    at = end;
  }
  const entries: IndexEntry[] = [];
  left = bytes.readUInt32LE(at);
  at += 4;
  for (; left > 0; left--) {
    const slots: number[] = [];
    const numbers = bytes.readUInt16LE(at + 30) * 2;
    for (let i = 0; i < numbers; i++) slots.push(bytes.readUInt16LE(at + ENTRY_BYTES + i * 2));
    entries.push({
      queue: bytes.readUInt32LE(at),
      first: getUint48(bytes, at + 4),
      offset: getUint48(bytes, at + 10),
      length: getUint48(bytes, at + 16),
      bytes: getUint48(bytes, at + 22),
      mixed: (bytes[at + 28]! & ENTRY_FLAG.mixed) !== 0,
      expires: (bytes[at + 28]! & ENTRY_FLAG.expires) !== 0,
      slots,
    });
    at += ENTRY_BYTES + numbers * 2;
  }
  return { names, entries };
}
