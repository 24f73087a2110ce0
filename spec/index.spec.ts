import { connect } from 'amqplib';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { test } from 'tap';
import { createBroker, type EmbeddedBroker, ManualClock } from '../lib/index.js';
import { eventually } from './support/eventually.js';

test('a broker in this process serves a client', async (t) => {
  const broker = createBroker();
  await broker.start();
  t.teardown(() => broker.stop());
  t.equal(broker.url, `amqp://guest:guest@127.0.0.1:${broker.ports.amqp}`);
  const client = await connect(broker.url);
  const channel = await client.createChannel();
  const { queue } = await channel.assertQueue('');
  channel.sendToQueue(queue, Buffer.from('hello'));
  const message = await eventually('the message', () => channel.get(queue));
  t.equal(message.content.toString(), 'hello');
  await client.close();
});

test('stop closes clients with 320, and the broker can be started again', async (t) => {
  const broker = createBroker();
  await broker.start();
  const client = await connect(broker.url);
  const closed = once(client, 'close');
  await broker.stop();
  t.match(await closed, [{ message: /320/ }]);
  await broker.start();
  t.teardown(() => broker.stop());
  await (await connect(broker.url)).close();
});

test('what is in memory is gone after a stop', async (t) => {
  const broker = createBroker();
  await broker.start();
  await (await (await connect(broker.url)).createChannel()).assertQueue('kept?', { durable: true });
  await broker.stop();
  await broker.start();
  t.teardown(() => broker.stop());
  const client = await connect(broker.url);
  const channel = await client.createChannel();
  channel.on('error', () => {});
  await t.rejects(channel.checkQueue('kept?'), { code: 404 });
  await client.close();
});

test('two brokers in one process know nothing of each other', async (t) => {
  const brokers = [createBroker(), createBroker()];
  await Promise.all(brokers.map((broker) => broker.start()));
  t.teardown(() => Promise.all(brokers.map((broker) => broker.stop())));
  t.equal(new Set(brokers.map((broker) => broker.ports.amqp)).size, 2);
  const clients = await Promise.all(brokers.map((broker) => connect(broker.url)));
  const channels = await Promise.all(clients.map((client) => client.createChannel()));
  for (const [at, channel] of channels.entries()) {
    await channel.assertQueue('same name');
    for (let i = 0; i <= at; i++) channel.sendToQueue('same name', Buffer.from('x'));
  }
  for (const [at, channel] of channels.entries()) {
    await eventually(
      'its messages',
      async () => (await channel.checkQueue('same name')).messageCount === at + 1,
    );
  }
  await Promise.all(clients.map((client) => client.close()));
});

test('a test that holds the clock makes messages expire', async (t) => {
  const clock = new ManualClock();
  const broker = createBroker({ clock });
  await broker.start();
  t.teardown(() => broker.stop());
  // The clock moves heartbeats as well: a client that wants them would be found silent for an hour.
  const client = await connect(`${broker.url}?heartbeat=0`);
  const channel = await client.createConfirmChannel();
  await channel.assertQueue('hour', { messageTtl: 3_600_000 });
  channel.sendToQueue('hour', Buffer.from('x'));
  await channel.waitForConfirms();
  clock.advance(3_599_999);
  t.equal((await channel.checkQueue('hour')).messageCount, 1);
  clock.advance(1);
  t.equal((await channel.checkQueue('hour')).messageCount, 0);
  await client.close();
});

