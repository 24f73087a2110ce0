import { deepStrictEqual } from 'node:assert/strict';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { test } from 'tap';
import { LevelMetadataStore } from '../../lib/meta/level-metadata-store.js';
import { MemoryMetadataStore } from '../../lib/meta/memory-metadata-store.js';
import type { Change, MetadataStore } from '../../lib/meta/metadata-store.js';

const key = fc.constantFrom('a', 'b', 'c');

const change: fc.Arbitrary<Change> = fc.record({
  key,
  value: fc.option(fc.nat(9), { nil: undefined }),
  lifetime: fc.constantFrom('durable', 'ephemeral'),
});

interface Step {
  readonly changes: readonly Change[];
  readonly absent: readonly string[];
  /** Whether its answer is awaited before the next step. */
  readonly awaited: boolean;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    changes: fc.array(change, { maxLength: 4 }),
    absent: fc.array(key, { maxLength: 1 }),
    awaited: fc.boolean(),
  }),
  { maxLength: 30 },
);

interface Outcome {
  readonly answers: readonly boolean[];
  readonly values: readonly unknown[];
  /** What watchers were told of each key. */
  readonly told: Readonly<Record<string, unknown[]>>;
}

async function run(store: MetadataStore, sequence: readonly Step[]): Promise<Outcome> {
  const told: Record<string, unknown[]> = { a: [], b: [], c: [] };
  store.watch((changes) => changes.forEach((one) => told[one.key]?.push(one.value)));
  const answers: Promise<boolean>[] = [];
  for (const { changes, absent, awaited } of sequence) {
    const answer = store.apply(changes, absent);
    answers.push(answer);
    if (awaited) await answer;
  }
  return { answers: await Promise.all(answers), values: await store.list(''), told };
}

/** What a restart leaves: the keys whose last change was durable. */
async function restarted(directory: string): Promise<readonly unknown[]> {
  const store = await LevelMetadataStore.open(directory);
  const values = await store.list('');
  await store.close();
  return values;
}

async function durableOf(sequence: readonly Step[]): Promise<readonly unknown[]> {
  const store = new MemoryMetadataStore();
  const lifetimes = new Map<string, Change['lifetime']>();
  store.watch((changes) => changes.forEach((one) => lifetimes.set(one.key, one.lifetime)));
  await run(store, sequence);
  return (await store.list('')).filter(([name]) => lifetimes.get(name) === 'durable');
}

void test('any sequence of transactions, awaited or not, ends as it does in memory, also after a restart', async (t) => {
  const directory = t.testdir();
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const own = join(directory, String((runs += 1)));
      const store = await LevelMetadataStore.open(own);
      const outcome = await run(store, sequence);
      await store.close();
      deepStrictEqual(outcome, await run(new MemoryMetadataStore(), sequence));
      deepStrictEqual(await restarted(own), await durableOf(sequence));
    }),
    { numRuns: 150 },
  );
});
