import tap from 'tap';
import { Random } from '../support/random.js';
import { type RestartKind, StoreTrial } from '../support/store-trial.js';

const isTorture = process.env['WARRENMQ_TORTURE'] !== undefined;
if (isTorture) tap.setTimeout(7_200_000);
const SEEDS = isTorture ? 20 : 3;
const FIRST_SEED = Number(process.env['WARRENMQ_SEED'] ?? 1);
/** The short form leaves out all but one point in so many. */
const STRIDE = isTorture ? 1 : 13;
const STEPS = 60;

/** Runs until the machine stops within the operation `at`; undefined when it came to its end before. */
async function complaintsAt(seed: number, at: number, before: RestartKind): Promise<string[] | undefined> {
  const random = new Random(seed);
  const trying = new StoreTrial(random);
  await trying.open();
  for (let left = STEPS / 2; left > 0; left--) await trying.step();
  await trying.restart(before);
  const { files } = trying;
  files.dieAfter(at);
  for (let left = STEPS; left > 0 && !files.isDead; left--) await trying.step();
  if (!files.isDead) return undefined;
  await trying.restart('power loss');
  return trying.complaints;
}

for (const before of ['close', 'kill', 'power loss'] as const) {
  void tap.test(`a loss of power within any operation, after a ${before}`, async (t) => {
    let points = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      let complaints: string[] | undefined = [];
      for (let at = seed % STRIDE; complaints?.length === 0; at += STRIDE) {
        complaints = await complaintsAt(seed, at, before);
        points++;
        if (complaints !== undefined && complaints.length > 0)
          t.fail(`seed ${seed}, operation ${at}`, { complaints });
      }
    }
    t.ok(points > (50 * SEEDS) / STRIDE, 'it has met many operations');
  });
}
