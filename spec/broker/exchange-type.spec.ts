import tap from 'tap';
import { EXCHANGE_TYPES } from '../../lib/broker/exchange-type.js';
import { args, text } from './arguments/fields.js';
import { refusal } from './arguments/refusal.js';
import { binding, found } from './matchers/bindings.js';

void tap.test('the exchange types are those of the protocol, each by its name', async (t) => {
  t.strictSame([...EXCHANGE_TYPES.keys()], ['direct', 'fanout', 'topic', 'headers']);
  for (const [name, type] of EXCHANGE_TYPES) {
    t.equal(type.name, name);
    t.ok(type.description);
  }
});

void tap.test('only a headers exchange looks at the arguments of a binding', async (t) => {
  for (const [name, type] of EXCHANGE_TYPES) {
    const refused = refusal(() => type.checkBinding('k', args({ 'x-match': text('nope') })));
    t.equal(refused !== undefined, name === 'headers', name);
  }
});

for (const [name, type] of EXCHANGE_TYPES) {
  void tap.test(`a ${name} exchange finds what is bound and forgets what is not any more`, async (t) => {
    const matcher = type.create<string>();
    const [first, second] = [binding('k', new Map(), 'a'), binding('k', new Map(), 'b')];
    t.strictSame(found(matcher, 'k'), []);
    matcher.add(first);
    matcher.add(second);
    t.strictSame(found(matcher, 'k'), ['a', 'b']);
    matcher.remove(first);
    t.strictSame(found(matcher, 'k'), ['b']);
    matcher.remove(first);
    t.strictSame(found(matcher, 'k'), ['b']);
    matcher.remove(second);
    t.strictSame(found(matcher, 'k'), []);
  });

  void tap.test(
    `a ${name} exchange finds a destination that is bound twice until both bindings are gone`,
    async (t) => {
      const matcher = type.create<string>();
      const [first, second] = [binding('k', new Map(), 'a'), binding('k', args({ 'x-n': text('2') }), 'a')];
      matcher.add(first);
      matcher.add(second);
      t.strictSame(found(matcher, 'k'), ['a']);
      matcher.remove(first);
      t.strictSame(found(matcher, 'k'), ['a']);
      matcher.remove(second);
      t.strictSame(found(matcher, 'k'), []);
    },
  );

  void tap.test(`a ${name} exchange adds to what was found before`, async (t) => {
    const matcher = type.create<string>();
    matcher.add(binding('k', new Map(), 'a'));
    const before = new Set(['z']);
    matcher.match('k', undefined, before);
    t.strictSame([...before], ['z', 'a']);
  });
}

void tap.test('results may be kept by routing key, except those of a headers exchange', async (t) => {
  for (const [name, type] of EXCHANGE_TYPES) t.equal(type.create().readsHeaders, name === 'headers');
});

void tap.test('a fanout or headers exchange is not asked again for another routing key', async (t) => {
  const keyless = [...EXCHANGE_TYPES].filter(([, type]) => !type.create().readsKey).map(([name]) => name);
  t.same(keyless, ['fanout', 'headers']);
});
