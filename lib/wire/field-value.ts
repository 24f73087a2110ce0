/** Integer types of a field table that fit a JavaScript number. */
export type SmallIntegerType =
  | 'byte'
  | 'unsignedbyte'
  | 'short'
  | 'unsignedshort'
  | 'signedint'
  | 'unsignedint';

/**
 * A value of a field table, with the type it has on the wire (RabbitMQ's type names).
 * `longstr` is text by convention and bytes in fact; `binary` says that it is not text. `decimal` is value / 10^scale, both unsigned.
 * `timestamp` is seconds since the epoch, unsigned.
 */
export type FieldValue =
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: SmallIntegerType; readonly value: number }
  | { readonly type: 'long' | 'timestamp'; readonly value: bigint }
  | { readonly type: 'float' | 'double'; readonly value: number }
  | { readonly type: 'decimal'; readonly scale: number; readonly value: number }
  | { readonly type: 'longstr' | 'binary'; readonly value: Buffer }
  | { readonly type: 'array'; readonly value: readonly FieldValue[] }
  | { readonly type: 'table'; readonly value: FieldTable }
  | { readonly type: 'void' };

export type FieldType = FieldValue['type'];

/** Keys as decoded by `decodeText`. Of a key received twice the first value counts, as RabbitMQ's lookups have it. */
export type FieldTable = ReadonlyMap<string, FieldValue>;

/** Levels of tables and arrays inside each other, beyond which a table is refused, so that no recursion over one can run deep. */
export const MAX_NESTING = 256;
