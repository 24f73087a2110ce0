import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Test, test } from 'tap';
import { BrokerProcess, type ProcessOptions } from './broker-process.js';

const ANY_PORT = ['--listeners.tcp.1', '127.0.0.1:0'];

/** Starts a broker that must not start: exit code 1, and one line on stderr that `reason` matches. */
async function refuses(
  t: Test,
  cwd: string,
  flags: readonly string[],
  reason: RegExp,
  options?: ProcessOptions,
) {
  const broker = new BrokerProcess(t, cwd, flags, options);
  t.equal(await broker.exit(), 1);
  t.match(broker.stderr, /^warrenmq: .*\n$/, 'one line');
  t.match(broker.stderr, reason);
  t.equal(broker.stdout, '');
}

test('a port that is in use is told with its address', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const reason = new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use`);
  await refuses(t, t.testdir(), ['--listeners.tcp.1', `127.0.0.1:${port}`], reason);
});

test('an address that is not of this machine is told', async (t) => {
  const reason = /cannot listen on 192\.0\.2\.1:0: this machine has no such address$/m;
  await refuses(t, t.testdir(), ['--listeners.tcp.1', '192.0.2.1:0'], reason);
});

test('a configuration file that cannot be read is told with its name', async (t) => {
  const cwd = t.testdir({ 'broker.conf': {} });
  await refuses(t, cwd, ['--config', 'missing.conf'], /missing\.conf/);
  await refuses(t, cwd, ['--config', 'broker.conf'], /broker\.conf/);
});

test('a data directory that cannot be made is told with its path', async (t) => {
  const cwd = t.testdir({ file: 'in the way' });
  const flags = [...ANY_PORT, '--data_dir', 'file/data'];
  await refuses(t, cwd, flags, /data directory .*file\/data cannot be written/);
});

test('nor does a data directory that the file system does not let anybody make hang the start', async (t) => {
  const flags = [...ANY_PORT, '--data_dir', '/proc/warrenmq/data'];
  await refuses(t, t.testdir(), flags, /data directory \/proc\/warrenmq\/data cannot be written: ENOENT/);
});

test('an unknown key is told with the one that was meant', async (t) => {
  const cwd = t.testdir();
  await refuses(t, cwd, ['--handshake_timout', '5'], /unknown key 'handshake_timout'.*'handshake_timeout'/);
  await refuses(t, cwd, [], /WARRENMQ_HEARTBEET.*'heartbeat'/i, { env: { WARRENMQ_HEARTBEET: '5' } });
});

test('a bad value is told with its key, its place and what would be right', async (t) => {
  const cwd = t.testdir({ 'broker.conf': '# comment\nheartbeat = soon\n' });
  const reason = /'heartbeat' \(.*broker\.conf:2\): expected .*, got 'soon'/;
  await refuses(t, cwd, ['--config', 'broker.conf'], reason);
  await refuses(t, cwd, ['--heartbeat', '-1'], /'heartbeat' \(--heartbeat\): expected .* got '-1'/);
});

test('a second broker on the same data directory is refused', async (t) => {
  const cwd = t.testdir();
  await new BrokerProcess(t, cwd, ANY_PORT).ready();
  await refuses(t, cwd, ANY_PORT, /data directory \S+\/data is in use by another node$/m);
});

test('a Node.js that is too old is told, before anything of the broker is loaded', async (t) => {
  const versions = "{ ...process.versions, node: '20.18.3' }";
  const cwd = t.testdir({
    'old.mjs': `Object.defineProperty(process, 'versions', { value: ${versions} }); await import(process.env.PROGRAM);`,
  });
  const env = { PROGRAM: new URL('../../../bin/warrenmq.js', import.meta.url).href };
  const reason = /Node\.js 20\.19 or newer is needed, this is 20\.18\.3$/m;
  await refuses(t, cwd, ['--version'], reason, { program: join(cwd, 'old.mjs'), env });
});

test('without a build it says what to do', async (t) => {
  const root = t.testdir({ 'package.json': '{"type":"module"}' });
  cpSync(fileURLToPath(new URL('../../../bin', import.meta.url)), join(root, 'bin'), { recursive: true });
  await refuses(t, root, [], /node bin\/setup\.js/, { program: join(root, 'bin/warrenmq.js') });
});
