import * as fc from 'fast-check';
import t from 'tap';
import { type ConfirmSink, ConfirmTracker } from '../../lib/amqp/confirm-tracker.js';
import { REFUSED } from '../../lib/broker/publish.js';
import { SAFE } from '../../lib/store/message-store.js';
import { SEED } from '../wire/seeded-random.js';

t.comment(`WARRENMQ_SEED=${SEED}`);

/** What was told, as a publisher would read it. */
class Told implements ConfirmSink {
  readonly lines: string[] = [];

  ack(tag: number, multiple: boolean): void {
    this.lines.push(`ack ${tag}${multiple ? ' multiple' : ''}`);
  }

  nack(tag: number): void {
    this.lines.push(`nack ${tag}`);
  }
}

/** A tracker of publishes that wait for these batches. */
function trackerOf(...batches: number[]): ConfirmTracker {
  const tracker = new ConfirmTracker();
  for (const batch of batches) tracker.add(batch);
  return tracker;
}

function tell(tracker: ConfirmTracker, committed: number): string[] {
  const told = new Told();
  tracker.tell(committed, told);
  return told.lines;
}

void t.test('one publish is acknowledged by its own number, several by the last', async (t) => {
  const tracker = trackerOf(SAFE);
  t.strictSame(tell(tracker, 0), ['ack 1']);
  tracker.add(SAFE);
  tracker.add(SAFE);
  t.strictSame(tell(tracker, 0), ['ack 3 multiple']);
  t.strictSame(tell(tracker, 0), [], 'nothing is told twice');
});

void t.test('nothing is told before its batch is safe', async (t) => {
  const tracker = trackerOf(1, 1, 2);
  t.equal(tracker.isDue(0), false);
  t.strictSame(tell(tracker, 0), []);
  t.equal(tracker.isDue(1), true);
  t.strictSame(tell(tracker, 1), ['ack 2 multiple']);
  t.equal(tracker.waiting, true);
  t.equal(tracker.unconfirmed, 1);
  t.strictSame(tell(tracker, 5), ['ack 3']);
  t.equal(tracker.waiting, false);
  t.equal(tracker.unconfirmed, 0);
});

void t.test('a publish that is safe at once waits for those before it', async (t) => {
  const tracker = trackerOf(3, SAFE, SAFE);
  t.equal(tracker.isDue(2), false);
  t.strictSame(tell(tracker, 3), ['ack 3 multiple']);
});

void t.test('a refusal is told in its place, and alone', async (t) => {
  t.strictSame(tell(trackerOf(REFUSED), 0), ['nack 1']);
  t.strictSame(tell(trackerOf(SAFE, SAFE, REFUSED, SAFE), 0), ['ack 2 multiple', 'nack 3', 'ack 4']);
  t.strictSame(tell(trackerOf(REFUSED, REFUSED), 0), ['nack 1', 'nack 2']);
});

void t.test('a refusal waits for the batches before it', async (t) => {
  const tracker = trackerOf(4, REFUSED, 5, SAFE);
  t.equal(tracker.isDue(3), false);
  t.strictSame(tell(tracker, 4), ['ack 1', 'nack 2']);
  t.strictSame(tell(tracker, 5), ['ack 4 multiple']);
});

void t.test('batches that come out of order are told in the order of the publishes', async (t) => {
  const tracker = trackerOf(7, 5, 6);
  t.strictSame(tell(tracker, 6), []);
  t.strictSame(tell(tracker, 7), ['ack 3 multiple']);
});

/** Expands what was told into one outcome for each publish, in the order of telling. */
function expand(lines: readonly string[]): { tag: number; outcome: string }[] {
  const outcomes: { tag: number; outcome: string }[] = [];
  for (const line of lines) {
    const [outcome = '', number = '', multiple] = line.split(' ');
    const tag = Number(number);
    const from = multiple === undefined ? tag : outcomes.length + 1;
    for (let one = from; one <= tag; one++) outcomes.push({ tag: one, outcome });
  }
  return outcomes;
}

void t.test('every publish is told once, in order, rightly, and not before it is safe', async () => {
  const publish = fc.oneof(
    { weight: 5, arbitrary: fc.constant('wait' as const) },
    { weight: 2, arbitrary: fc.constant('safe' as const) },
    { weight: 1, arbitrary: fc.constant('refused' as const) },
    { weight: 2, arbitrary: fc.constant('next batch' as const) },
    { weight: 2, arbitrary: fc.constant('commit' as const) },
  );
  fc.assert(
    fc.property(fc.array(publish, { maxLength: 200 }), (steps) => {
      const tracker = new ConfirmTracker();
      const batches: number[] = [];
      const told: string[] = [];
      let current = 1;
      let committed = 0;
      for (const step of [...steps, 'next batch' as const, 'commit' as const]) {
        if (step === 'next batch') current++;
        else if (step === 'commit') {
          committed = current - 1;
          const due = tracker.isDue(committed);
          const lines = tell(tracker, committed);
          if (due !== lines.length > 0) throw new Error('isDue is not what tell does');
          told.push(...lines);
          const next = expand(told).length;
          if (batches[next] !== undefined && Math.max(...batches.slice(0, next + 1)) <= committed)
            throw new Error(`publish ${next + 1} is safe and was not told`);
          for (const batch of batches.slice(0, next))
            if (batch > committed) throw new Error('told too early');
        } else {
          batches.push(step === 'wait' ? current : step === 'safe' ? SAFE : REFUSED);
          tracker.add(batches.at(-1) as number);
        }
      }
      const outcomes = expand(told);
      if (outcomes.length !== batches.length) throw new Error('not all were told');
      outcomes.forEach(({ tag, outcome }, at) => {
        if (tag !== at + 1) throw new Error(`${tag} was told as the ${at + 1}th`);
        if (outcome !== (batches[at] === REFUSED ? 'nack' : 'ack')) throw new Error(`${tag}: ${outcome}`);
      });
    }),
    { seed: SEED, numRuns: 1000 },
  );
});
