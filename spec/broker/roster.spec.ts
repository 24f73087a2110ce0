import t from 'tap';
import { Roster, type Subscription } from '../../lib/broker/roster.js';
import { TestConsumer, type TestConsumerOptions } from './test-consumer.js';

/** A roster with the consumers named, in order of arrival. */
function rosterOf(
  consumers: Record<string, TestConsumerOptions>,
  singleActive = false,
): { roster: Roster; subscriptions: Record<string, Subscription> } {
  const roster = new Roster(singleActive);
  const subscriptions: Record<string, Subscription> = {};
  for (const [tag, options] of Object.entries(consumers))
    subscriptions[tag] = roster.add(new TestConsumer(tag, options));
  return { roster, subscriptions };
}

/** Whose turn it is, `times` times over; each takes one delivery. */
function serve(roster: Roster, times: number): string {
  let served = '';
  for (let i = 0; i < times; i++) {
    const next = roster.next();
    if (next === undefined) return `${served}-`;
    (next.consumer as TestConsumer).credit--;
    served += next.consumer.tag;
    roster.resume(next);
  }
  return served;
}

const consumerOf = (subscription: Subscription | undefined): TestConsumer =>
  subscription?.consumer as TestConsumer;

void t.test('consumers of one priority take turns in order of arrival', async (t) => {
  const { roster } = rosterOf({ a: {}, b: {}, c: {} });
  t.equal(serve(roster, 7), 'abcabca');
});

void t.test('nobody is served where nobody is', async (t) => {
  const roster = new Roster(false);
  t.equal(roster.next(), undefined);
  t.equal(roster.size, 0);
  t.equal(roster.hasReady, false);
});

void t.test('one who has no credit is passed over until it comes back', async (t) => {
  const { roster, subscriptions } = rosterOf({ a: { credit: 1 }, b: {}, c: { credit: 0 } });
  t.equal(serve(roster, 4), 'abbb');
  consumerOf(subscriptions['c']).credit = 2;
  roster.resume(subscriptions['c']!);
  t.equal(serve(roster, 6), 'bcbcbb');
});

void t.test('one who loses its credit while waiting is passed over', async (t) => {
  const { roster, subscriptions } = rosterOf({ a: {}, b: {} });
  consumerOf(subscriptions['a']).credit = 0;
  t.equal(serve(roster, 2), 'bb');
  consumerOf(subscriptions['a']).credit = 1;
  roster.resume(subscriptions['a']!);
  t.equal(serve(roster, 3), 'bab');
});

void t.test('resuming one who waits already does not give it a second turn', async (t) => {
  const { roster, subscriptions } = rosterOf({ a: {}, b: {} });
  for (let i = 0; i < 3; i++) roster.resume(subscriptions['a']!);
  t.equal(serve(roster, 4), 'abab');
});

void t.test('the highest priority is served as long as it has credit', async (t) => {
  const { roster, subscriptions } = rosterOf({
    low: { priority: -3 },
    a: {},
    X: { priority: 5, credit: 2 },
    Y: { priority: 5, credit: 1 },
    b: { credit: 1 },
    max: { priority: 2 ** 40, credit: 1 },
  });
  t.equal(serve(roster, 8), 'maxXYXabaa');
  consumerOf(subscriptions['Y']).credit = 1;
  roster.resume(subscriptions['Y']!);
  consumerOf(subscriptions['a']).credit = 1;
  t.equal(serve(roster, 4), 'Yalowlow');
});

void t.test('one who left is not served, wherever it stood', async (t) => {
  const { roster, subscriptions } = rosterOf({ a: {}, b: {}, c: { credit: 0 } });
  roster.remove(subscriptions['a']!);
  roster.remove(subscriptions['c']!);
  consumerOf(subscriptions['c']).credit = 9;
  roster.resume(subscriptions['c']!);
  t.equal(roster.size, 1);
  t.equal(serve(roster, 2), 'bb');
  roster.remove(subscriptions['b']!);
  roster.remove(subscriptions['b']!);
  t.equal(roster.size, 0);
  t.equal(serve(roster, 1), '-');
});

