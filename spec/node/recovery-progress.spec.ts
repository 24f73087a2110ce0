import { connect } from 'amqplib';
import { test } from 'tap';
import { type Clock, systemClock } from '../../lib/base/clock.js';
import { loadConfig } from '../../lib/config/load-config.js';
import { BrokerNode } from '../../lib/node/broker-node.js';
import { type Logger, silentLogger } from '../../lib/node/logger.js';

/** What a node says in its log when it is started on `dataDir`, with what `use` did while it ran. */
async function logOf(dataDir: string, clock: Clock, use: (port: number) => Promise<void> = async () => {}) {
  const said: unknown[][] = [];
  const { config } = loadConfig({
    argv: ['--listeners.tcp.1', '127.0.0.1:0'],
    env: {},
    readFile: () => '',
  });
  const info: Logger['info'] = (...words: unknown[]) => void said.push(words);
  const log: Logger = Object.assign(silentLogger(), { info });
  const node = new BrokerNode({ config, dataDir, clock, log, version: '1', failed: () => {} });
  await node.start();
  await use(node.ports[0] ?? 0);
  await node.stop();
  return said;
}

async function leaveMessages(port: number): Promise<void> {
  const client = await connect(`amqp://guest:guest@127.0.0.1:${port}`);
  const channel = await client.createConfirmChannel();
  await channel.assertQueue('q', { durable: true });
  channel.sendToQueue('q', Buffer.from('hello'), { persistent: true });
  await channel.waitForConfirms();
  await client.close();
}

const after: Clock['after'] = (ms, task) => systemClock.after(ms, task);

test('a recovery that takes no time is not worth a line', async (t) => {
  const begun = systemClock.now();
  const standing: Clock = { now: () => begun, after };
  const dataDir = t.testdir();
  await logOf(dataDir, standing, leaveMessages);
  t.strictSame(await logOf(dataDir, standing), []);
});

test('a long recovery says how far it is', async (t) => {
  const dataDir = t.testdir();
  await logOf(dataDir, systemClock, leaveMessages);
  let now = systemClock.now();
  const hasty: Clock = { now: () => (now += 3000), after };
  const said = await logOf(dataDir, hasty);
  t.match(said[0], [{ done: Number, total: Number }, 'recovering messages']);
});
