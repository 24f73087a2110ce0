import { FRAME } from './constants.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import type { FieldTable } from './field-value.js';
import {
  type Domain,
  type DomainValues,
  METHODS,
  type MethodArgs,
  type MethodName,
  type MethodSpec,
} from './methods.js';
import { frameText, octetsText } from './octets-text.js';
import { EMPTY_TABLE, readTable, writeTable } from './table-codec.js';
import { MalformedTextError, MethodSyntaxError, UnknownMethodError, WireError } from './wire-error.js';

export { MalformedTextError, MethodSyntaxError, UnknownMethodError, WireError };

export type DecodedMethod = {
  [N in MethodName]: { readonly name: N; readonly args: MethodArgs<N> };
}[MethodName];

/** Class id and method id. */
const ID_BYTES = 4;

interface NamedSpec extends MethodSpec {
  readonly name: MethodName;
}

const BY_ID: ReadonlyMap<number, NamedSpec> = new Map(
  (Object.keys(METHODS) as MethodName[]).map((name) => {
    const spec: MethodSpec = METHODS[name];
    return [methodKey(spec.classId, spec.methodId), { name, ...spec }];
  }),
);

function methodKey(classId: number, methodId: number): number {
  return classId * 0x10000 + methodId;
}

/** undefined for ids that no specification knows. */
export function methodName(classId: number, methodId: number): MethodName | undefined {
  return BY_ID.get(methodKey(classId, methodId))?.name;
}

/**
 * Decodes the payload of a method frame, class id first, from bytes[start, end). Throws {@link UnknownMethodError},
 * {@link MethodSyntaxError} for arguments that do not fill the payload exactly, {@link MalformedTextError} for a short string
 * that is not UTF-8, and plain {@link WireError} for a payload without room for the ids. Messages are the words of
 * RabbitMQ's frame errors. The short strings of methods with content may be any bytes, as in RabbitMQ: see `decodeText`.
 */
export function decodeMethod(bytes: Buffer, start: number, end: number): DecodedMethod {
  if (end - start < ID_BYTES)
    throw new WireError(`${frameText(FRAME.method, bytes, start, end)}: unknown_frame`);
  const reader = new ByteReader(bytes, start, end);
  const classId = reader.short();
  const methodId = reader.short();
  const spec = BY_ID.get(methodKey(classId, methodId));
  if (spec === undefined) throw new UnknownMethodError(classId, methodId);
  try {
    const args = readArguments(reader, spec);
    if (reader.at !== end) throw new WireError(`${end - reader.at} bytes after the last argument`);
    return { name: spec.name, args } as unknown as DecodedMethod;
  } catch (error) {
    if (!(error instanceof WireError) || error instanceof MalformedTextError) throw error;
    const message = `cannot decode ${octetsText(bytes, start + ID_BYTES, end)}`;
    throw new MethodSyntaxError(classId, methodId, message, error);
  }
}

/** The payload of a method frame. Throws RangeError for a short string over 255 bytes or a number out of range. */
export function encodeMethod<N extends MethodName>(name: N, args: MethodArgs<N>): Buffer {
  const spec: MethodSpec = METHODS[name];
  const writer = new ByteWriter();
  writer.short(spec.classId);
  writer.short(spec.methodId);
  writeArguments(writer, spec, args);
  return writer.finish();
}

type ArgumentValue = DomainValues[Domain] | undefined;

function readArguments(reader: ByteReader, spec: NamedSpec): object {
  const args: Record<string, ArgumentValue> = {};
  let bits = 0;
  let bit = 0;
  for (const [name, domain] of spec.fields) {
    if (domain !== 'bit') {
      bit = 0;
      args[name] = domain === 'shortstr' && !spec.content ? reader.name() : READ[domain](reader);
      continue;
    }
    // No method has more than eight neighbouring bits, so one octet is enough.
    if (bit === 0) bits = reader.octet();
    args[name] = ((bits >> bit++) & 1) === 1;
  }
  return args;
}

function writeArguments(
  writer: ByteWriter,
  spec: MethodSpec,
  args: Readonly<Record<string, ArgumentValue>>,
): void {
  const { fields } = spec;
  let bits = 0;
  let bit = 0;
  for (let i = 0; i < fields.length; i++) {
    const [name, domain] = fields[i]!;
    const value = args[name];
    if (domain !== 'bit') {
      WRITE[domain](writer, value);
      continue;
    }
    if (value === true) bits |= 1 << bit;
    bit++;
    if (fields[i + 1]?.[1] === 'bit') continue;
    writer.octet(bits);
    bits = bit = 0;
  }
}

type NotBit = Exclude<Domain, 'bit'>;

const READ: { readonly [D in NotBit]: (reader: ByteReader) => DomainValues[D] } = {
  octet: (reader) => reader.octet(),
  short: (reader) => reader.short(),
  long: (reader) => reader.long(),
  longlong: (reader) => reader.longlong(),
  shortstr: (reader) => reader.shortstr(),
  longstr: (reader) => reader.longstr(),
  table: readTable,
  timestamp: (reader) => reader.unsigned64(),
};

const NO_BYTES = Buffer.alloc(0);

// An argument that is missing here is a reserved one: the types see to the others.
const WRITE: { readonly [D in NotBit]: (writer: ByteWriter, value: ArgumentValue) => void } = {
  octet: (writer, value = 0) => writer.octet(value as number),
  short: (writer, value = 0) => writer.short(value as number),
  long: (writer, value = 0) => writer.long(value as number),
  longlong: (writer, value = 0) => writer.longlong(value as number),
  shortstr: (writer, value = '') => writer.shortstr(value as string),
  longstr: (writer, value = NO_BYTES) => writer.longstr(value as Buffer),
  table: (writer, value = EMPTY_TABLE) => writeTable(writer, value as FieldTable),
  timestamp: (writer, value = 0n) => writer.unsigned64(value as bigint),
};
