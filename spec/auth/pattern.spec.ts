import { test } from 'tap';
import { compilePattern, literalPattern } from '../../lib/auth/pattern.js';

/** Pattern, names it matches, names it does not; each row was compared with Erlang's `re`. */
const MEANINGS: readonly (readonly [
  pattern: string,
  matches: readonly string[],
  others: readonly string[],
])[] = [
  ['', [''], ['a', ' ']],
  ['.*', ['', 'a'], []],
  ['orders', ['orders', 'my orders!'], ['order']],
  ['^(a|b)+$', ['a', 'abba'], ['', 'abc']],
  [String.raw`^amq\.`, ['amq.direct'], ['amqXdirect', 'x.amq.']],
  [String.raw`^[\w.-]+$`, ['a-b', 'a.b'], ['a/b', '']],
  [String.raw`^((?!amq\.).)*$`, ['orders'], ['amq.topic']],
  [String.raw`\Aq`, ['qA'], ['Aq', 'aq']],
  [String.raw`q\z`, ['aq'], ['qz', 'q\n']],
  [String.raw`q\Z`, ['aq', 'q\n'], ['qZ', 'q\n\n']],
  [String.raw`a\hb`, ['a b', 'a\tb'], ['ahb']],
  [String.raw`^\Qa.b(\E+$`, ['a.b(', 'a.b(('], ['aXb(']],
  [String.raw`\Qa.b`, ['a.b'], ['aXb']],
  [String.raw`^\x{41}\x42$`, ['AB'], ['x{41}B']],
  [String.raw`\a|\e`, ['\u0007', '\u001b'], ['a', 'e']],
  ['^[[:alpha:]]+$', ['aB'], ['a1', ':']],
  ['^[[:digit:]_]+$', ['1_2'], ['a']],
  ['^[[:punct:]]$', ['!', '[', ']', '^', '`', '~', '/', ':', '-'], ['a', '0', ' ']],
  ['^[]x]+$', [']x'], ['[', 'a']],
  ['^[^]x]+$', ['a['], [']', 'x']],
  ['^[a[b]+$', ['a[b'], [']']],
  [String.raw`^[\]\x{41}-C]+$`, [']ABC'], ['D']],
  [String.raw`^[\b]$`, ['\b'], ['b']],
  ['(?i)ABC', ['abc', 'aBC'], ['ab']],
  ['(?is)a.B', ['A\nb'], ['ab']],
  ['(?ii)a', ['A'], ['b']],
  ['a{,2}', ['a{,2}'], ['aa']],
  [String.raw`(a)\1`, ['aa'], ['ab']],
  [String.raw`\bfoo\b`, ['a foo'], ['afoo']],
];

/** What JavaScript has no word for, and what is wrong in both. */
const REFUSED = [
  '[',
  '(',
  '\\',
  '*a',
  'a++b',
  '(?>a)',
  'x(?i)y',
  '[z-a]',
  '[[:bogus:]]',
  '[[:^alpha:]]',
  String.raw`\p{L}`,
  String.raw`\u0041`,
  String.raw`[\p]`,
  String.raw`\R`,
  String.raw`\x{110000}`,
];

void test('patterns mean what they mean in RabbitMQ', async (t) => {
  for (const [pattern, matches, others] of MEANINGS) {
    const compiled = compilePattern(pattern);
    for (const name of matches) t.equal(compiled.test(name), true, `'${pattern}' matches '${name}'`);
    for (const name of others) t.equal(compiled.test(name), false, `'${pattern}' does not match '${name}'`);
  }
});

void test('what cannot be compiled is refused with the pattern and the reason', async (t) => {
  for (const pattern of REFUSED) {
    t.throws(() => compilePattern(pattern), { name: 'AuthError', kind: 'invalid_pattern' }, pattern);
  }
  t.throws(() => compilePattern('[[:bogus:]]'), {
    message: "'[[:bogus:]]' is not a regular expression that can be used: the set [:bogus:] is not known",
  });
});

void test('a literal pattern matches its text only', async (t) => {
  const text = String.raw`a.b*c+(d)[e]{f}|g^h$i\j?`;
  t.ok(compilePattern(`^${literalPattern(text)}$`).test(text));
  t.notOk(compilePattern(`^${literalPattern('a.b')}$`).test('aXb'));
});

test('a pattern that could be tried in endless ways comes to an end', async (t) => {
  for (const pattern of ['(a+)+$', '^(a|aa)+$', '^(([a-z])+.)+[A-Z]([a-z])+$', '(.*)*(.*)*[^a!]$']) {
    t.equal(compilePattern(pattern).test(`${'a'.repeat(200)}!`), false, pattern);
  }
  t.equal(compilePattern('(a+)+$').test('!'.repeat(50) + 'a'.repeat(200)), true);
});
