import t from 'tap';
import { Turn } from '../../lib/base/turn.js';

/** A turn whose moments the spec chooses, and what ran in them. */
function manualTurn(): { turn: Turn; run: () => void; scheduled: () => number; seen: string[] } {
  const runs: (() => void)[] = [];
  const turn = new Turn((run) => void runs.push(run));
  return { turn, run: () => runs.shift()?.(), scheduled: () => runs.length, seen: [] };
}

const task = (seen: string[], name: string, then = (): void => {}) => ({
  runTurn(): void {
    seen.push(name);
    then();
  },
});

void t.test('work runs in order, and flushes after all of it', async (t) => {
  const { turn, run, seen } = manualTurn();
  turn.flush(task(seen, 'flush'));
  turn.work(task(seen, 'one'));
  turn.work(task(seen, 'two'));
  t.same(seen, []);
  run();
  t.same(seen, ['one', 'two', 'flush']);
});

void t.test('a turn is asked for once, and not while there is nothing to do', async (t) => {
  const { turn, run, scheduled, seen } = manualTurn();
  t.equal(scheduled(), 0);
  turn.work(task(seen, 'a'));
  turn.flush(task(seen, 'b'));
  turn.again(task(seen, 'c'));
  t.equal(scheduled(), 1);
  run();
  t.equal(scheduled(), 0);
});

void t.test('work that is added while work runs has its place in the same turn', async (t) => {
  const { turn, run, scheduled, seen } = manualTurn();
  turn.flush(task(seen, 'flush'));
  turn.work(task(seen, 'one', () => turn.work(task(seen, 'two', () => turn.flush(task(seen, 'flush too'))))));
  run();
  t.same(seen, ['one', 'two', 'flush', 'flush too']);
  t.equal(scheduled(), 0);
});

void t.test('work that comes from a flush waits for the next turn', async (t) => {
  const { turn, run, scheduled, seen } = manualTurn();
  turn.flush(task(seen, 'flush', () => turn.work(task(seen, 'work'))));
  run();
  t.same(seen, ['flush']);
  t.equal(scheduled(), 1);
  run();
  t.same(seen, ['flush', 'work']);
});

void t.test('what is to run again runs in the turn after, never in this one', async (t) => {
  const { turn, run, scheduled, seen } = manualTurn();
  const often = task(seen, 'often', () => turn.again(often));
  turn.work(often);
  run();
  t.same(seen, ['often']);
  t.equal(scheduled(), 1);
  run();
  run();
  t.same(seen, ['often', 'often', 'often']);
});

void t.test('by default a turn comes after the sockets were read', async (t) => {
  const turn = new Turn();
  const seen: string[] = [];
  const done = new Promise<void>((resolve) => turn.flush(task(seen, 'flush', resolve)));
  turn.work(task(seen, 'work'));
  await done;
  t.same(seen, ['work', 'flush']);
});
