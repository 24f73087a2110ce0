import { test } from 'tap';
import {
  boolean,
  byteSize,
  fraction,
  informationUnits,
  listener,
  nonEmptyText,
  oneOf,
  orInfinity,
  positiveFactor,
  text,
  type ValueType,
  wholeNumber,
} from '../../lib/config/value-type.js';

interface Row {
  readonly type: ValueType<unknown>;
  readonly expects: string;
  readonly good: readonly (readonly [text: string, value: unknown])[];
  readonly bad: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    type: text,
    expects: 'text',
    good: [
      ['', ''],
      [' a ', ' a '],
    ],
    bad: [],
  },
  { type: nonEmptyText, expects: 'text that is not empty', good: [['a', 'a']], bad: [''] },
  {
    type: boolean,
    expects: 'true or false',
    good: [
      ['true', true],
      ['false', false],
    ],
    bad: ['TRUE', 'yes', '1', '', 'toString'],
  },
  {
    type: fraction,
    expects: 'a number above 0 and up to 1, such as 0.4',
    good: [
      ['0.4', 0.4],
      ['.4', 0.4],
      ['1', 1],
      ['1.0', 1],
    ],
    bad: ['0', '0.0', '1.1', '-0.4', '40%', '1e-1', '', '.'],
  },
  {
    type: positiveFactor,
    expects: 'a number above 0, such as 1.5',
    good: [
      ['1.5', 1.5],
      ['2', 2],
    ],
    bad: ['0', '-1', 'x'],
  },
  {
    type: wholeNumber({ min: 1, max: 9 }),
    expects: 'a whole number from 1 to 9',
    good: [
      ['1', 1],
      ['9', 9],
      ['+5', 5],
      ['007', 7],
    ],
    bad: ['0', '10', '-1', '1.5', '1 ', '0x1', '1_0', ''],
  },
  {
    type: wholeNumber({ min: 0, unit: 'seconds' }),
    expects: 'a whole number of seconds from 0',
    good: [['9007199254740991', Number.MAX_SAFE_INTEGER]],
    bad: ['9007199254740992'],
  },
  {
    type: orInfinity(wholeNumber({ min: 1 })),
    expects: 'a whole number from 1, or infinity',
    good: [
      ['infinity', Infinity],
      ['3', 3],
    ],
    bad: ['Infinity', '0'],
  },
  {
    type: informationUnits({ min: 1 }),
    expects: 'a number of bytes from 1, such as 1000000, 512MB, 512MiB or 2GiB',
    good: [
      ['5', 5],
      ['10kB', 10_000],
      ['512MB', 512_000_000],
      ['512mb', 512_000_000],
      ['1Gb', 1_000_000_000],
      ['1k', 1024],
      ['3M', 3_145_728],
      ['2GiB', 2_147_483_648],
      ['2gib', 2_147_483_648],
      ['1KIB', 1024],
      ['2MiB', 2_097_152],
    ],
    bad: ['0', '2Gib', '1.5GB', '-1', '10B', '1TB', '1 GB', 'MB', ''],
  },
  {
    type: byteSize({ min: 4096, max: 8192 }),
    expects: 'a number of bytes from 4096 to 8192, such as 131072 or 128KB',
    good: [
      ['4096', 4096],
      ['8KB', 8192],
      ['5kb', 5120],
    ],
    bad: ['4095', '9KB', '8kB', '8KiB', '1MB', '1GB', ''],
  },
  { type: oneOf('a', 'b'), expects: 'one of a, b', good: [['b', 'b']], bad: ['c', 'A', ''] },
  {
    type: listener,
    expects: 'a port or IP:port, such as 5672, 127.0.0.1:5672, [::1]:5672 or :::5672',
    good: [
      ['5672', { host: undefined, port: 5672 }],
      ['0', { host: undefined, port: 0 }],
      ['127.0.0.1:5673', { host: '127.0.0.1', port: 5673 }],
      ['[::1]:5672', { host: '::1', port: 5672 }],
      ['::1:5672', { host: '::1', port: 5672 }],
      [':::5672', { host: '::', port: 5672 }],
    ],
    bad: [
      '65536',
      '-1',
      'amqp',
      'localhost:5672',
      '127.0.0.1',
      '127.0.0.1:',
      '300.0.0.1:5672',
      '[::1]',
      ':5672',
      '',
    ],
  },
];

void test('each type takes its values, and no other text', async (t) => {
  for (const { type, expects, good, bad } of ROWS) {
    t.equal(type.expects, expects);
    for (const [value, parsed] of good) t.strictSame(type.parse(value), parsed, `${expects}: '${value}'`);
    for (const value of bad) t.equal(type.parse(value), undefined, `not ${expects}: '${value}'`);
  }
});
