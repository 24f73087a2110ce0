import { connect } from 'amqplib';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { FILE_START } from '../../lib/store/file-header.js';
import { BrokerProcess } from './broker-process.js';

const ANY_PORT = ['--listeners.tcp.1', '127.0.0.1:0', '--data_dir', 'data'];

/** A directory in which `data` was left by a broker with ready, unacked and prioritized messages. */
async function stoppedBroker(t: Test, signal: NodeJS.Signals = 'SIGTERM'): Promise<string> {
  const cwd = t.testdir();
  const broker = new BrokerProcess(t, cwd, ANY_PORT);
  const client = await connect(`amqp://guest:guest@127.0.0.1:${await broker.ready()}`);
  client.on('error', () => {});
  const channel = await client.createConfirmChannel();
  await channel.assertQueue('orders\u0007', { durable: true });
  await channel.assertQueue('ranked', { durable: true, maxPriority: 3 });
  await channel.assertQueue('empty', { durable: true });
  await channel.assertQueue('passing', { durable: false });
  for (const queue of ['orders\u0007', 'ranked', 'passing']) {
    for (let priority = 0; priority < 4; priority++)
      channel.sendToQueue(queue, Buffer.from('hello'), { persistent: true, priority });
  }
  await channel.waitForConfirms();
  await channel.get('orders\u0007');
  broker.signal(signal);
  await broker.exit();
  return cwd;
}

/** Exit code and output of `warrenmq --check`. */
async function check(t: Test, cwd: string, flags = ['--check', 'data']) {
  const program = new BrokerProcess(t, cwd, flags);
  const code = await program.exit();
  return { code, stdout: program.stdout, stderr: program.stderr };
}

/** Everything in the data directory, with the time at which it was last written. */
function snapshot(cwd: string): unknown[] {
  const names = readdirSync(join(cwd, 'data'), { recursive: true, encoding: 'utf8' }).toSorted();
  return names.map((name) => {
    const path = join(cwd, 'data', name);
    const { mtimeMs } = statSync(path);
    return [name, mtimeMs, statSync(path).isFile() ? readFileSync(path, 'latin1') : ''];
  });
}

const filesIn = (cwd: string): string[] => readdirSync(join(cwd, 'data', 'messages')).toSorted();

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`after ${signal}, a check prints the queues that a start brings back, and changes nothing`, async (t) => {
    const cwd = await stoppedBroker(t, signal);
    const before = snapshot(cwd);
    const { code, stdout, stderr } = await check(t, cwd);
    t.equal(stderr, '');
    t.match(stdout, /^\S+\/data: 3 queues, 8 messages, \d+ files?, \d+ bytes\n\n/);
    const table = stdout
      .split('\n\n')[1]
      ?.split('\n')
      .map((line) => line.split(/ +/));
    t.strictSame(table, [
      ['vhost', 'queue', 'messages', 'bytes'],
      ['/', 'empty', '0', '0'],
      ['/', String.raw`orders\x07`, '4', '20'],
      ['/', 'ranked', '4', '20'],
    ]);
    for (const name of filesIn(cwd)) t.match(stdout, new RegExp(`^messages/${name} +\\d+$`, 'm'));
    t.match(stdout, /\nno damage\n$/);
    t.equal(code, 0);
    t.strictSame(snapshot(cwd), before);
  });
}

test('a damaged record is told with its file, its place and its queue, and the exit code is 1', async (t) => {
  const cwd = await stoppedBroker(t);
  const [name = ''] = filesIn(cwd);
  const path = join(cwd, 'data', 'messages', name);
  const bytes = readFileSync(path);
  const at = bytes.lastIndexOf('hello');
  t.ok(at > FILE_START);
  bytes[at]! ^= 1;
  writeFileSync(path, bytes);
  const { code, stdout } = await check(t, cwd);
  t.match(stdout, new RegExp(`^messages/${name}: \\d+ bytes from offset \\d+: unreadable record`, 'm'));
  t.match(stdout, /: 3 queues, 7 messages/);
  t.match(stdout, /\n1 damaged place\n$/);
  t.equal(code, 1);
});

test('damaged definitions are told, and the exit code is 1', async (t) => {
  const cwd = await stoppedBroker(t);
  writeFileSync(join(cwd, 'data', 'definitions', 'CURRENT'), 'MANIFEST?');
  const { code, stdout } = await check(t, cwd);
  t.match(stdout, /^definitions, first copy: CURRENT is damaged$/m);
  t.match(stdout, /: 3 queues, 8 messages/, 'the second copy has them');
  t.match(stdout, /\n1 damaged place\n$/);
  t.equal(code, 1);
});

test('while a node runs on the directory a check is refused, and the node goes on', async (t) => {
  const cwd = t.testdir();
  const broker = new BrokerProcess(t, cwd, ANY_PORT);
  const port = await broker.ready();
  const { code, stdout, stderr } = await check(t, cwd);
  t.match(stderr, /^warrenmq: a node is running on \S+\/data: .*\n$/);
  t.equal(stdout, '');
  t.equal(code, 1);
  const client = await connect(`amqp://guest:guest@127.0.0.1:${port}`);
  await client.close();
  const second = new BrokerProcess(t, cwd, ANY_PORT);
  t.equal(await second.exit(), 1, 'the lock is still held');
});

test('what is no data directory is refused', async (t) => {
  const cwd = t.testdir({ data: { definitions: {} } });
  for (const flags of [['--check', 'data'], ['--check=missing']]) {
    const { code, stdout, stderr } = await check(t, cwd, flags);
    t.match(stderr, /^warrenmq: \S+\/(data|missing) is no data directory of a node: .*\n$/);
    t.equal(stdout, '');
    t.equal(code, 1);
  }
});

test('a check stands alone on the command line', async (t) => {
  const cwd = t.testdir();
  for (const flags of [
    ['--check'],
    ['--check='],
    ['--heartbeat', '5', '--check', 'data'],
    ['--check', 'data', 'x'],
  ]) {
    const { code, stderr } = await check(t, cwd, flags);
    t.match(stderr, /^warrenmq: --check .*\n$/);
    t.equal(code, 1);
  }
});
