import fc from 'fast-check';
import t from 'tap';
import { Returned } from '../../lib/store/returned.js';

const entry = (position: number) => ({ position });

t.test('what comes back leaves in order of position, however it came', async (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constant('shift' as const), fc.array(fc.nat(1000), { maxLength: 20 })), {
        maxLength: 60,
      }),
      (steps) => {
        const returned = new Returned<{ position: number }>();
        let model: number[] = [];
        for (const step of steps) {
          if (step === 'shift') {
            t.equal(returned.shift()?.position, model.shift());
          } else {
            returned.insert(step.map(entry));
            model = model.concat(step).toSorted((a, b) => a - b);
          }
          t.equal(returned.length, model.length);
          t.equal(returned.first()?.position, model[0]);
        }
      },
    ),
    { numRuns: 200 },
  );
});

t.test('nothing is left after clear', async (t) => {
  const returned = new Returned<{ position: number }>();
  returned.insert([entry(3), entry(1)]);
  returned.clear();
  t.equal(returned.length, 0);
  t.equal(returned.shift(), undefined);
});
