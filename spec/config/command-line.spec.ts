import { test } from 'tap';
import { questionIn, readCommandLine } from '../../lib/config/command-line.js';

void test('a value stands behind its flag or behind an equals sign', async (t) => {
  t.strictSame(
    readCommandLine(['--heartbeat', '5', '--log.console.level=debug', '--default_pass=a=b', '--x=']),
    {
      configFile: undefined,
      settings: [
        { key: 'heartbeat', text: '5', origin: '--heartbeat' },
        { key: 'log.console.level', text: 'debug', origin: '--log.console.level' },
        { key: 'default_pass', text: 'a=b', origin: '--default_pass' },
        { key: 'x', text: '', origin: '--x' },
      ],
    },
  );
});

void test('--config names the file', async (t) => {
  t.strictSame(readCommandLine(['--config', 'a.conf']), { configFile: 'a.conf', settings: [] });
  t.strictSame(readCommandLine(['--config=b.conf']), { configFile: 'b.conf', settings: [] });
});

void test('what is no flag is refused by its name', async (t) => {
  for (const argument of ['start', '-x', '--', '--=v', '--a b=v']) {
    t.throws(() => readCommandLine(['--heartbeat', '5', argument]), {
      name: 'ConfigError',
      message: `unexpected argument '${argument}': settings are written --key value`,
    });
  }
});

void test('a flag without its value is refused by its name', async (t) => {
  for (const argv of [['--heartbeat'], ['--heartbeat', '--data_dir', 'd'], ['--heartbeat', '--data_dir=d']]) {
    t.throws(() => readCommandLine(argv), {
      name: 'ConfigError',
      message: '--heartbeat has no value: write --heartbeat value or --heartbeat=value',
    });
  }
});

void test('help and version are asked for anywhere', async (t) => {
  t.equal(questionIn(['--heartbeat', '5', '--help']), 'help');
  t.equal(questionIn(['-h', '--version']), 'help');
  t.equal(questionIn(['--version']), 'version');
  t.equal(questionIn(['--heartbeat', '5']), undefined);
});
