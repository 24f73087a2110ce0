import tap, { type Test } from 'tap';
import { stringTerm, termOf, typedTerm } from '../../../lib/broker/arguments/erlang-term.js';
import type { FieldValue } from '../../../lib/wire/values.js';
import {
  array,
  binary,
  bool,
  decimal,
  double,
  float,
  int,
  long,
  nothing,
  table,
  text,
  timestamp,
} from './fields.js';

function showsAs(t: Test, cases: readonly (readonly [FieldValue, string])[]): void {
  for (const [field, term] of cases) t.equal(termOf(field), term);
}

void tap.test('numbers and atoms', async (t) => {
  showsAs(t, [
    [int(-7), '-7'],
    [long(2n ** 62n), '4611686018427387904'],
    [timestamp(4n), '4'],
    [bool(true), 'true'],
    [nothing, 'undefined'],
    [decimal(2, 5), '{2,5}'],
  ]);
});

void tap.test(
  'a float has a point, and an exponent where that is shorter or it is 2^53 and more',
  async (t) => {
    const cases: readonly [number, string][] = [
      [1, '1.0'],
      [100, '100.0'],
      [1000, '1.0e3'],
      [99_999, '99999.0'],
      [100_000, '1.0e5'],
      [1_234_567, '1234567.0'],
      [123_456_789, '123456789.0'],
      [12_345_678_901_234, '12345678901234.0'],
      [2.5e10, '2.5e10'],
      [1e15, '1.0e15'],
      [2 ** 53, '9.007199254740992e15'],
      [1.23e22, '1.23e22'],
      [1e100, '1.0e100'],
      [Number.MAX_VALUE, '1.7976931348623157e308'],
      [0.5, '0.5'],
      [0.05, '0.05'],
      [0.0001, '0.0001'],
      [1.5e-5, '1.5e-5'],
      [1e-7, '1.0e-7'],
      [5e-324, '5.0e-324'],
      [0, '0.0'],
      [-0, '-0.0'],
      [-2.5, '-2.5'],
      [-1_000_000, '-1.0e6'],
    ];
    showsAs(
      t,
      cases.map(([value, term]) => [double(value), term] as const),
    );
    t.equal(termOf(float(Math.fround(0.1))), '0.10000000149011612');
  },
);

void tap.test('bytes are a string where all are printable in Latin-1, and numbers where not', async (t) => {
  showsAs(t, [
    [text(''), '<<>>'],
    [text('all'), '<<"all">>'],
    [text('café'), '<<"café">>'],
    [text('a"b\\c'), '<<"a\\"b\\\\c">>'],
    [text('\b\t\n\v\f\r\u001b'), '<<"\\b\\t\\n\\v\\f\\r\\e">>'],
    [text('x\u0001'), '<<120,1>>'],
    [text('\u007f'), '<<127>>'],
    [text('À'), '<<195,128>>'],
    [binary(0x61), '<<"a">>'],
  ]);
});

void tap.test('tables and arrays show the types of what they hold', async (t) => {
  showsAs(t, [
    [array(), '[]'],
    [table({}), '[]'],
    [array(int(65), text('q'), nothing), '[{signedint,65},{longstr,<<"q">>},{void,undefined}]'],
    [
      table({ z: text('a'), b: table({ c: array(double(1)) }) }),
      '[{<<"z">>,longstr,<<"a">>},{<<"b">>,table,[{<<"c">>,array,[{double,1.0}]}]}]',
    ],
  ]);
  t.equal(typedTerm(text('1x')), '{longstr,<<"1x">>}');
});

void tap.test('a text around any bytes is a string term, or a list of its bytes', async (t) => {
  t.equal(stringTerm("mode '", Buffer.from('foo'), "'"), `"mode 'foo'"`);
  t.equal(stringTerm('a', Buffer.from([1]), ''), '[97,1]');
});
