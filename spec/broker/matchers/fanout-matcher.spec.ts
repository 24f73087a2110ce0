import tap from 'tap';
import { FanoutMatcher } from '../../../lib/broker/matchers/fanout-matcher.js';
import { binding, found } from './bindings.js';

void tap.test('every destination is found, whatever the keys', async (t) => {
  const matcher = new FanoutMatcher<string>();
  for (const key of ['a', 'b', '']) matcher.add(binding(key));
  t.strictSame(found(matcher, 'nothing of these'), ['', 'a', 'b']);
});
