import tap from 'tap';
import { isTorture, SEED } from '../support/crash-seed.js';
import { CrashTrial } from '../support/crash-trial.js';
import { Random } from '../support/random.js';

const ROUNDS = isTorture ? 100 : 5;

tap.setTimeout(isTorture ? 7_200_000 : 110_000);

void tap.test(
  `a killed broker has everything that it confirmed, ${ROUNDS} rounds, seed ${SEED}`,
  async (t) => {
    const trial = await CrashTrial.create(new Random(SEED));
    t.teardown(() => trial.close());
    for (let round = 0; round < ROUNDS && trial.isGood; round++) await trial.round('kill');
    if (trial.isGood) await trial.drain();
    t.comment(trial.figures);
    for (const complaint of trial.complaints) t.fail(complaint, { diagnostic: false });
    t.ok(trial.isGood, 'the ledger has nothing to complain of');
  },
);
