import * as fc from 'fast-check';
import t from 'tap';
import { type Delivery, type Taker, UnackedLedger } from '../../lib/amqp/unacked-ledger.js';
import { Entry } from '../../lib/store/entry.js';
import { memoryInUse } from '../support/memory-in-use.js';
import { messageOf } from '../support/messages.js';
import { SEED } from '../wire/seeded-random.js';

const message = messageOf('body');
const taker = { settled: () => {} } as unknown as Taker;

t.comment(`WARRENMQ_SEED=${SEED}`);

let positions = 0;
const entry = (): Entry => new Entry(message, positions++, 0);

/** A ledger with so many deliveries, tags 1 and up. */
function filled(count: number): { ledger: UnackedLedger; entries: Entry[] } {
  const ledger = new UnackedLedger();
  const entries = Array.from({ length: count }, entry);
  for (const one of entries) ledger.add(one, taker);
  return { ledger, entries };
}

const tags = (deliveries: readonly Delivery[]): number[] => deliveries.map(({ tag }) => tag);

void t.test('delivery tags count up from 1, also over deliveries that need no acknowledgement', async (t) => {
  const ledger = new UnackedLedger();
  t.equal(ledger.add(entry(), taker), 1);
  t.equal(ledger.skip(), 2);
  t.equal(ledger.skip(), 3);
  t.equal(ledger.add(entry(), taker), 4);
  t.equal(ledger.size, 2);
});

void t.test('a delivery is given back once, with who took it', async (t) => {
  const { ledger, entries } = filled(3);
  t.equal(ledger.remove(2)?.entry, entries[1]);
  t.equal(ledger.remove(2), undefined);
  t.equal(ledger.remove(3)?.taker, taker);
  t.equal(ledger.size, 1);
});

void t.test('tags that were never given, skipped, or are of no use are not outstanding', async (t) => {
  const { ledger } = filled(2);
  ledger.skip();
  for (const tag of [0, -1, 3, 4, 17, 18, 2 ** 31, 2 ** 53, 0.5, Number.NaN]) {
    t.equal(ledger.has(tag), false, `${tag}`);
    t.equal(ledger.remove(tag), undefined, `${tag}`);
  }
  t.equal(ledger.size, 2);
});

void t.test('all up to a tag come out in order, and no others', async (t) => {
  const { ledger } = filled(5);
  ledger.remove(2);
  t.strictSame(tags(ledger.removeUpTo(4)), [1, 3, 4]);
  t.strictSame(tags(ledger.removeUpTo(Infinity)), [5]);
  t.strictSame(tags(ledger.removeUpTo(Infinity)), []);
});

void t.test('of many up to a tag the first come out, as many as are wanted', async (t) => {
  const { ledger } = filled(6);
  ledger.restore(ledger.remove(2) as Delivery);
  ledger.restore(ledger.remove(1) as Delivery);
  t.strictSame(tags(ledger.removeUpTo(5, 1)), [1]);
  t.strictSame(tags(ledger.removeUpTo(5, 3)), [2, 3, 4]);
  t.strictSame(tags(ledger.removeUpTo(5, 3)), [5]);
  t.strictSame([ledger.size, ledger.has(6)], [1, true]);
});

void t.test('what a transaction gives back is outstanding again under its tag', async (t) => {
  const { ledger } = filled(4);
  const taken = [ledger.remove(3), ledger.remove(1)].map((one) => one as Delivery);
  for (const delivery of taken) ledger.restore(delivery);
  t.equal(ledger.size, 4);
  t.equal(ledger.has(3), true);
  t.strictSame(tags(ledger.removeUpTo(3)), [1, 2, 3]);
  t.equal(ledger.size, 1);
});

void t.test('a delivery that stays while a million pass does not stretch the ledger', async (t) => {
  const { ledger, entries } = filled(1);
  const before = memoryInUse();
  for (let i = 0; i < 1_000_000; i++) {
    if (i % 2 === 0) ledger.skip();
    else ledger.remove(ledger.add(entries[0] as Entry, taker));
  }
  t.ok(memoryInUse() - before < 1_000_000);
  t.equal(ledger.size, 1);
  t.equal(ledger.remove(1)?.entry, entries[0]);
});

