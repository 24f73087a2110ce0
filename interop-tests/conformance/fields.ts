import { type FieldTable, type FieldValue, fromPlain } from '../../lib/wire/values.js';

/** A value whose type on the wire is chosen, where a plain JavaScript value would choose another. */
export class Typed {
  readonly field: FieldValue;

  constructor(field: FieldValue) {
    this.field = field;
  }
}

export const byte = (value: number) => new Typed({ type: 'byte', value });
export const unsignedByte = (value: number) => new Typed({ type: 'unsignedbyte', value });
export const short = (value: number) => new Typed({ type: 'short', value });
export const unsignedShort = (value: number) => new Typed({ type: 'unsignedshort', value });
export const unsignedInt = (value: number) => new Typed({ type: 'unsignedint', value });
export const long = (value: bigint) => new Typed({ type: 'long', value });
export const float = (value: number) => new Typed({ type: 'float', value });
export const double = (value: number) => new Typed({ type: 'double', value });
export const timestamp = (value: bigint) => new Typed({ type: 'timestamp', value });
export const decimal = (scale: number, value: number) => new Typed({ type: 'decimal', scale, value });
export const binary = (text: string) => new Typed({ type: 'binary', value: Buffer.from(text) });

export type Plain = Record<string, unknown>;

/** A field table of plain and typed values; nested tables and arrays hold plain values. */
export function table(plain: Plain): FieldTable {
  const fields = new Map<string, FieldValue>();
  for (const [key, value] of Object.entries(plain)) {
    const field = value instanceof Typed ? value.field : fromPlain({ [key]: value }).get(key);
    if (field !== undefined) fields.set(key, field);
  }
  return fields;
}
