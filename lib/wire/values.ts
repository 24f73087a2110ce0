import type { FieldValue } from './field-value.js';
import { decodeText } from './text.js';

export { fieldEquals, fieldIdentical, integerValue, tableEquals, tableIdentical } from './field-equality.js';
export type { FieldTable, FieldType, FieldValue, SmallIntegerType } from './field-value.js';
export { fromPlain, toPlain } from './plain-values.js';
export { decodeTable, EMPTY_TABLE, encodeTable } from './table-codec.js';
export { decodeText, encodeText } from './text.js';
export { WireError } from './wire-error.js';

/** The text of a `longstr`; undefined for other values. Compares equal to a name of the same bytes. */
export function textValue(field: FieldValue | undefined): string | undefined {
  return field?.type === 'longstr' ? decodeText(field.value, 0, field.value.length) : undefined;
}