test('a data directory keeps definitions and persistent messages', async (t) => {
  const broker = createBroker({ dataDir: t.testdir() });
  await broker.start();
  const before = await connect(broker.url);
  const publisher = await before.createConfirmChannel();
  await publisher.assertExchange('orders', 'topic', { durable: true });
  await publisher.assertQueue('kept', { durable: true });
  await publisher.bindQueue('kept', 'orders', '#.new');
  publisher.publish('orders', 'a.new', Buffer.from('first'), { persistent: true });
  await publisher.waitForConfirms();
  await broker.stop();
  await broker.start();
  t.teardown(() => broker.stop());
  const after = await connect(broker.url);
  const channel = await after.createConfirmChannel();
  channel.publish('orders', 'b.new', Buffer.from('second'), { persistent: true });
  await channel.waitForConfirms();
  for (const body of ['first', 'second']) {
    const message = await eventually(body, () => channel.get('kept', { noAck: true }));
    t.equal(message.content.toString(), body);
  }
  await after.close();
  await broker.stop();
});

/** More than one log file holds, so that another one is needed. */
const TOO_MUCH = 40;

/** Takes the directory from under a broker that keeps its data there, and writes until it notices. */
async function failDisk(broker: Pick<EmbeddedBroker, 'url'>, dataDir: string): Promise<void> {
  const client = await connect(broker.url);
  const channel = await client.createChannel();
  await channel.assertQueue('kept', { durable: true });
  rmSync(dataDir, { recursive: true });
  const closed = once(client, 'close');
  const body = Buffer.alloc(2 ** 20);
  for (let i = 0; i < TOO_MUCH; i++) channel.sendToQueue('kept', body, { persistent: true });
  await closed;
}

test('a broker whose disk fails closes its clients, stops, and says why', async (t) => {
  const dataDir = t.testdir();
  const failures: Error[] = [];
  const broker = createBroker({ dataDir, onFailed: (error) => failures.push(error) });
  await broker.start();
  t.teardown(() => broker.stop());
  await failDisk(broker, dataDir);
  await eventually('it is told', () => failures.length > 0);
  t.match(failures, [{ message: /nothing can be kept safe any more/ }]);
  await t.rejects(connect(broker.url), { code: 'ECONNREFUSED' });
});

test('a disk that fails ends the process that does not listen to it', async (t) => {
  const dataDir = t.testdir();
  const library = new URL('../lib/index.js', import.meta.url).href;
  const program = `
    const { createBroker } = await import('${library}');
    const broker = createBroker({ dataDir: process.argv[1] });
    process.on('unhandledRejection', () => {});
    await broker.start();
    console.log(broker.url);
  `;
  const args = ['-u', 'NODE_OPTIONS', process.execPath, '--input-type=module', '-e', program, dataDir];
  const child = spawn('/usr/bin/env', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  const ended = once(child, 'close');
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [url] = (await once(child.stdout, 'data')) as [Buffer];
  await failDisk({ url: url.toString().trim() }, dataDir);
  t.equal((await ended)[0], 1);
  t.match(errors, /nothing can be kept safe any more/);
});

test('settings have their names in the configuration file; a bad one is refused in one line', async (t) => {
  const broker = createBroker({ settings: { max_message_size: '10', default_user: 'ann' } });
  await broker.start();
  t.teardown(() => broker.stop());
  t.match(broker.url, /^amqp:\/\/ann:guest@/);
  const client = await connect(broker.url);
  const channel = await client.createChannel();
  const failed = once(channel, 'error');
  channel.sendToQueue('any', Buffer.alloc(11));
  t.match(await failed, [{ code: 406 }]);
  await client.close();
  t.throws(() => createBroker({ settings: { max_message_size: 'much' } }), {
    message: /^[^\n]*max_message_size[^\n]*$/,
  });
  t.throws(() => createBroker({ settings: { max_mesage_size: '1' } }), { message: /max_message_size/ });
});

test('a port that is taken rejects the start in one line', async (t) => {
  const broker = createBroker();
  await broker.start();
  t.teardown(() => broker.stop());
  const second = createBroker({ port: broker.ports.amqp });
  await t.rejects(second.start(), { message: /^cannot listen on [^\n]*in use$/ });
});

test('before its start it has neither port nor url', async (t) => {
  const broker = createBroker();
  t.throws(() => broker.ports.amqp, /not been started/);
  t.throws(() => broker.url, /not been started/);
});
