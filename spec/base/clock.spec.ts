import t from 'tap';
import { ManualClock, systemClock } from '../../lib/base/clock.js';

void t.test('a manual clock stands still until it is moved', async (t) => {
  const clock = new ManualClock(1000);
  t.equal(clock.now(), 1000);
  t.equal(clock.now(), 1000);
  clock.advance(250);
  t.equal(clock.now(), 1250);
});

void t.test('tasks run when they are due, in order of their due time', async (t) => {
  const clock = new ManualClock(0);
  const seen: [string, number][] = [];
  const note = (name: string) => (): void => void seen.push([name, clock.now()]);
  clock.after(30, note('c'));
  clock.after(10, note('a'));
  clock.after(10, note('b'));
  clock.after(31, note('late'));
  clock.advance(9);
  t.same(seen, []);
  clock.advance(21);
  t.same(seen, [
    ['a', 10],
    ['b', 10],
    ['c', 30],
  ]);
});

void t.test('a task runs once, and one for now or for the past runs at the next move', async (t) => {
  const clock = new ManualClock(100);
  let runs = 0;
  clock.after(0, () => runs++);
  clock.after(-50, () => runs++);
  t.equal(runs, 0);
  clock.advance(0);
  t.equal(runs, 2);
  t.equal(clock.now(), 100);
  clock.advance(1000);
  t.equal(runs, 2);
});

void t.test('a task that asks for another one gets it on the way', async (t) => {
  const clock = new ManualClock(0);
  const at: number[] = [];
  const tick = (): void => {
    at.push(clock.now());
    clock.after(10, tick);
  };
  clock.after(10, tick);
  clock.advance(35);
  t.same(at, [10, 20, 30]);
  t.equal(clock.now(), 35);
});

void t.test('a cancelled task does not run, and cancelling again does no harm', async (t) => {
  const clock = new ManualClock(0);
  let runs = 0;
  const first = clock.after(10, () => second.cancel());
  const second = clock.after(10, () => runs++);
  clock.advance(20);
  t.equal(runs, 0);
  first.cancel();
  second.cancel();
});

void t.test("the system's clock tells wall time and calls back", async (t) => {
  const before = Date.now();
  t.ok(systemClock.now() >= before);
  // The clock's timers do not keep a process alive; here somebody has to.
  const keepAlive = setInterval(() => {}, 1000);
  await new Promise<void>((resolve) => systemClock.after(0, resolve));
  clearInterval(keepAlive);
});

void t.test("the system's clock waits for longer than a timer of Node can", async (t) => {
  const warnings: string[] = [];
  const warn = (warning: Error): void => void warnings.push(warning.name);
  process.on('warning', warn);
  let early = false;
  const timer = systemClock.after(0x7fffffff * 3, () => (early = true));
  await new Promise<void>((resolve) => setImmediate(() => setTimeout(resolve, 3)));
  timer.cancel();
  process.off('warning', warn);
  t.same([early, warnings], [false, []]);
});

void t.test("the system's clock forgets what is cancelled", async (t) => {
  let ran = false;
  const timer = systemClock.after(0, () => (ran = true));
  timer.cancel();
  timer.cancel();
  await new Promise<void>((resolve) => setTimeout(resolve, 3));
  t.equal(ran, false);
});
