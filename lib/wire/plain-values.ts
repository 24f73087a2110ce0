import { isUtf8 } from 'node:buffer';
import { type FieldTable, type FieldValue, MAX_NESTING } from './field-value.js';
import { decodeText, encodeText } from './text.js';

/**
 * A table of a plain object: string -> longstr, integer -> signedint if it fits and long if not, other number -> double,
 * bigint -> long, boolean -> bool, null -> void, Buffer or Uint8Array -> binary, Date -> timestamp (whole seconds), array, object.
 * A key whose value is undefined is left out. Throws TypeError for other values and for nesting beyond 256 levels,
 * RangeError for a bigint or Date that does not fit.
 */
export function fromPlain(object: Record<string, unknown>): FieldTable {
  return tableOf(object, MAX_NESTING);
}

/**
 * A null-prototype object, fit for JSON: integers of 64 bits become numbers (rounded beyond 2^53), void null, text a string. Bytes that are
 * not UTF-8 become RabbitMQ's phrase for them, `Not UTF-8, base64 is: ...`.
 */
export function toPlain(table: FieldTable): Record<string, unknown> {
  const object: Record<string, unknown> = Object.create(null);
  for (const [key, value] of table) object[key] = plainOf(value);
  return object;
}

const INT32_MIN = -0x8000_0000;
const INT32_MAX = 0x7fff_ffff;

function tableOf(object: object, levels: number): FieldTable {
  const table = new Map<string, FieldValue>();
  for (const [key, value] of Object.entries(object)) {
    if (value !== undefined) table.set(key, fieldOf(value, levels));
  }
  return table;
}

function fieldOf(value: unknown, levels: number): FieldValue {
  switch (typeof value) {
    case 'string':
      return { type: 'longstr', value: encodeText(value) };
    case 'number':
      return numberField(value);
    case 'boolean':
      return { type: 'bool', value };
    case 'bigint':
      return { type: 'long', value: inRange(value, BigInt.asIntN(64, value)) };
    case 'object':
      return value === null ? { type: 'void' } : objectField(value, levels - 1);
    default:
      throw new TypeError(`a ${typeof value} has no field type`);
  }
}

function numberField(value: number): FieldValue {
  if (!Number.isSafeInteger(value)) return { type: 'double', value };
  if (value >= INT32_MIN && value <= INT32_MAX) return { type: 'signedint', value: value + 0 };
  return { type: 'long', value: BigInt(value) };
}

function objectField(value: object, levels: number): FieldValue {
  if (value instanceof Uint8Array) return { type: 'binary', value: Buffer.from(value) };
  if (value instanceof Date) return timestampField(value);
  if (levels < 0) throw new TypeError(`values nested deeper than ${MAX_NESTING} levels`);
  if (Array.isArray(value)) return { type: 'array', value: value.map((item) => fieldOf(item, levels)) };
  return { type: 'table', value: tableOf(value, levels) };
}

function timestampField(date: Date): FieldValue {
  const seconds = BigInt(Math.floor(date.getTime() / 1000));
  return { type: 'timestamp', value: inRange(seconds, BigInt.asUintN(64, seconds)) };
}

function inRange(value: bigint, wrapped: bigint): bigint {
  if (value !== wrapped) throw new RangeError(`${value} does not fit into 64 bits`);
  return value;
}

function plainOf(field: FieldValue): unknown {
  switch (field.type) {
    case 'void':
      return null;
    case 'long':
    case 'timestamp':
      return Number(field.value);
    case 'decimal':
      return field.value / 10 ** field.scale;
    case 'longstr':
    case 'binary':
      return plainText(field.value);
    case 'array':
      return field.value.map(plainOf);
    case 'table':
      return toPlain(field.value);
    default:
      return field.value;
  }
}

function plainText(bytes: Buffer): string {
  if (isUtf8(bytes)) return decodeText(bytes, 0, bytes.length);
  return `Not UTF-8, base64 is: ${bytes.toString('base64')}`;
}
