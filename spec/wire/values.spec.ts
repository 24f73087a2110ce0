import tap from 'tap';
import {
  fieldEquals,
  fieldIdentical,
  type FieldTable,
  type FieldValue,
  fromPlain,
  integerValue,
  tableEquals,
  tableIdentical,
  textValue,
  toPlain,
} from '../../lib/wire/values.js';
import { EVERY_TYPE } from './samples.js';

const longstr = (text: string): FieldValue => ({ type: 'longstr', value: Buffer.from(text) });
const int = (value: number): FieldValue => ({ type: 'signedint', value });
const long = (value: bigint): FieldValue => ({ type: 'long', value });
const table = (...entries: [string, FieldValue][]): FieldTable => new Map(entries);
const array = (item: FieldValue): FieldValue => ({ type: 'array', value: [item] });
const inner = (value: FieldValue): FieldValue => ({ type: 'table', value: table(['k', value]) });

void tap.test('integers of all widths are equal by value', async (t) => {
  const fives: FieldValue[] = [
    ...(['byte', 'unsignedbyte', 'short', 'unsignedshort', 'signedint', 'unsignedint'] as const).map(
      (type): FieldValue => ({ type, value: 5 }),
    ),
    long(5n),
  ];
  for (const a of fives) {
    for (const b of fives) {
      t.ok(fieldEquals(a, b), `${a.type} and ${b.type}`);
      t.equal(fieldIdentical(a, b), a.type === b.type);
    }
    t.notOk(fieldEquals(a, long(6n)));
  }
  t.notOk(fieldEquals(int(5), { type: 'timestamp', value: 5n }), 'a timestamp is not an integer');
  t.notOk(fieldEquals(int(5), { type: 'double', value: 5 }), 'nor is a double');
  t.notOk(fieldEquals({ type: 'double', value: 5 }, int(5)), 'from either side');
});

void tap.test('float and double are equal by value', async (t) => {
  t.ok(fieldEquals({ type: 'float', value: 0.5 }, { type: 'double', value: 0.5 }));
  t.notOk(fieldIdentical({ type: 'float', value: 0.5 }, { type: 'double', value: 0.5 }));
  t.ok(fieldEquals({ type: 'double', value: Number.NaN }, { type: 'double', value: Number.NaN }));
});

void tap.test('every type equals itself and no other', async (t) => {
  for (const [nameA, a] of EVERY_TYPE) {
    for (const [nameB, b] of EVERY_TYPE) {
      t.equal(fieldEquals(a, b), nameA === nameB, `${nameA} and ${nameB}`);
      t.equal(fieldIdentical(a, b), nameA === nameB);
    }
  }
});

void tap.test('inside arrays and tables types count', async (t) => {
  t.ok(fieldEquals(array(int(5)), array(int(5))));
  t.notOk(fieldEquals(array(int(5)), array(long(5n))));
  t.notOk(fieldEquals(array(int(5)), { type: 'array', value: [int(5), int(5)] }));
  t.ok(fieldEquals(inner(int(5)), inner(int(5))));
  t.notOk(fieldEquals(inner(int(5)), inner(long(5n))));
});

void tap.test('tables are equal in whatever order their keys stand', async (t) => {
  const one = table(['a', int(1)], ['b', longstr('x')]);
  const other = table(['b', longstr('x')], ['a', long(1n)]);
  t.ok(tableEquals(one, other));
  t.notOk(tableIdentical(one, other), 'but not identical if a type differs');
  t.ok(tableIdentical(one, table(['b', longstr('x')], ['a', int(1)])));
  t.notOk(tableEquals(one, table(['a', int(1)])), 'a key less');
  t.notOk(tableEquals(one, table(['a', int(1)], ['c', longstr('x')])), 'another key');
});

void tap.test('integerValue and textValue read only their own types', async (t) => {
  t.equal(integerValue(int(-3)), -3);
  t.equal(integerValue(long(3n)), 3n);
  for (const type of ['timestamp', 'double', 'decimal', 'longstr', 'bool']) {
    t.equal(integerValue(EVERY_TYPE.get(type)), undefined, type);
  }
  t.equal(textValue(longstr('é')), 'é');
  t.equal(textValue(EVERY_TYPE.get('binary')), undefined);
  t.equal(textValue(undefined), undefined);
});

void tap.test('plain objects become tables', async (t) => {
  const date = new Date('2024-02-29T12:00:00.900Z');
  const plain = {
    text: 'é',
    small: -1,
    edge: 2 ** 31 - 1,
    big: 2 ** 31,
    bigger: 2n ** 62n,
    part: 1.5,
    huge: 1e300,
    yes: true,
    nothing: null,
    left: undefined,
    bytes: new Uint8Array([1, 2]),
    date,
    list: [1, 'x', [null]],
    inner: { k: false },
  };
  t.strictSame(
    fromPlain(plain),
    table(
      ['text', longstr('é')],
      ['small', int(-1)],
      ['edge', int(2 ** 31 - 1)],
      ['big', long(2n ** 31n)],
      ['bigger', long(2n ** 62n)],
      ['part', { type: 'double', value: 1.5 }],
      ['huge', { type: 'double', value: 1e300 }],
      ['yes', { type: 'bool', value: true }],
      ['nothing', { type: 'void' }],
      ['bytes', { type: 'binary', value: Buffer.from([1, 2]) }],
      ['date', { type: 'timestamp', value: 1_709_208_000n }],
      [
        'list',
        { type: 'array', value: [int(1), longstr('x'), { type: 'array', value: [{ type: 'void' }] }] },
      ],
      ['inner', { type: 'table', value: table(['k', { type: 'bool', value: false }]) }],
    ),
  );
});

void tap.test('what has no place in a table is refused', async (t) => {
  const ring: Record<string, unknown> = {};
  ring['ring'] = ring;
  t.throws(() => fromPlain(ring), TypeError, 'an object inside itself');
  t.throws(() => fromPlain({ f: () => 1 }), TypeError);
  t.throws(() => fromPlain({ s: Symbol('s') }), TypeError);
  t.throws(() => fromPlain({ b: 2n ** 63n }), RangeError);
  t.throws(() => fromPlain({ d: new Date(-1) }), RangeError, 'before the epoch');
  t.throws(() => fromPlain({ d: new Date(Number.NaN) }), RangeError);
});

void tap.test('tables become plain objects that JSON can hold', async (t) => {
  const { bool, longstr: text, binary, decimal, ...rest } = toPlain(EVERY_TYPE);
  t.equal(bool, true);
  t.equal(text, 'long ✓');
  t.equal(binary, 'Not UTF-8, base64 is: /wD+');
  t.equal(decimal, 3.14);
  t.strictSame(JSON.parse(JSON.stringify(rest)), {
    byte: -2,
    unsignedbyte: 254,
    short: -300,
    unsignedshort: 65_000,
    signedint: -70_000,
    unsignedint: 4_000_000_000,
    long: -(2 ** 63),
    timestamp: 2 ** 64,
    float: -0.5,
    double: 0.1,
    array: [1, null, []],
    table: { é: false },
    void: null,
  });
});

void tap.test('no key of a table reaches the prototype of the object', async (t) => {
  const plain = toPlain(table(['__proto__', { type: 'table', value: table(['polluted', int(1)]) }]));
  t.equal(Object.getPrototypeOf(plain), null);
  t.equal(JSON.stringify(plain), '{"__proto__":{"polluted":1}}');
  t.notOk('polluted' in {});
});
