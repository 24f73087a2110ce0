import type { Message } from '../store/message.js';
import { type FieldTable, type FieldValue, textValue } from '../wire/values.js';

/** `CC` and `BCC`: further routing keys that a publisher gives. [RMQ sender-selected] */
export const EXTRA_KEYS = ['CC', 'BCC'] as const;

/** The routing keys in `table`, from the headers named; entries of other types than longstr are passed over. */
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

/** The routing key that the message was published with, then those of its CC header. */
export function routingKeys(message: Message, headers: FieldTable | undefined): readonly string[] {
  return [message.routingKey, ...keysOf(headers, ['CC'])];
}

export const text = (value: string): FieldValue => ({ type: 'longstr', value: Buffer.from(value) });
