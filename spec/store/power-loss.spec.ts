import tap from 'tap';
import { Random } from '../support/random.js';
import { type RestartKind, StoreTrial } from '../support/store-trial.js';

const isTorture = process.env['WARRENMQ_TORTURE'] !== undefined;
if (isTorture) tap.setTimeout(7_200_000);
const SEEDS = isTorture ? 1000 : 25;
const FIRST_SEED = Number(process.env['WARRENMQ_SEED'] ?? 1);

interface Trouble {
  /** How often the room on the disk changes, in percent of the steps. */
  readonly fullness?: number;
  /** How often the disk begins to fail, in percent of the steps. */
  readonly decay?: number;
}

async function trial(
  seed: number,
  kinds: readonly RestartKind[],
  { fullness = 0, decay = 0 }: Trouble,
): Promise<string[]> {
  const random = new Random(seed);
  const trying = new StoreTrial(random);
  await trying.open();
  for (let round = 0; round < 4; round++) {
    for (let left = random.below(150); left > 0; left--) {
      if (random.below(100) < fullness) trying.changeRoom();
      if (random.below(100) < decay) trying.breakDisk();
      await trying.step();
    }
    await trying.restart(random.pick(kinds));
    if (trying.complaints.length > 0) return [`seed ${seed}, round ${round}`, ...trying.complaints];
  }
  return [];
}

function proves(promise: string, kinds: readonly RestartKind[], trouble: Trouble = {}): void {
  void tap.test(`${promise}, ${SEEDS} seeds`, async (t) => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const complaints = await trial(seed, kinds, trouble);
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
proves('a disk that is full again and again makes no difference', ['power loss', 'kill', 'close'], {
  fullness: 8,
});
proves('a disk that fails makes no promise that it does not keep', ['power loss', 'kill'], { decay: 2 });
