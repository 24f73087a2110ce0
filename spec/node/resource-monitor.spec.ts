import t from 'tap';
import { ManualClock } from '../../lib/base/clock.js';
import { Alarms } from '../../lib/broker/alarms.js';
import { silentLogger } from '../../lib/node/logger.js';
import { processProbe, ResourceMonitor } from '../../lib/node/resource-monitor.js';
import { eventually } from '../support/eventually.js';

function monitored() {
  const clock = new ManualClock();
  const alarms = new Alarms();
  const figures = { memory: 0, heap: 0, diskFree: 1000, collections: 0 };
  const told: string[] = [];
  alarms.listen({ alarmsChanged: () => told.push(alarms.reason) });
  const monitor = new ResourceMonitor(
    { memory: 1000, diskFree: 100 },
    {
      memory: () => figures.memory,
      heap: () => figures.heap,
      collect: () => void figures.collections++,
      diskFree: async () => figures.diskFree,
    },
    alarms,
    clock,
    silentLogger(),
  );
  return { clock, alarms, figures, told, monitor };
}

t.test('memory at its limit raises an alarm, and a little room clears it', async (t) => {
  const { alarms, figures, monitor } = monitored();
  await monitor.look();
  t.equal(alarms.active, false);
  figures.memory = 1000;
  await monitor.look();
  t.equal(alarms.reason, 'low on memory');
  figures.memory = 980;
  await monitor.look();
  t.equal(alarms.active, true, 'too little room to clear it');
  figures.memory = 969;
  await monitor.look();
  t.equal(alarms.active, false);
});

t.test(
  'free disk space below its limit raises an alarm, and a little more than that clears it',
  async (t) => {
    const { alarms, figures, monitor } = monitored();
    figures.diskFree = 99;
    await monitor.look();
    t.equal(alarms.reason, 'low on disk');
    figures.diskFree = 101;
    await monitor.look();
    t.equal(alarms.active, true);
    figures.diskFree = 104;
    await monitor.look();
    t.equal(alarms.active, false);
  },
);

t.test('a heap that fills up is short of memory, long before the watermark on a large machine', async (t) => {
  const { alarms, figures, monitor } = monitored();
  figures.heap = 0.8;
  await monitor.look();
  t.equal(alarms.reason, 'low on memory');
  t.equal(alarms.isShort('heap'), true);
  figures.heap = 0.78;
  await monitor.look();
  t.equal(alarms.active, true, 'too little room to clear it');
  for (let i = 0; i < 10; i++) await monitor.look();
  t.equal(figures.collections, 1);
  figures.heap = 0.77;
  await monitor.look();
  t.equal(alarms.active, false);
});

t.test('a disk that is full raises the alarm at once, whatever is said to be free', async (t) => {
  const { alarms, monitor } = monitored();
  monitor.diskIsFull(true);
  t.equal(alarms.reason, 'low on disk');
  await monitor.look();
  t.equal(alarms.active, true);
  monitor.diskIsFull(false);
  await monitor.look();
  t.equal(alarms.active, false);
});

t.test('both alarms are told in one reason', async (t) => {
  const { alarms, figures, told, monitor } = monitored();
  figures.memory = 2000;
  figures.diskFree = 0;
  await monitor.look();
  t.equal(alarms.reason, 'low on memory & disk');
  t.same(told, ['low on memory', 'low on memory & disk']);
});

t.test('a started monitor looks again by itself, until it is stopped', async (t) => {
  const { clock, alarms, figures, monitor } = monitored();
  await monitor.start();
  figures.memory = 5000;
  await eventually('the alarm', () => {
    clock.advance(500);
    return alarms.active;
  });
  monitor.stop();
  figures.memory = 0;
  clock.advance(60_000);
  t.equal(alarms.active, true);
});

t.test('a look that fails is not the last one', async () => {
  const { clock, alarms, figures, monitor } = monitored();
  await monitor.start();
  let failures = 0;
  const diskFree = Object.getOwnPropertyDescriptor(figures, 'diskFree')!;
  Object.defineProperty(figures, 'diskFree', {
    configurable: true,
    get: () => {
      failures++;
      throw new Error('too many open files');
    },
  });
  await eventually('failures', () => {
    clock.advance(500);
    return failures > 2;
  });
  Object.defineProperty(figures, 'diskFree', { ...diskFree, value: 0 });
  await eventually('the alarm', () => {
    clock.advance(500);
    return alarms.active;
  });
  monitor.stop();
});

t.test('while memory is short garbage is collected, less and less often', async (t) => {
  const { figures, monitor } = monitored();
  const lookFor = async (seconds: number): Promise<number> => {
    const before = figures.collections;
    for (let i = 0; i < seconds * 2; i++) await monitor.look();
    return figures.collections - before;
  };
  t.equal(await lookFor(60), 0);
  figures.memory = 2000;
  t.equal(await lookFor(3), 0, 'a short alarm needs none');
  t.equal(await lookFor(2), 1);
  t.equal(await lookFor(8), 1);
  t.equal(await lookFor(16), 1);
  t.equal(await lookFor(640), 10, 'once a minute in the long run');
  figures.memory = 0;
  t.equal(await lookFor(60), 0);
  figures.memory = 2000;
  t.equal(await lookFor(5), 1, 'a new alarm begins anew');
});

t.test('the share of the heap that is in use grows with what is kept', async (t) => {
  const probe = processProbe(undefined);
  const before = probe.heap();
  const kept = Array.from({ length: 500_000 }, (_, i) => ({ i }));
  const share = probe.heap();
  t.ok(share > before && share < 1, `${kept.length} objects: ${before} -> ${share}`);
});

t.test('what was freed does not count as memory in use', async (t) => {
  const probe = processProbe(undefined);
  const buffers = Array.from({ length: 200 }, () => Buffer.alloc(1_000_000, 1));
  const full = probe.memory();
  t.ok(full > buffers.length * 1_000_000);
  buffers.length = 0;
  probe.collect();
  probe.collect();
  t.ok(probe.memory() < full - 150_000_000, `${full} -> ${probe.memory()}`);
});
