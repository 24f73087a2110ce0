import * as fc from 'fast-check';
import tap from 'tap';
import { systemClock } from '../../lib/base/clock.js';
import { openDurableMessageStore } from '../../lib/store/durable-message-store.js';
import { MemoryMessageStore } from '../../lib/store/memory-message-store.js';
import { Random } from '../support/random.js';
import { type StoreCommand, StoreModel, type StoreUnderTest } from '../support/store-model.js';
import { tinyLimits } from '../support/tiny-limits.js';
import { UnsafeFiles } from '../support/unsafe-files.js';

const isTorture = process.env['WARRENMQ_TORTURE'] !== undefined;
if (isTorture) tap.setTimeout(7_200_000);
const RUNS = isTorture ? 5000 : 150;
const SEED = Number(process.env['WARRENMQ_SEED'] ?? Date.now() % 2 ** 31);

const queue = fc.nat(2);
const queues = fc.uniqueArray(queue, { minLength: 1 });
const which = fc.array(fc.boolean(), { maxLength: 8 });
const commands: fc.Arbitrary<StoreCommand> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('publish' as const),
      queues,
      persistent: fc.boolean(),
      size: fc.oneof(fc.nat(50), fc.nat(3000)),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('take' as const), queue, which }) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constantFrom('settle' as const, 'requeue' as const), queue, which }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('transact' as const), queues, from: queue, which }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constantFrom('purge' as const, 'remove' as const), queue }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constantFrom('commit' as const, 'stop' as const, 'kill' as const) }),
  },
);

/** On a disk in memory, so small that a few messages fill pages, segments and log files. */
function onDisk(seed: number): StoreUnderTest {
  let files = new UnsafeFiles(new Random(seed));
  const random = new Random(seed);
  return {
    open: () =>
      openDurableMessageStore({
        directory: '/store',
        files,
        clock: systemClock,
        limits: tinyLimits,
        random: () => random.bits(),
      }),
    kill: () => {
      files = files.kill();
    },
  };
}

const STORES: Readonly<Record<string, (seed: number) => StoreUnderTest>> = {
  memory: () => ({ open: async () => new MemoryMessageStore() }),
  disk: onDisk,
};

for (const [name, under] of Object.entries(STORES)) {
  void tap.test(`the ${name} store does what lists would do, ${RUNS} runs, seed ${SEED}`, async (t) => {
    const property = fc.asyncProperty(
      fc.array(commands, { maxLength: 60, size: 'max' }),
      fc.nat(),
      async (script, seed) => new StoreModel(under(seed)).run(script),
    );
    await fc.assert(property, { numRuns: RUNS, seed: SEED });
    t.ok(true);
  });
}
