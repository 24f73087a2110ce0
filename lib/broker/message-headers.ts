import { encodeText, type FieldTable, type FieldValue, textValue } from '../wire/values.js';

/**
 * The further routing keys that a publisher gives, from the headers named (`CC`, `BCC`); entries of other types than
 * longstr are passed over. [RMQ sender-selected]
 */
export function keysOf(table: FieldTable | undefined, names: readonly string[]): readonly string[] {
  const keys: string[] = [];
  for (const name of names) {
    const field = table?.get(name);
    if (field?.type !== 'array') continue;
    for (const item of field.value) {
      const key = textValue(item);
      if (key !== undefined) keys.push(key);
    }
  }
  return keys;
}

export const text = (value: string): FieldValue => ({ type: 'longstr', value: encodeText(value) });
