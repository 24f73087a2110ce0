import type { FieldTable, FieldValue } from './field-value.js';

/** The number, of any integer type (not `timestamp`); undefined for other values. */
export function integerValue(field: FieldValue | undefined): number | bigint | undefined {
  switch (field?.type) {
    case 'byte':
    case 'unsignedbyte':
    case 'short':
    case 'unsignedshort':
    case 'signedint':
    case 'unsignedint':
    case 'long':
      return field.value;
    default:
      return undefined;
  }
}

/**
 * Equivalence of declared arguments: integers of any width compare by value, and so do `float` and `double`; other types must be
 * the same. Inside arrays and tables types must be the same too. [RMQ queue.declare equivalence]
 */
export function fieldEquals(a: FieldValue, b: FieldValue): boolean {
  const integer = integerValue(a);
  if (integer !== undefined) return sameNumber(integer, integerValue(b));
  if (isFloating(a)) return isFloating(b) && Object.is(a.value, b.value);
  return fieldIdentical(a, b);
}

/** Both tables have the same keys, and {@link fieldEquals} holds for each. Order does not matter. */
export function tableEquals(a: FieldTable, b: FieldTable): boolean {
  return tablesMatch(a, b, fieldEquals);
}

/** Same type and same value: how bindings are told apart and headers exchanges compare. */
export function fieldIdentical(a: FieldValue, b: FieldValue): boolean {
  if (a.type === 'longstr' || a.type === 'binary') return a.type === b.type && a.value.equals(b.value);
  if (a.type === 'array') return b.type === 'array' && arraysIdentical(a.value, b.value);
  if (a.type === 'table') return b.type === 'table' && tableIdentical(a.value, b.value);
  if (a.type === 'decimal') return b.type === 'decimal' && a.scale === b.scale && a.value === b.value;
  if (a.type === 'void') return b.type === 'void';
  return a.type === b.type && Object.is(a.value, b.value);
}

/** Both tables have the same keys, and {@link fieldIdentical} holds for each. Order does not matter. */
export function tableIdentical(a: FieldTable, b: FieldTable): boolean {
  return tablesMatch(a, b, fieldIdentical);
}

function isFloating(field: FieldValue): field is Extract<FieldValue, { type: 'float' | 'double' }> {
  return field.type === 'float' || field.type === 'double';
}

function sameNumber(a: number | bigint, b: number | bigint | undefined): boolean {
  return b !== undefined && (typeof a === typeof b ? a === b : BigInt(a) === BigInt(b));
}

function arraysIdentical(a: readonly FieldValue[], b: readonly FieldValue[]): boolean {
  return a.length === b.length && a.every((item, index) => fieldIdentical(item, b[index]!));
}

function tablesMatch(
  a: FieldTable,
  b: FieldTable,
  match: (a: FieldValue, b: FieldValue) => boolean,
): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [key, value] of a) {
    const other = b.get(key);
    if (other === undefined || !match(value, other)) return false;
  }
  return true;
}
