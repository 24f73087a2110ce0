import type { FieldTable, FieldValue } from '../../../lib/wire/values.js';

// Short names for field values, so that a spec's table of cases reads as one.

export const text = (value: string | Buffer): FieldValue => ({ type: 'longstr', value: Buffer.from(value) });
export const binary = (...octets: number[]): FieldValue => ({ type: 'binary', value: Buffer.from(octets) });
export const bool = (value: boolean): FieldValue => ({ type: 'bool', value });
export const int = (value: number): FieldValue => ({ type: 'signedint', value });
export const short = (value: number): FieldValue => ({ type: 'short', value });
export const byte = (value: number): FieldValue => ({ type: 'byte', value });
export const unsignedByte = (value: number): FieldValue => ({ type: 'unsignedbyte', value });
export const long = (value: bigint): FieldValue => ({ type: 'long', value });
export const timestamp = (value: bigint): FieldValue => ({ type: 'timestamp', value });
export const float = (value: number): FieldValue => ({ type: 'float', value });
export const double = (value: number): FieldValue => ({ type: 'double', value });
export const decimal = (scale: number, value: number): FieldValue => ({ type: 'decimal', scale, value });
export const array = (...value: FieldValue[]): FieldValue => ({ type: 'array', value });
export const nothing: FieldValue = { type: 'void' };

export const args = (fields: Readonly<Record<string, FieldValue>>): FieldTable =>
  new Map(Object.entries(fields));
export const table = (fields: Readonly<Record<string, FieldValue>>): FieldValue => ({
  type: 'table',
  value: args(fields),
});

/** One value of each type that is no integer; timestamps count among them. */
export const NOT_INTEGERS: readonly FieldValue[] = [
  text('10'),
  bool(true),
  float(1),
  double(1.5),
  decimal(2, 314),
  timestamp(5n),
  binary(1),
  array(int(1)),
  table({}),
  nothing,
];

/** One value of each type that is no text. */
export const NOT_TEXTS: readonly FieldValue[] = [
  int(1),
  bool(true),
  double(1.5),
  timestamp(5n),
  binary(0x61),
  array(text('a')),
  table({}),
  nothing,
];