void t.test('an empty ledger that was large once is small again', async (t) => {
  const { ledger } = filled(300_000);
  t.equal(ledger.removeUpTo(Infinity).length, 300_000);
  t.equal(ledger.capacity, 16);
  t.equal(ledger.add(entry(), taker), 300_001);
});

void t.test('all of it is handed over in order, with who took it, and the tags go on', async (t) => {
  for (const count of [0, 3, 100_000]) {
    const { ledger, entries } = filled(count);
    const drained: Entry[] = [];
    ledger.drain((one, from) => {
      if (from === taker) drained.push(one);
    });
    t.ok(drained.every((one, index) => one === entries[index]));
    t.strictSame([drained.length, ledger.size, ledger.capacity], [count, 0, 16]);
    t.equal(ledger.add(entry(), taker), count + 1);
    t.equal(ledger.remove(count + 1)?.tag, count + 1);
  }
});

type Step =
  | { readonly do: 'add' | 'skip' }
  | { readonly do: 'remove' | 'upTo' | 'has'; readonly share: number }
  | { readonly do: 'restore'; readonly count: number };

const share = fc.double({ min: 0, max: 1.1, noNaN: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('add' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('skip' as const) }) },
  { weight: 9, arbitrary: fc.record({ do: fc.constantFrom('remove', 'has'), share }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('upTo' as const), share }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restore' as const), count: fc.nat(3) }) },
);

function expectSame(what: string, got: unknown, wanted: unknown): void {
  if (got !== wanted) throw new Error(`${what}: ${String(got)} instead of ${String(wanted)}`);
}

/** Takes each step with the ledger and with a Map, which has to agree. `burst`: how often each add and skip is done. */
function agrees(steps: readonly Step[], burst: number): void {
  const ledger = new UnackedLedger();
  const model = new Map<number, Entry>();
  const removed: Delivery[] = [];
  let last = 0;
  const tagAt = (part: number): number => Math.floor(part * (last + 1));
  for (const one of steps) {
    if (one.do === 'add' || one.do === 'skip') {
      for (let i = 0; i < burst; i++) {
        const given = entry();
        if (one.do === 'add') model.set(last + 1, given);
        expectSame('tag', one.do === 'add' ? ledger.add(given, taker) : ledger.skip(), ++last);
      }
    } else if (one.do === 'remove') {
      const tag = tagAt(one.share);
      const delivery = ledger.remove(tag);
      expectSame(`entry of ${tag}`, delivery?.entry, model.get(tag));
      if (delivery !== undefined) removed.push(delivery);
      model.delete(tag);
    } else if (one.do === 'has') {
      expectSame('has', ledger.has(tagAt(one.share)), model.has(tagAt(one.share)));
    } else if (one.do === 'upTo') {
      const limit = tagAt(one.share);
      const wanted = [...model.keys()].filter((tag) => tag <= limit).toSorted((a, b) => a - b);
      expectSame('up to', tags(ledger.removeUpTo(limit)).join(), wanted.join());
      for (const tag of wanted) model.delete(tag);
    } else if (one.do === 'restore') {
      for (const delivery of removed.splice(-one.count)) {
        ledger.restore(delivery);
        model.set(delivery.tag, delivery.entry);
      }
    }
    expectSame('size', ledger.size, model.size);
    expectSame('oldest', ledger.oldest, Math.min(...model.keys()));
    expectSame('next', ledger.next, last + 1);
    const limit = last >> 1;
    expectSame(
      'below',
      [...ledger.below(limit)].length,
      [...model.keys()].filter((tag) => tag < limit).length,
    );
  }
  const rest: Entry[] = [];
  ledger.drain((given) => rest.push(given));
  const wanted = [...model].toSorted(([a], [b]) => a - b);
  expectSame('rest', rest.length, wanted.length);
  for (const [index, [, given]] of wanted.entries()) expectSame('entry', rest[index], given);
  expectSame('size', ledger.size, 0);
}

for (const [burst, numRuns] of [
  [1, 800],
  [7, 300],
  [600, 12],
] as const) {
  void t.test(`it agrees with a map whatever is done, ${burst} at a time`, async () => {
    const steps = fc.array(step, { maxLength: 120, size: 'max' });
    fc.assert(
      fc.property(steps, (some) => agrees(some, burst)),
      { seed: SEED, numRuns },
    );
  });
}
