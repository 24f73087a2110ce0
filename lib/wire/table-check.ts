import { QPID_LONG, TAG } from './field-tags.js';
import { MAX_NESTING } from './field-value.js';
import { WireError } from './wire-error.js';

/**
 * Throws WireError unless bytes[start, end) is the content of a field table that `decodeTable` accepts. Allocates nothing.
 */
export function checkTable(bytes: Buffer, start: number, end: number): void {
  checkEntries(bytes, start, end, MAX_NESTING);
}

/** One past the short string at `at`. Throws WireError if it does not end by `end`. */
export function shortstrEnd(bytes: Buffer, at: number, end: number): number {
  const after = at < end ? at + 1 + bytes[at]! : end + 1;
  if (after > end) throw new WireError(`no whole short string at ${at}`);
  return after;
}

/** One past the 32-bit length at `at` and as many bytes as it says. Throws WireError if they do not end by `end`. */
export function longstrEnd(bytes: Buffer, at: number, end: number): number {
  const after = at + 4 <= end ? at + 4 + bytes.readUInt32BE(at) : end + 1;
  if (after > end) throw new WireError(`no whole long string, table or array at ${at}`);
  return after;
}

/** What {@link SIZES} has for values that begin with a 32-bit length. */
const PREFIXED = -1;
const UNKNOWN = -2;

/** Bytes of a value by its tag. */
const SIZES = sizes();

function sizes(): Int8Array {
  const table = new Int8Array(256).fill(UNKNOWN);
  table[TAG.void] = 0;
  table[TAG.bool] = table[TAG.byte] = table[TAG.unsignedbyte] = 1;
  table[TAG.short] = table[TAG.unsignedshort] = 2;
  table[TAG.signedint] = table[TAG.unsignedint] = table[TAG.float] = 4;
  table[TAG.decimal] = 5;
  table[TAG.long] = table[QPID_LONG] = table[TAG.timestamp] = table[TAG.double] = 8;
  table[TAG.longstr] = table[TAG.binary] = table[TAG.array] = table[TAG.table] = PREFIXED;
  return table;
}

function checkEntries(bytes: Buffer, start: number, end: number, levels: number): void {
  for (let at = start; at < end; ) at = valueEnd(bytes, shortstrEnd(bytes, at, end), end, levels);
}

function checkItems(bytes: Buffer, start: number, end: number, levels: number): void {
  for (let at = start; at < end; ) at = valueEnd(bytes, at, end, levels);
}

function valueEnd(bytes: Buffer, at: number, end: number, levels: number): number {
  const tag = at < end ? bytes[at]! : 0;
  const size = SIZES[tag]!;
  if (size === UNKNOWN) throw new WireError(`no field type has the tag ${tag}, at ${at}`);
  const after = size === PREFIXED ? longstrEnd(bytes, at + 1, end) : at + 1 + size;
  if (after > end) throw new WireError(`no whole value at ${at}`);
  if (tag !== TAG.table && tag !== TAG.array) return after;
  if (levels === 0) throw new WireError(`values nested deeper than ${MAX_NESTING} levels at ${at}`);
  if (tag === TAG.table) checkEntries(bytes, at + 5, after, levels - 1);
  else checkItems(bytes, at + 5, after, levels - 1);
  return after;
}
