import tap from 'tap';
import { HeadersMatcher } from '../../../lib/broker/matchers/headers-matcher.js';
import type { FieldValue } from '../../../lib/wire/values.js';
import {
  args,
  array,
  binary,
  bool,
  byte,
  decimal,
  double,
  float,
  int,
  long,
  nothing,
  short,
  table,
  text,
  timestamp,
  unsignedByte,
} from '../arguments/fields.js';
import { binding, found } from './bindings.js';

type Fields = Readonly<Record<string, FieldValue>>;

/** Whether a binding with the arguments takes a message with the headers. */
function takes(wanted: Fields, headers: Fields | undefined): boolean {
  const matcher = new HeadersMatcher<string>();
  matcher.add(binding('k', args(wanted)));
  return found(matcher, 'another key', headers === undefined ? undefined : args(headers)).length > 0;
}

const match = (mode: string): Fields => ({ 'x-match': text(mode) });
const AB = { a: text('1'), b: text('2') };

void tap.test('without x-match, and with all, every argument must be there and equal', async (t) => {
  for (const mode of [{}, match('all')]) {
    t.ok(takes({ ...mode, ...AB }, AB));
    t.ok(takes({ ...mode, ...AB }, { ...AB, c: int(1) }));
    t.notOk(takes({ ...mode, ...AB }, { a: text('1') }));
    t.notOk(takes({ ...mode, ...AB }, { a: text('1'), b: text('3') }));
    t.notOk(takes({ ...mode, ...AB }, undefined));
  }
});

void tap.test('with any, one argument suffices', async (t) => {
  const any = { ...match('any'), ...AB };
  t.ok(takes(any, { a: text('1') }));
  t.ok(takes(any, { a: text('3'), b: text('2') }));
  t.notOk(takes(any, { a: text('2'), b: text('1') }));
  t.notOk(takes(any, undefined));
});

void tap.test('no arguments at all: all takes every message, any takes none', async (t) => {
  for (const headers of [undefined, {}, AB]) {
    t.ok(takes({}, headers));
    t.ok(takes(match('all'), headers));
    t.ok(takes(match('all-with-x'), headers));
    t.notOk(takes(match('any'), headers));
    t.notOk(takes(match('any-with-x'), headers));
  }
});

void tap.test('all and any do not look at arguments that begin with x-', async (t) => {
  t.ok(takes({ 'x-foo': text('1') }, undefined));
  t.ok(takes({ a: text('1'), 'x-foo': text('1') }, { a: text('1') }));
  t.notOk(takes({ ...match('any'), 'x-foo': text('1') }, { 'x-foo': text('1') }));
  t.notOk(takes({ x: text('1') }, undefined), 'x is not x-');
  t.notOk(takes({ 'X-a': text('1') }, undefined), 'X- is not x-');
});

void tap.test('all-with-x and any-with-x look at them too, except x-match', async (t) => {
  const all = { ...match('all-with-x'), a: text('1'), 'x-foo': text('2') };
  t.ok(takes(all, { a: text('1'), 'x-foo': text('2') }));
  t.notOk(takes(all, { a: text('1') }));
  const any = { ...match('any-with-x'), 'x-foo': text('2'), 'x-match2': text('1') };
  t.ok(takes(any, { 'x-foo': text('2') }));
  t.ok(takes(any, { 'x-match2': text('1') }));
  t.notOk(takes(any, { 'x-match': text('any-with-x') }));
});

void tap.test('an argument of type void asks for the header only, whatever its value', async (t) => {
  for (const header of [text('1'), int(1), bool(false), nothing, table({})]) {
    t.ok(takes({ a: nothing }, { a: header }));
    t.ok(takes({ ...match('any'), a: nothing, b: nothing }, { a: header }));
  }
  t.notOk(takes({ a: nothing }, { b: int(1) }));
});

void tap.test(
  'values are compared as RabbitMQ compares them: by amount or bytes, not by the type on the wire',
  async (t) => {
    const numbers = [
      int(1),
      long(1n),
      short(1),
      byte(1),
      unsignedByte(1),
      timestamp(1n),
      double(1),
      float(1),
    ];
    for (const a of numbers) for (const b of numbers) t.ok(takes({ a }, { a: b }), `${a.type} and ${b.type}`);
    t.ok(takes({ a: text('1') }, { a: binary(0x31) }));
    t.ok(takes({ a: binary(0x31) }, { a: text('1') }));
    t.ok(takes({ a: double(0) }, { a: double(-0) }));
    t.ok(takes({ a: table({}) }, { a: array() }));
  },
);

void tap.test('values that RabbitMQ tells apart do not match', async (t) => {
  const pairs: readonly [FieldValue, FieldValue][] = [
    [text('1'), int(1)],
    [bool(true), int(1)],
    [bool(true), bool(false)],
    [text('a'), text('A')],
    [decimal(1, 10), int(1)],
    [decimal(1, 10), decimal(0, 1)],
    [long(2n ** 53n + 1n), double(2 ** 53)],
    [int(1), nothing],
    [table({ p: int(1), q: int(2) }), table({ q: int(2), p: int(1) })],
    [array(int(1), int(2)), array(long(1n), int(2))],
    [array(int(1)), table({ p: int(1) })],
  ];
  for (const [a, b] of pairs) {
    t.notOk(takes({ a }, { a: b }), `${a.type} and ${b.type}`);
    if (b.type !== 'void') t.notOk(takes({ a: b }, { a }), `${b.type} and ${a.type}`);
  }
});

void tap.test('equal tables and arrays match, with what is in them', async (t) => {
  const nested = table({ p: array(int(1), text('x')), q: nothing });
  t.ok(takes({ a: nested }, { a: table({ p: array(int(1), text('x')), q: nothing }) }));
  t.ok(takes({ a: decimal(1, 10) }, { a: decimal(1, 10) }));
});
