import { connect as connectAmqp } from 'amqplib';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'tap';
import { eventually } from '../support/eventually.js';
import { BrokerProcess } from './broker-process.js';

const ANY_PORT = ['--listeners.tcp.1', '127.0.0.1:0'];
const PROTOCOL_HEADER = Buffer.from('AMQP\x00\x00\x09\x01', 'latin1');

const urlOf = (port: number) => `amqp://guest:guest@127.0.0.1:${port}`;

/** A client that stops answering in the middle of its handshake. */
async function connectSilently(port: number) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(PROTOCOL_HEADER);
  await once(socket, 'data');
  return socket;
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} closes clients with 320 and ends with exit code 0`, async (t) => {
    const broker = new BrokerProcess(t, t.testdir(), ANY_PORT);
    const client = await connectAmqp(urlOf(await broker.ready()));
    const closed = once(client, 'close');
    broker.signal(signal);
    t.match(await closed, [{ message: /320.*CONNECTION_FORCED/s }]);
    t.equal(await broker.exit(), 0);
    t.equal(broker.stderr, '');
  });
}

test('a second signal ends it at once, whatever its clients do', async (t) => {
  const broker = new BrokerProcess(t, t.testdir(), ANY_PORT);
  const socket = await connectSilently(await broker.ready());
  t.teardown(() => socket.destroy());
  broker.signal('SIGTERM');
  await eventually('it is stopping', () => broker.stdout.includes('SIGTERM: stopping'));
  await eventually('it has ended', () => {
    broker.signal('SIGTERM');
    return broker.hasEnded;
  });
  t.equal(await broker.exit(), 1);
});

test('signals that come together are one', async (t) => {
  const broker = new BrokerProcess(t, t.testdir(), ANY_PORT);
  const client = await connectAmqp(urlOf(await broker.ready()));
  const closed = once(client, 'close');
  broker.signal('SIGINT');
  broker.signal('SIGTERM');
  t.match(await closed, [{ message: /320/ }]);
  t.equal(await broker.exit(), 0);
});

test('a second broker needs an address and a data directory to stand beside the first', async (t) => {
  const cwd = t.testdir();
  const ports = [];
  for (const name of ['one', 'two']) {
    const broker = new BrokerProcess(t, cwd, [...ANY_PORT, '--data_dir', name]);
    ports.push(await broker.ready());
  }
  for (const [at, port] of ports.entries()) {
    const client = await connectAmqp(urlOf(port));
    const channel = await client.createChannel();
    t.match(await channel.assertQueue(`of ${at}`, { durable: true }), { messageCount: 0 });
    await client.close();
  }
  t.equal(new Set(ports).size, 2);
  t.strictSame(
    ['one', 'two', 'data'].map((name) => existsSync(join(cwd, name))),
    [true, true, false],
  );
});

test('settings come from the environment, and flags win', async (t) => {
  const cwd = t.testdir();
  const env = { WARRENMQ_LISTENERS_TCP_1: '127.0.0.1:0', WARRENMQ_DATA_DIR: 'elsewhere' };
  await new BrokerProcess(t, cwd, [], { env }).ready();
  t.ok(existsSync(join(cwd, 'elsewhere')));
  await new BrokerProcess(t, cwd, ['--data_dir', 'here'], { env }).ready();
  t.ok(existsSync(join(cwd, 'here')));
});

test('the log can be JSON, and calls severities what RabbitMQ calls them', async (t) => {
  const flags = [...ANY_PORT, '--log.console.formatter', 'json', '--prometheus.tcp.port', '1'];
  const broker = new BrokerProcess(t, t.testdir(), flags);
  await broker.ready();
  const records = broker.stdout.trimEnd().split('\n');
  t.match(
    records.map((record): unknown => JSON.parse(record)),
    [
      { level: 'warning', msg: /^'prometheus\.tcp\.port'/ },
      { level: 'info', time: Number, msg: /is ready/ },
    ],
  );
});

test('--version and --help answer and end', async (t) => {
  const version = new BrokerProcess(t, t.testdir(), ['--version']);
  t.equal(await version.exit(), 0);
  t.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
  const help = new BrokerProcess(t, t.testdir(), ['--help']);
  t.equal(await help.exit(), 0);
  for (const key of ['listeners.tcp', 'data_dir', 'heartbeat']) t.match(help.stdout, key);
  t.equal(help.stderr, '');
});
