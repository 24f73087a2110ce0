import tap from 'tap';
import { DirectMatcher } from '../../../lib/broker/matchers/direct-matcher.js';
import { binding, found } from './bindings.js';

void tap.test('a key matches itself only: no wildcards, case counts, empty is a key', async (t) => {
  const matcher = new DirectMatcher<string>();
  for (const key of ['', 'a', 'A', '*', '#', 'a.b', '__proto__']) matcher.add(binding(key));
  for (const key of ['', 'a', 'A', '*', '#', 'a.b', '__proto__']) t.strictSame(found(matcher, key), [key]);
  t.strictSame(found(matcher, 'b'), []);
});

void tap.test('a key that nothing is bound with takes no memory', async (t) => {
  const matcher = new DirectMatcher<string>();
  const bindings = [binding('a'), binding('a', new Map(), 'other'), binding('b')];
  for (const each of bindings) matcher.add(each);
  t.equal(matcher.size, 2);
  for (const each of bindings) matcher.remove(each);
  matcher.remove(binding('never added'));
  t.equal(matcher.size, 0);
});
