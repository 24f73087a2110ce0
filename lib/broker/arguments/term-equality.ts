import type { FieldTable, FieldValue } from '../../wire/values.js';

/**
 * What makes numbers the same: `numeric` their amount, `kind` also that both are whole numbers or both floating ones.
 */
export type NumberRule = 'numeric' | 'kind';

/**
 * Whether the two would be one value in RabbitMQ, which mostly forgets the outermost type of a field: whole numbers of any width
 * and timestamps are numbers, `longstr` and `binary` both bytes, an empty table an empty array. Inside tables and arrays
 * types count, and so does the order of a table. [RMQ equivalence and headers exchange, observed]
 */
export function sameTerm(a: FieldValue, b: FieldValue, rule: NumberRule): boolean {
  switch (a.type) {
    case 'bool':
      return b.type === 'bool' && a.value === b.value;
    case 'void':
      return b.type === 'void';
    case 'longstr':
    case 'binary':
      return (b.type === 'longstr' || b.type === 'binary') && a.value.equals(b.value);
    case 'decimal':
      return b.type === 'decimal' && a.scale === b.scale && a.value === b.value;
    case 'array':
      return b.type === 'array' ? sameArray(a.value, b.value, rule) : a.value.length === 0 && isEmpty(b);
    case 'table':
      return b.type === 'table' ? sameTable(a.value, b.value, rule) : a.value.size === 0 && isEmpty(b);
    default:
      return sameNumber(a, b, rule);
  }
}

type NumberField = Extract<FieldValue, { readonly value: number | bigint }>;

function sameNumber(a: NumberField, b: FieldValue, rule: NumberRule): boolean {
  if (!isNumber(b) || (rule === 'kind' && isFloating(a) !== isFloating(b))) return false;
  if (typeof a.value === typeof b.value) return a.value === b.value;
  // Of a number and a bigint, `<` and `>` compare the exact amounts, which no conversion would.
  return !(a.value < b.value) && !(a.value > b.value);
}

function isNumber(field: FieldValue): field is NumberField {
  if (field.type === 'decimal' || field.type === 'void') return false;
  return typeof field.value === 'number' || typeof field.value === 'bigint';
}

function isFloating(field: FieldValue): boolean {
  return field.type === 'float' || field.type === 'double';
}

function isEmpty(field: FieldValue): boolean {
  if (field.type === 'array') return field.value.length === 0;
  return field.type === 'table' && field.value.size === 0;
}

function sameArray(a: readonly FieldValue[], b: readonly FieldValue[], rule: NumberRule): boolean {
  return a.length === b.length && a.every((item, index) => sameTyped(item, b[index]!, rule));
}

function sameTable(a: FieldTable, b: FieldTable, rule: NumberRule): boolean {
  if (a.size !== b.size) return false;
  const others = b.entries();
  for (const [key, value] of a) {
    const [otherKey, other] = others.next().value!;
    if (key !== otherKey || !sameTyped(value, other, rule)) return false;
  }
  return true;
}

function sameTyped(a: FieldValue, b: FieldValue, rule: NumberRule): boolean {
  return a.type === b.type && sameTerm(a, b, rule);
}
