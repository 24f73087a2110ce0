import tap from 'tap';
import { checkHeadersBinding, headersMatch } from '../../../lib/broker/arguments/binding-arguments.js';
import type { FieldValue } from '../../../lib/wire/values.js';
import {
  args,
  array,
  binary,
  bool,
  decimal,
  double,
  int,
  nothing,
  table,
  text,
  timestamp,
} from './fields.js';
import { refusal } from './refusal.js';

const refused = (field: FieldValue): string | undefined =>
  refusal(() => checkHeadersBinding(args({ 'x-match': field })));

void tap.test('x-match is all, any, all-with-x or any-with-x, and all if not given', async (t) => {
  for (const match of ['all', 'any', 'all-with-x', 'any-with-x']) {
    t.equal(refused(text(match)), undefined);
    t.equal(headersMatch(args({ 'x-match': text(match) })), match);
  }
  t.equal(headersMatch(new Map()), 'all');
  t.equal(
    refusal(() => checkHeadersBinding(args({ a: int(1), 'x-mode': nothing }))),
    undefined,
  );
});

void tap.test('another text for x-match is refused, shown as bytes', async (t) => {
  const shown: readonly [string, string][] = [
    ['', '<<>>'],
    ['ALL', '<<"ALL">>'],
    ['café', '<<"café">>'],
    ['a"b', '<<"a\\"b">>'],
    ['x\u0001', '<<120,1>>'],
  ];
  for (const [value, term] of shown) {
    t.equal(
      refused(text(value)),
      `Invalid x-match field value ${term}; expected all, any, all-with-x, or any-with-x`,
    );
  }
});

void tap.test('another type for x-match is refused, shown with its value', async (t) => {
  const shown: readonly [FieldValue, string][] = [
    [int(1), 'signedint (value 1)'],
    [bool(true), 'bool (value true)'],
    [nothing, 'void (value undefined)'],
    [double(1.5), 'double (value 1.5)'],
    [timestamp(1n), 'timestamp (value 1)'],
    [decimal(2, 5), 'decimal (value {2,5})'],
    [binary(0x61), 'binary (value <<"a">>)'],
    [array(), 'array (value [])'],
    [table({ a: int(1) }), 'table (value [{<<"a">>,signedint,1}])'],
  ];
  for (const [field, term] of shown) {
    t.equal(refused(field), `Invalid x-match field type ${term}; expected longstr`);
  }
});
