import t from 'tap';
import { TimeSlices } from '../../lib/amqp/time-slices.js';
import { ManualClock } from '../../lib/base/clock.js';
import { Turn } from '../../lib/base/turn.js';

/** Slices whose turns the spec runs, and what was admitted in them. */
class Trial {
  readonly clock = new ManualClock(1_700_000_000_000);
  readonly #runs: (() => void)[] = [];
  readonly slices = new TimeSlices(this.clock, new Turn((run) => void this.#runs.push(run)));
  admitted = '';

  /** `name` waits; once admitted it works for so many milliseconds, and as often as it is said waits again. */
  wait(name: string, ms = 0, again = 0): void {
    this.slices.wait({
      admit: () => {
        this.admitted += name;
        this.clock.advance(ms);
        if (again > 0) this.wait(name, ms, again - 1);
      },
    });
  }

  /** Who was admitted in the next turn. */
  turn(): string {
    this.admitted = '';
    this.#runs.shift()?.();
    return this.admitted;
  }
}

void t.test('who waits is admitted in a later turn, in order', async (t) => {
  const trial = new Trial();
  for (const name of 'abc') trial.wait(name);
  t.equal(trial.admitted, '');
  t.equal(trial.turn(), 'abc');
  t.equal(trial.turn(), '');
});

void t.test('a turn admits only as many as it has time for', async (t) => {
  const trial = new Trial();
  for (const name of 'abcdef') trial.wait(name, 10);
  t.same([trial.turn(), trial.turn(), trial.turn(), trial.turn()], ['ab', 'cd', 'ef', '']);
});

void t.test('one that takes all the time there is does not keep the others waiting twice', async (t) => {
  const trial = new Trial();
  trial.wait('a', 500, 3);
  trial.wait('b', 1, 2);
  const turns = Array.from({ length: 6 }, () => trial.turn());
  t.same(turns, ['a', 'ba', 'ba', 'ba', '', '']);
});

void t.test('who waits again while being admitted has its next turn', async (t) => {
  const trial = new Trial();
  trial.wait('a', 0, 2);
  t.same([trial.turn(), trial.turn(), trial.turn(), trial.turn()], ['a', 'a', 'a', '']);
});
