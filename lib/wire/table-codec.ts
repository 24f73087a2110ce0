import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { type FieldTable, type FieldValue, MAX_NESTING } from './field-value.js';
import { QPID_LONG, TAG } from './field-tags.js';
import { WireError } from './wire-error.js';

/**
 * Decodes the content of a field table, without its 4-byte length, from bytes[start, end).
 * Nothing of the result refers to `bytes`. Throws WireError.
 */
export function decodeTable(bytes: Buffer, start: number, end: number): FieldTable {
  return start === end ? EMPTY_TABLE : readEntries(new ByteReader(bytes, start, end), MAX_NESTING);
}

/** The table's content, without a length in front. Throws RangeError for a key over 255 bytes or a number out of its type's range. */
export function encodeTable(table: FieldTable): Buffer {
  if (table.size === 0) return NO_BYTES;
  const writer = new ByteWriter();
  writeEntries(writer, table);
  return writer.finish();
}

/** A table with its length. */
export function readTable(reader: ByteReader): FieldTable {
  return readNested(reader, MAX_NESTING + 1, readEntries);
}

/** A table with its length. */
export function writeTable(writer: ByteWriter, table: FieldTable): void {
  const begun = writer.beginLength();
  writeEntries(writer, table);
  writer.endLength(begun);
}

export const EMPTY_TABLE: FieldTable = new Map();
const EMPTY_ARRAY: readonly FieldValue[] = [];
const NO_BYTES = Buffer.alloc(0);

/** Reads a length and then, confined to that many bytes, what `read` finds there, to the last byte. */
function readNested<T>(
  reader: ByteReader,
  levels: number,
  read: (reader: ByteReader, levels: number) => T,
): T {
  if (levels === 0) throw new WireError(`values nested deeper than ${MAX_NESTING} levels at ${reader.at}`);
  const outerEnd = reader.end;
  const length = reader.long();
  const start = reader.skip(length);
  reader.at = start;
  reader.end = start + length;
  const value = read(reader, levels - 1);
  reader.end = outerEnd;
  return value;
}

function readEntries(reader: ByteReader, levels: number): FieldTable {
  if (reader.at === reader.end) return EMPTY_TABLE;
  const table = new Map<string, FieldValue>();
  while (reader.at < reader.end) {
    const key = reader.shortstr();
    const value = readValue(reader, levels);
    if (!table.has(key)) table.set(key, value);
  }
  return table;
}

function readItems(reader: ByteReader, levels: number): readonly FieldValue[] {
  if (reader.at === reader.end) return EMPTY_ARRAY;
  const items: FieldValue[] = [];
  while (reader.at < reader.end) items.push(readValue(reader, levels));
  return items;
}

const TRUE: FieldValue = { type: 'bool', value: true };
const FALSE: FieldValue = { type: 'bool', value: false };
const VOID: FieldValue = { type: 'void' };

function readValue(reader: ByteReader, levels: number): FieldValue {
  const tag = reader.octet();
  switch (tag) {
    case TAG.longstr:
      return { type: 'longstr', value: reader.longstr() };
    case TAG.signedint:
      return { type: 'signedint', value: reader.long() | 0 };
    case TAG.bool:
      return reader.octet() !== 0 ? TRUE : FALSE;
    case TAG.long:
    case QPID_LONG:
      return { type: 'long', value: reader.signed64() };
    case TAG.timestamp:
      return { type: 'timestamp', value: reader.unsigned64() };
    case TAG.table:
      return { type: 'table', value: readNested(reader, levels, readEntries) };
    case TAG.array:
      return { type: 'array', value: readNested(reader, levels, readItems) };
    case TAG.binary:
      return { type: 'binary', value: reader.longstr() };
    case TAG.void:
      return VOID;
    default:
      return readNumber(reader, tag);
  }
}

function readNumber(reader: ByteReader, tag: number): FieldValue {
  switch (tag) {
    case TAG.byte:
      return { type: 'byte', value: (reader.octet() << 24) >> 24 };
    case TAG.unsignedbyte:
      return { type: 'unsignedbyte', value: reader.octet() };
    case TAG.short:
      return { type: 'short', value: (reader.short() << 16) >> 16 };
    case TAG.unsignedshort:
      return { type: 'unsignedshort', value: reader.short() };
    case TAG.unsignedint:
      return { type: 'unsignedint', value: reader.long() };
    case TAG.float:
      return { type: 'float', value: reader.bytes.readFloatBE(reader.skip(4)) };
    case TAG.double:
      return { type: 'double', value: reader.bytes.readDoubleBE(reader.skip(8)) };
    case TAG.decimal:
      return { type: 'decimal', scale: reader.octet(), value: reader.long() };
    default:
      throw new WireError(`no field type has the tag ${tag}, at ${reader.at - 1}`);
  }
}

function writeEntries(writer: ByteWriter, table: FieldTable): void {
  for (const [key, value] of table) {
    writer.shortstr(key);
    writeValue(writer, value);
  }
}

function writeValue(writer: ByteWriter, field: FieldValue): void {
  writer.octet(TAG[field.type]);
  switch (field.type) {
    case 'bool':
      return writer.octet(field.value ? 1 : 0);
    case 'byte':
      return writer.signed8(field.value);
    case 'unsignedbyte':
      return writer.octet(field.value);
    case 'short':
      return writer.signed16(field.value);
    case 'unsignedshort':
      return writer.short(field.value);
    case 'signedint':
      return writer.signed32(field.value);
    case 'unsignedint':
      return writer.long(field.value);
    case 'long':
      return writer.signed64(field.value);
    case 'timestamp':
      return writer.unsigned64(field.value);
    case 'float':
      return writer.float32(field.value);
    case 'double':
      return writer.float64(field.value);
    case 'decimal':
      writer.octet(field.scale);
      return writer.long(field.value);
    case 'longstr':
    case 'binary':
      return writer.longstr(field.value);
    case 'array':
      return writeItems(writer, field.value);
    case 'table':
      return writeTable(writer, field.value);
    case 'void':
      return;
  }
}

function writeItems(writer: ByteWriter, items: readonly FieldValue[]): void {
  const begun = writer.beginLength();
  for (const item of items) writeValue(writer, item);
  writer.endLength(begun);
}
