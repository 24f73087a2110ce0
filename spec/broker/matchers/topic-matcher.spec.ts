import * as fc from 'fast-check';
import tap from 'tap';
import { TopicMatcher } from '../../../lib/broker/matchers/topic-matcher.js';
import { binding, found } from './bindings.js';

/** By the book: every way to spend the key's words on the pattern's is tried. */
function matches(pattern: readonly string[], key: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return key.length === 0;
  if (first === '#') return matches(rest, key) || (key.length > 0 && matches(pattern, key.slice(1)));
  return key.length > 0 && (first === '*' || first === key[0]) && matches(rest, key.slice(1));
}

const words = (text: string): string[] => (text === '' ? [] : text.split('.'));

const matcherOf = (...patterns: string[]): TopicMatcher<string> => {
  const matcher = new TopicMatcher<string>();
  for (const pattern of patterns) matcher.add(binding(pattern));
  return matcher;
};

const PATTERNS = '|*|#|.|*.*|#.*|*.#|..|#.#|a.#|#.a|*.|.*|a.|.a|#.|.#'.split('|');

void tap.test('* is one word, # any number; empty words count, and an empty key has no words', async (t) => {
  const matcher = matcherOf(...PATTERNS);
  const expected: readonly [string, string][] = [
    ['', '|#|#.#'],
    ['.', '#|.|*.*|#.*|*.#|#.#|*.|.*|#.|.#'],
    ['a', '*|#|#.*|*.#|#.#|a.#|#.a'],
    ['a.', '#|*.*|#.*|*.#|#.#|a.#|*.|a.|#.'],
    ['.a', '#|*.*|#.*|*.#|#.#|#.a|.*|.a|.#'],
    ['..', '#|#.*|*.#|..|#.#|#.|.#'],
    ['a.b', '#|*.*|#.*|*.#|#.#|a.#'],
  ];
  for (const [key, patterns] of expected)
    t.strictSame(found(matcher, key), patterns.split('|').toSorted(), `'${key}'`);
});

void tap.test('* and # in a key are words like others', async (t) => {
  const matcher = matcherOf('*', '#', 'a', 'a.*', 'a.#', 'a.b');
  t.strictSame(found(matcher, '*'), ['#', '*']);
  t.strictSame(found(matcher, '#'), ['#', '*']);
  t.strictSame(found(matcher, 'a.*'), ['#', 'a.#', 'a.*']);
});

void tap.test('words are compared whole, with their case, and may be named like anything', async (t) => {
  const matcher = matcherOf('stock.usd', 'stock.*', 'constructor.__proto__');
  t.strictSame(found(matcher, 'stock.usd'), ['stock.*', 'stock.usd']);
  t.strictSame(found(matcher, 'stock.us'), ['stock.*']);
  t.strictSame(found(matcher, 'Stock.usd'), []);
  t.strictSame(found(matcher, 'constructor.__proto__'), ['constructor.__proto__']);
});

void tap.test('a pattern of many # is matched without trying every split', async (t) => {
  const pattern = `${'#.'.repeat(60)}a`;
  const matcher = matcherOf(pattern);
  t.strictSame(found(matcher, `${'b.'.repeat(100)}a`), [pattern]);
  t.strictSame(found(matcher, 'b.'.repeat(100)), []);
});

const patternText = fc
  .array(fc.constantFrom('a', 'b', '', '*', '#', '#'), { maxLength: 6 })
  .map((parts) => parts.join('.'));
const keyText = fc
  .array(fc.constantFrom('a', 'b', 'a', 'c', '', '*', '#'), { maxLength: 7 })
  .map((parts) => parts.join('.'));

void tap.test('any patterns find what they find by the book', async () => {
  fc.assert(
    fc.property(fc.uniqueArray(patternText, { maxLength: 20 }), fc.array(keyText), (patterns, keys) => {
      const matcher = matcherOf(...patterns);
      return keys.every((key) => {
        const expected = patterns.filter((pattern) => matches(words(pattern), words(key)));
        return String(found(matcher, key)) === String(expected.toSorted());
      });
    }),
    { numRuns: 2000 },
  );
});

/** Nodes that a trie of these patterns needs: one for each distinct beginning. */
function nodesFor(patterns: readonly string[]): number {
  const beginnings = new Set<string>();
  for (const pattern of patterns) {
    const list = words(pattern);
    for (let length = 0; length <= list.length; length++)
      beginnings.add(JSON.stringify(list.slice(0, length)));
  }
  return Math.max(1, beginnings.size);
}

void tap.test('what was removed is found no more and leaves no nodes behind', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(patternText, fc.boolean()), { maxLength: 20 }),
      fc.array(keyText),
      (rows, keys) => {
        const matcher = new TopicMatcher<string>();
        const bindings = rows.map(([pattern], index) => binding(pattern, new Map(), `${index}`));
        for (const each of bindings) matcher.add(each);
        const kept = bindings.filter((_, index) => rows[index]![1]);
        for (const each of bindings) if (!kept.includes(each)) matcher.remove(each);
        matcher.remove(binding('a.never.added'));
        const right = keys.every((key) => {
          const expected = kept.filter((each) => matches(words(each.routingKey), words(key)));
          return String(found(matcher, key)) === String(expected.map((each) => each.destination).toSorted());
        });
        return right && matcher.size === nodesFor(kept.map((each) => each.routingKey));
      },
    ),
    { numRuns: 1000 },
  );
});
