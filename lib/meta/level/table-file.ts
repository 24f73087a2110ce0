import { maskedCrc32c } from './crc32c.js';
import { VarintReader } from './varint.js';

/** Handles of the metaindex and the index block, padded, and LevelDB's magic number. */
const FOOTER = 48;
const MAGIC = 0xdb4775248b80fb57n;
/** What stands behind a block: type u8 | masked crc u32; crc covers the block and its type. */
const PLAIN = 0;

interface Handle {
  readonly offset: number;
  readonly size: number;
}

/** Whether every block of the table is the one that was written. */
export function isSoundTable(table: Buffer): boolean {
  if (table.length < FOOTER || table.readBigUInt64LE(table.length - 8) !== MAGIC) return false;
  try {
    const footer = new VarintReader(table, table.length - FOOTER, table.length - 8);
    return [readHandle(footer), readHandle(footer)].every((handle) => isSoundIndex(table, handle));
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function readHandle(reader: VarintReader): Handle {
  return { offset: reader.number(), size: reader.number() };
}

/** Whether the block and all those that it names are sound. */
function isSoundIndex(table: Buffer, handle: Handle): boolean {
  if (!isSoundBlock(table, handle)) return false;
  const { offset, size } = handle;
  // Blocks of before compression was turned off are not looked into.
  if (table[offset + size] !== PLAIN) return true;
  return handlesIn(table.subarray(offset, offset + size)).every((named) => isSoundBlock(table, named));
}

function isSoundBlock(table: Buffer, { offset, size }: Handle): boolean {
  const end = offset + size + 1;
  if (end + 4 > table.length) return false;
  return table.readUInt32LE(end) === maskedCrc32c(table, offset, end);
}

/** The values of a block's entries: shared, unshared and value length, the rest of the key, the value. */
function handlesIn(block: Buffer): Handle[] {
  const restarts = block.readUInt32LE(block.length - 4);
  const reader = new VarintReader(block, 0, block.length - 4 * (restarts + 1));
  const handles: Handle[] = [];
  while (!reader.isAtEnd) {
    reader.number();
    const unshared = reader.number();
    const length = reader.number();
    reader.octets(unshared);
    handles.push(readHandle(new VarintReader(reader.octets(length))));
  }
  return handles;
}
