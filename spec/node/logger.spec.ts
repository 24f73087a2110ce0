import { test } from 'tap';
import { plainLine } from '../../lib/node/logger.js';

const TIME = Date.UTC(2026, 0, 31, 12);

const lineOf = (record: object): string => plainLine(JSON.stringify({ time: TIME, level: 40, ...record }));

test('a line for people has time, severity, message and details', async (t) => {
  t.equal(
    lineOf({ msg: 'disk alarm', free: 12, reason: 'a text' }),
    '2026-01-31 12:00:00.000 [warning] disk alarm free=12 reason=a text',
  );
});

test('a name with a line break makes no line of its own', async (t) => {
  const name = 'x\r\n2026-01-31 12:00:00.000 [critical] forged';
  for (const record of [{ msg: name }, { msg: 'm', user: name }, { msg: 'm', damage: { name } }]) {
    t.notMatch(lineOf(record), /[\r\n]/);
  }
  t.match(lineOf({ msg: 'm', user: '\u001b[2Jx\u009b' }), /user=\\x1b\[2Jx\\x9b$/);
});

test('the stack of a defect keeps its lines', async (t) => {
  t.match(lineOf({ msg: 'internal error', stack: 'Error: x\n    at y' }), /stack=Error: x\n {4}at y$/);
});