void t.test('one who leaves in its own turn does not come back', async (t) => {
  const { roster } = rosterOf({ a: {}, b: {} });
  const a = roster.next();
  roster.remove(a!);
  roster.resume(a!);
  t.equal(serve(roster, 2), 'bb');
});

void t.test('it is known whether anybody would take a message', async (t) => {
  const { roster, subscriptions } = rosterOf({ a: { credit: 0 }, b: { credit: 1, priority: 2 } });
  t.equal(roster.hasReady, true);
  consumerOf(subscriptions['b']).credit = 0;
  t.equal(roster.hasReady, false);
  consumerOf(subscriptions['b']).credit = 1;
  roster.remove(subscriptions['b']!);
  t.equal(roster.hasReady, false);
});

void t.test('an exclusive consumer is known as long as it is there', async (t) => {
  const { roster, subscriptions } = rosterOf({ a: { exclusive: true } });
  t.equal(roster.hasExclusive, true);
  roster.remove(subscriptions['a']!);
  t.equal(roster.hasExclusive, false);
});

void t.test('consumers that come and go leave nothing behind', async (t) => {
  const roster = new Roster(false);
  const stays = roster.add(new TestConsumer('stays', { priority: 7 }));
  for (let i = 0; i < 1000; i++) roster.remove(roster.add(new TestConsumer('goes', { priority: i % 50 })));
  t.equal(roster.waitingCount, 1);
  t.equal(roster.levelCount, 1);
  t.equal(serve(roster, 2), 'staysstays');
  roster.remove(stays);
  t.equal(roster.levelCount, 0);
});

void t.test('where only one is active, the first to come is served alone', async (t) => {
  const { roster, subscriptions } = rosterOf({ a: { credit: 2 }, b: { priority: 9 } }, true);
  t.equal(roster.active, subscriptions['a']);
  t.equal(serve(roster, 3), 'aa-');
  t.equal(roster.hasReady, false);
  roster.resume(subscriptions['b']!);
  t.equal(serve(roster, 1), '-');
});

void t.test('the next active one has the highest priority, and of those came first', async (t) => {
  const { roster, subscriptions } = rosterOf(
    { a: {}, b: { priority: 1 }, c: { priority: 5 }, d: { priority: 5 } },
    true,
  );
  for (const tag of ['a', 'c', 'd', 'b']) {
    t.equal(roster.active, subscriptions[tag]);
    t.equal(serve(roster, 2), tag.repeat(2));
    roster.remove(subscriptions[tag]!);
  }
  t.equal(roster.active, undefined);
  t.equal(serve(roster, 1), '-');
});

void t.test('when one who is not active leaves, the active one stays', async (t) => {
  const { roster, subscriptions } = rosterOf({ a: {}, b: {} }, true);
  roster.remove(subscriptions['b']!);
  t.equal(roster.active, subscriptions['a']);
  t.equal(serve(roster, 2), 'aa');
});

void t.test('an active one without credit keeps its place', async (t) => {
  const { roster, subscriptions } = rosterOf({ a: { credit: 0 }, b: {} }, true);
  t.equal(serve(roster, 1), '-');
  consumerOf(subscriptions['a']).credit = 1;
  roster.resume(subscriptions['a']!);
  t.equal(serve(roster, 2), 'a-');
});

void t.test('any number of active ones may leave in a row, while others join', async (t) => {
  const roster = new Roster(true);
  const line = [roster.add(new TestConsumer('first'))];
  for (let i = 0; i < 1000; i++) {
    line.push(roster.add(new TestConsumer(`${i}`)));
    if (i % 3 > 0) continue;
    t.equal(roster.active, line[0]);
    roster.remove(line.shift()!);
  }
  for (const subscription of line) {
    t.equal(roster.active, subscription);
    roster.remove(subscription);
  }
  t.equal(roster.active, undefined);
});
