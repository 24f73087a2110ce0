import { checksum } from './xxh32.js';

/**
 * Every record of every file begins with these 12 octets, little-endian:
 *
 *   checksum u32 | length u32 | type u8 | flags u8 | check u16
 *
 * `length` counts the whole record, these octets included. `check` covers length, type and flags, so that a scan
 * for the next sound record behind a damaged one needs a look at 8 octets only. `checksum` covers everything behind
 * itself. Both begin with the salt in the file's header: what an older file left on the same sectors, or what a
 * publisher put into a body, can never pass for a record.
 */
export const RECORD_HEADER = 12;

export const RECORD = {
  /** Begins a group commit; proves that everything before it was synced. */
  batch: 1,
  /** A queue's number and all that is known about it up to here. */
  queue: 2,
  /** A queue's number and id only, for those who read this file without the others. */
  name: 3,
  /** A number is done with. */
  removed: 4,
  message: 5,
  /** What a queue's consumers did since its last record. */
  progress: 6,
  /** Complete records inside one record: all of them or none. */
  transaction: 7,
  /** The node stopped in good order; nothing follows. All segments below a number, u48, are complete. */
  closed: 8,
  /** A segment's table of contents. */
  index: 9,
} as const;

const LAST_TYPE = RECORD.index;

export function headerCheck(length: number, type: number, flags: number, salt: number): number {
  const a = Math.imul(length ^ salt, 0x9e3779b1);
  const b = Math.imul(((type << 8) | flags) + 0x7f4a7c15, 0x85ebca6b);
  const mixed = a ^ b ^ (a >>> 15) ^ (b >>> 13);
  return (mixed ^ (mixed >>> 16)) & 0xffff;
}

/** The record's length if a record header stands at `at`, else -1. The checksum is not looked at. */
export function probeHeader(bytes: Buffer, at: number, salt: number): number {
  const type = bytes[at + 8]!;
  if (type === 0 || type > LAST_TYPE) return -1;
  const length = bytes.readUInt32LE(at + 4);
  if (length < RECORD_HEADER) return -1;
  const check = bytes.readUInt16LE(at + 10);
  return check === headerCheck(length, type, bytes[at + 9]!, salt) ? length : -1;
}

/** Whether the record in bytes[at, at + length) is the one that was written. */
export function isSound(bytes: Buffer, at: number, length: number, salt: number): boolean {
  return bytes.readUInt32LE(at) === checksum(bytes, at + 4, at + length, salt);
}

/**
 * The salt of records inside a record: where the outer one is torn, a scan must not take the inner ones for records in
 * their own right.
 */
export const innerSalt = (salt: number): number => ~salt >>> 0;

/** 48 bits: positions, times and lengths. */
export function putUint48(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint16(at + 4, value > 0xffffffff ? Math.floor(value / 0x100000000) : 0, true);
}

export function getUint48(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt16LE(at + 4) * 0x100000000;
}
