import type { MethodArgs, MethodName, MethodSpec } from '../../lib/wire/methods.js';
import { METHODS } from '../../lib/wire/methods.js';
import type { FieldTable, FieldValue } from '../../lib/wire/values.js';

/** One value of every field type, in the order and with the values of the vectors in `method-vectors.ts`. */
export const EVERY_TYPE: FieldTable = new Map<string, FieldValue>([
  ['bool', { type: 'bool', value: true }],
  ['byte', { type: 'byte', value: -2 }],
  ['unsignedbyte', { type: 'unsignedbyte', value: 254 }],
  ['short', { type: 'short', value: -300 }],
  ['unsignedshort', { type: 'unsignedshort', value: 65_000 }],
  ['signedint', { type: 'signedint', value: -70_000 }],
  ['unsignedint', { type: 'unsignedint', value: 4_000_000_000 }],
  ['long', { type: 'long', value: -(2n ** 63n) }],
  ['timestamp', { type: 'timestamp', value: 2n ** 64n - 1n }],
  ['float', { type: 'float', value: -0.5 }],
  ['double', { type: 'double', value: 0.1 }],
  ['decimal', { type: 'decimal', scale: 2, value: 314 }],
  ['longstr', { type: 'longstr', value: Buffer.from('long ✓') }],
  ['binary', { type: 'binary', value: Buffer.from([0xff, 0, 0xfe]) }],
  [
    'array',
    {
      type: 'array',
      value: [{ type: 'signedint', value: 1 }, { type: 'void' }, { type: 'array', value: [] }],
    },
  ],
  ['table', { type: 'table', value: new Map([['é', { type: 'bool', value: false }]]) }],
  ['void', { type: 'void' }],
]);

const TWO_ENTRIES: FieldTable = new Map<string, FieldValue>([
  ['x-message-ttl', { type: 'signedint', value: 60_000 }],
  ['é', { type: 'longstr', value: Buffer.from('value') }],
]);

/** Arguments made by rule: numbers count up their octets, every second bit is set, strings are
 * the field's name. The vectors in `method-vectors.ts` are of these. */
export function sampleArguments<N extends MethodName>(name: N): MethodArgs<N> {
  const spec: MethodSpec = METHODS[name];
  const samples = spec.fields.map(([field, domain], place) => [field, SAMPLES[domain](field, place)]);
  return Object.fromEntries(samples) as MethodArgs<N>;
}

const SAMPLES = {
  octet: () => 0x07,
  short: () => 0x0102,
  long: () => 0xf1020304,
  longlong: () => 0x01020304050607,
  bit: (_name: string, place: number) => place % 2 === 0,
  shortstr: (name: string) => `${name} é`,
  longstr: (name: string) => Buffer.from(`${name} \xff`, 'latin1'),
  table: () => TWO_ENTRIES,
  timestamp: () => 2n ** 64n - 2n,
} as const;
