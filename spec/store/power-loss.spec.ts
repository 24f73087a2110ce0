import tap from 'tap';
import { Random } from '../support/random.js';
import { type RestartKind, StoreTrial } from '../support/store-trial.js';

const isTorture = process.env['WARRENMQ_TORTURE'] !== undefined;
if (isTorture) tap.setTimeout(7_200_000);
const SEEDS = isTorture ? 1000 : 25;
const FIRST_SEED = Number(process.env['WARRENMQ_SEED'] ?? 1);

/** @param fullness how often the room on the disk changes, in percent of the steps */
async function trial(seed: number, kinds: readonly RestartKind[], fullness: number): Promise<string[]> {
  const random = new Random(seed);
  const trying = new StoreTrial(random);
  await trying.open();
  for (let round = 0; round < 4; round++) {
    for (let left = random.below(150); left > 0; left--) {
      if (random.below(100) < fullness) trying.changeRoom();
      await trying.step();
    }
    await trying.restart(random.pick(kinds));
    if (trying.complaints.length > 0) return [`seed ${seed}, round ${round}`, ...trying.complaints];
  }
  return [];
}

function proves(promise: string, kinds: readonly RestartKind[], fullness = 0): void {
  void tap.test(`${promise}, ${SEEDS} seeds`, async (t) => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const complaints = await trial(seed, kinds, fullness);
      if (complaints.length === 0) continue;
      t.fail('the store broke its promise', { complaints: complaints.slice(0, 20) });
      return;
    }
    t.ok(true);
  });
}

proves('a clean stop changes nothing', ['close']);
proves('a killed process loses nothing that was confirmed', ['kill']);
proves('a loss of power loses nothing that was confirmed', ['power loss', 'power loss', 'kill', 'close']);
proves('a disk that is full again and again makes no difference', ['power loss', 'kill', 'close'], 8);
