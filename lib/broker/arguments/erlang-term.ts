import { type FieldTable, type FieldValue, textValue } from '../../wire/values.js';

/**
 * A field's value as RabbitMQ's texts show it: an Erlang term, without the field's outermost type. On one line, where RabbitMQ breaks
 * long tables and arrays into several.
 */
export function termOf(field: FieldValue): string {
  switch (field.type) {
    case 'void':
      return 'undefined';
    case 'longstr':
    case 'binary':
      return binaryTerm(field.value);
    case 'float':
    case 'double':
      return floatTerm(field.value);
    case 'decimal':
      return `{${field.scale},${field.value}}`;
    case 'array':
      return `[${field.value.map(typedTerm).join(',')}]`;
    case 'table':
      return tableTerm(field.value);
    default:
      return String(field.value);
  }
}

/** A field with its type: `{longstr,<<"a">>}`. */
export function typedTerm(field: FieldValue): string {
  return `{${field.type},${termOf(field)}}`;
}

/** The text `before`, `middle`, `after` as a string term; in bytes, since `middle` may be any. */
export function stringTerm(before: string, middle: Buffer, after: string): string {
  const bytes = Buffer.concat([Buffer.from(before), middle, Buffer.from(after)]);
  return isPrintable(bytes) ? quoted(bytes) : `[${bytes.join(',')}]`;
}

/** The bytes as text, as they are. */
export function plainText(bytes: Buffer): string {
  return textValue({ type: 'longstr', value: bytes })!;
}

function tableTerm(table: FieldTable): string {
  const rows = [...table].map(
    ([key, field]) => `{${binaryTerm(Buffer.from(key))},${field.type},${termOf(field)}}`,
  );
  return `[${rows.join(',')}]`;
}

function binaryTerm(bytes: Buffer): string {
  if (bytes.length === 0) return '<<>>';
  return `<<${isPrintable(bytes) ? quoted(bytes) : bytes.join(',')}>>`;
}

/** Erlang writes whichever is shorter, `100.0` or `1.0e3`, and from 2^53 on always the latter. */
function floatTerm(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  const scientific = `${withPoint(digits)}e${Number(exponent)}`;
  const plain = withPoint(String(value));
  const tooLong = plain.includes('e') || plain.length > scientific.length;
  return tooLong || Math.abs(value) >= 2 ** 53 ? scientific : plain;
}

function withPoint(number: string): string {
  return number.includes('.') || number.includes('e') ? number : `${number}.0`;
}

const ESCAPES: Readonly<Record<number, string>> = {
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  27: '\\e',
  34: '\\"',
  92: '\\\\',
};

/** By Latin-1, octet for octet, so that most UTF-8 passes. */
function isPrintable(bytes: Buffer): boolean {
  return bytes.every(
    (octet) => (octet >= 0x20 && octet < 0x7f) || octet >= 0xa0 || ESCAPES[octet] !== undefined,
  );
}

function quoted(bytes: Buffer): string {
  const escaped = Array.from(bytes, (octet) => ESCAPES[octet] ?? String.fromCharCode(octet)).join('');
  return `"${plainText(Buffer.from(escaped, 'latin1'))}"`;
}
