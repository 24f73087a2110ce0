import { test } from 'tap';
import { readConfFile } from '../../lib/config/conf-file.js';
import { keyNames, keyOf } from '../../lib/config/setting.js';

/** Line and the value that RabbitMQ's own reader finds in it. */
const VALUES: readonly (readonly [line: string, text: string])[] = [
  ['k = v', 'v'],
  ['k=v', 'v'],
  ['  k  =  v  ', 'v'],
  ['k = hello world   # trailing comment', 'hello world'],
  ['k = pa#ss', 'pa'],
  ["k = 'pa#ss'", 'pa#ss'],
  ["k = 'pa#ss'  # why", 'pa#ss'],
  ["k = ''", ''],
  ["k = ' blanks '", ' blanks '],
  ["k = 'q' tail", "'q' tail"],
  ["k = it's", "it's"],
  ["k = 'a", "'a"],
  ['k = "double quoted"', '"double quoted"'],
  ['k = x = y', 'x = y'],
  [String.raw`k = ^a\.b|[c-d]$`, String.raw`^a\.b|[c-d]$`],
  ['k = ü', 'ü'],
];

const BROKEN = [
  '[section]',
  'k',
  'k : v',
  'a b = 1',
  '= v',
  '.k = v',
  'k. = v',
  'a..b = v',
  'ü = 1',
  '[{rabbit, []}].',
];

void test('a value is what RabbitMQ finds in the line', async (t) => {
  for (const [line, text] of VALUES) {
    t.strictSame(readConfFile('f', line), [{ key: 'k', text, origin: 'f:1' }], line);
  }
});

void test('keys are words of letters, digits, underscores and hyphens, joined by dots', async (t) => {
  for (const key of ['heartbeat', 'listeners.tcp.1', 'a-b.C_d', String.raw`loopback_users.john\.doe`]) {
    t.match(readConfFile('f', `${key} = v`), [{ key }]);
  }
});

void test('every setting knows its line; blank lines and comments are none', async (t) => {
  const settings = readConfFile('dir/rabbitmq.conf', '\uFEFF# comment\r\n\r\na = 1\r\n   # more\n\t\nb = 2');
  t.strictSame(settings, [
    { key: 'a', text: '1', origin: 'dir/rabbitmq.conf:3' },
    { key: 'b', text: '2', origin: 'dir/rabbitmq.conf:6' },
  ]);
});

void test('a line that is no assignment is named with its number', async (t) => {
  for (const line of BROKEN) {
    t.throws(() => readConfFile('f', `\n  ${line}  \n`), {
      name: 'ConfigError',
      message: `f:2: expected 'key = value', got '${line}'`,
    });
  }
});

void test('a key without a value is named, with how to write an empty one', async (t) => {
  for (const line of ['default_pass =', 'default_pass = # none']) {
    t.throws(() => readConfFile('f', line), {
      name: 'ConfigError',
      message: "f:1: 'default_pass' has no value; write '' for an empty one",
    });
  }
});

void test('a key and its names are exact inverses', async (t) => {
  t.strictSame(keyNames(String.raw`a.b\.c.d`), ['a', 'b.c', 'd']);
  t.equal(keyOf(['a', 'b.c', 'd']), String.raw`a.b\.c.d`);
});
