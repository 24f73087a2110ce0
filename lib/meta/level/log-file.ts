import { maskedCrc32c } from './crc32c.js';

const BLOCK = 32 * 1024;
/** masked crc u32 | length u16 | type u8; crc covers type and data. */
const HEADER = 7;
const FRAGMENT = { full: 1, first: 2, middle: 3, last: 4 } as const;

/**
 * The records of one of LevelDB's log files (the MANIFEST is one): fragments in blocks of 32 KiB. Undefined when one is
 * damaged that is not the end; an end that is torn is left out.
 */
export function logRecords(bytes: Buffer): Buffer[] | undefined {
  const records: Buffer[] = [];
  let parts: Buffer[] = [];
  let isDamaged = false;
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const left = BLOCK - (at % BLOCK);
    if (left < HEADER) {
      at += left;
      continue;
    }
    const length = bytes.readUInt16LE(at + 4);
    const end = at + HEADER + length;
    const isSound =
      length <= left - HEADER &&
      end <= bytes.length &&
      bytes.readUInt32LE(at) === maskedCrc32c(bytes, at + 6, end);
    if (!isSound) {
      isDamaged = true;
      at += left;
      continue;
    }
    if (isDamaged) return undefined;
    const type = bytes[at + 6]!;
    if (type === FRAGMENT.full || type === FRAGMENT.first) parts = [];
    parts.push(bytes.subarray(at + HEADER, end));
    if (type === FRAGMENT.full || type === FRAGMENT.last) records.push(Buffer.concat(parts));
    at = end;
  }
  return records;
}
