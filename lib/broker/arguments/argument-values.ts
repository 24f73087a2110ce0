import { type FieldValue, integerValue, textValue } from '../../wire/values.js';
import { ArgumentError } from './argument-error.js';

// Readers of one argument's value. Each throws ArgumentError, in RabbitMQ's words, for what it does not take.

/** Ten years, the longest wait that RabbitMQ takes. Milliseconds. */
const MAX_MILLIS = 315_360_000_000;

/** Any integer type. Beyond 2^53 the result is rounded. */
export function readInteger(name: string, field: FieldValue): number {
  return Number(exactInteger(name, field));
}

export function readCount(name: string, field: FieldValue): number {
  const value = exactInteger(name, field);
  if (value < 0) throw new ArgumentError(name, `{value_negative,${value}}`);
  return Number(value);
}

export function readPositiveCount(name: string, field: FieldValue): number {
  const count = readCount(name, field);
  if (count === 0) throw new ArgumentError(name, '{value_zero,0}');
  return count;
}

/** Milliseconds, zero included. */
export function readMillis(name: string, field: FieldValue): number {
  const value = exactInteger(name, field);
  if (value > MAX_MILLIS) throw new ArgumentError(name, `{value_too_large,${value}}`);
  return readCount(name, field);
}

export function readPositiveMillis(name: string, field: FieldValue): number {
  const millis = readMillis(name, field);
  if (millis === 0) throw new ArgumentError(name, '{value_zero,0}');
  return millis;
}

/** Milliseconds of an argument that RabbitMQ never refuses: what makes no sense counts as not given. */
export function readLenientMillis(_name: string, field: FieldValue): number | undefined {
  const value = Number(integerValue(field) ?? 0);
  return value > 0 && value <= MAX_MILLIS ? value : undefined;
}

export function readBoolean(name: string, field: FieldValue): boolean {
  if (field.type !== 'bool') throw unacceptableType(name, field);
  return field.value;
}

export function readText(name: string, field: FieldValue): string {
  const text = textValue(field);
  if (text === undefined) throw unacceptableType(name, field);
  return text;
}

/** One of `allowed`. `refusal` words the reason for another text. */
export function readOneOf<const T extends string>(
  name: string,
  field: FieldValue,
  allowed: readonly T[],
  refusal: (text: Buffer) => string,
): T {
  if (field.type !== 'longstr') throw unacceptableType(name, field);
  const text = readText(name, field);
  const found = allowed.find((candidate) => candidate === text);
  if (found === undefined) throw new ArgumentError(name, refusal(field.value));
  return found;
}

/** The name of another resource. */
export function readName(name: string, field: FieldValue): string {
  const text = textValue(field);
  if (text === undefined) throw new ArgumentError(name, field.type, 'type');
  return text;
}

function exactInteger(name: string, field: FieldValue): number | bigint {
  const value = integerValue(field);
  if (value === undefined) throw new ArgumentError(name, `"expected integer, got ${field.type}"`);
  return value;
}

function unacceptableType(name: string, field: FieldValue): ArgumentError {
  return new ArgumentError(name, `{unacceptable_type,${field.type}}`);
}
