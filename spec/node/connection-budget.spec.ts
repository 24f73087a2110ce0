import { Writable } from 'node:stream';
import { pino } from 'pino';
import t from 'tap';
import { ConnectionBudget, type ConnectionLimit } from '../../lib/node/connection-budget.js';
import { mostSockets } from '../../lib/node/file-descriptors.js';

/** A budget, and the messages that it logs. */
function limited(limit: ConnectionLimit) {
  const lines: string[] = [];
  const sink = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push((JSON.parse(line.toString()) as { msg: string }).msg);
      done();
    },
  });
  return { lines, budget: new ConnectionBudget(limit, pino(sink)) };
}

void t.test('connections are taken up to the limit', async (t) => {
  const { budget } = limited({ most: 3, because: 'b' });
  t.strictSame(
    [1, 2, 3, 4, 5].map(() => budget.take()),
    [true, true, true, false, false],
  );
  t.equal(budget.open, 3);
  budget.giveBack();
  t.equal(budget.take(), true);
});

void t.test('without a limit everybody is taken', async (t) => {
  const { budget, lines } = limited({ most: Infinity, because: 'a' });
  for (let i = 0; i < 100_000; i++) if (!budget.take()) t.fail();
  t.strictSame(lines, []);
});

void t.test('the first refusal is logged with its reason, and that there is room again', async (t) => {
  const { budget, lines } = limited({ most: 20, because: 'twenty is enough' });
  for (let i = 0; i < 30; i++) budget.take();
  t.strictSame(lines, ['new connections are refused: twenty is enough']);
  budget.giveBack();
  budget.take();
  budget.take();
  t.equal(lines.length, 1, 'one that comes and goes at the limit says nothing');
  for (let i = 0; i < 5; i++) budget.giveBack();
  t.strictSame(lines.slice(1), ['new connections are taken again']);
  for (let i = 0; i < 10; i++) budget.take();
  t.equal(lines.length, 3, 'the next time is told again');
});

void t.test('connections leave file descriptors for files, however few there are', async (t) => {
  t.equal(mostSockets(1024), 831);
  t.equal(mostSockets(1_048_576), 943_628);
  t.equal(mostSockets(100), 45);
  t.equal(mostSockets(Infinity), Infinity);
});
