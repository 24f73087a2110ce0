import t, { type Test } from 'tap';
import { frame } from '../../interop-tests/conformance/frames.js';
import type { Channel } from '../../interop-tests/conformance/channel.js';
import { methodPayload } from '../../interop-tests/conformance/raw-connection.js';
import { FRAME } from '../../lib/wire/constants.js';
import { SEED, SeededRandom } from '../wire/seeded-random.js';
import { BrokerProcess } from '../support/crash-process.js';
import { eventually } from '../support/eventually.js';
import { contentBytes } from '../support/protocol-client.js';
import { rawChannel } from '../support/raw-client.js';

t.comment(`WARRENMQ_SEED=${SEED}`);

const random = new SeededRandom(SEED);

/** One broker in a process of its own for all attacks, and a client on it that only wants to work. */
async function started(): Promise<{ broker: BrokerProcess; worker: Channel }> {
  const broker = await BrokerProcess.create({ dataDir: t.testdir() });
  await broker.start();
  t.teardown(() => broker.signal('SIGKILL'));
  const worker = await rawChannel(broker.port);
  await worker.call('queue.declare', { queue: 'work', exclusive: true });
  await worker.call('confirm.select');
  return { broker, worker };
}

const { broker, worker } = await started();

/** The node lives, and serves the worker. */
async function isServed(test: Test): Promise<void> {
  const body = `${random.below(1e9)}`;
  worker.publish(body, { routingKey: 'work' });
  await worker.expect('basic.ack');
  await worker.get({ queue: 'work', noAck: true }, {}, body);
  test.equal(broker.isRunning, true);
  test.notMatch(broker.output, /internal error/);
}

function publishBytes(args: object, body: Buffer, headers?: Record<string, unknown>): Buffer {
  const method = frame(FRAME.method, 1, methodPayload('basic.publish', args));
  const properties = headers === undefined ? {} : { headers: headers as never };
  return Buffer.concat([method, contentBytes(1, body, properties, {}, 131_064)]);
}

const repeated = (bytes: Buffer, times: number): Buffer =>
  Buffer.concat(Array.from({ length: times }, () => bytes));

void t.test('exchanges in rings and queues that dead-letter in circles end every message', async (t) => {
  const attacker = await rawChannel(broker.port);
  const ring = 60;
  for (let i = 0; i < ring; i++) {
    const alternate = { 'alternate-exchange': `ring ${(i + 1) % ring}` };
    await attacker.call('exchange.declare', { exchange: `ring ${i}`, type: 'direct', arguments: alternate });
  }
  for (let i = 0; i < ring; i++) {
    const destination = `ring ${(i + 1 + random.below(ring)) % ring}`;
    await attacker.call('exchange.bind', { source: `ring ${i}`, destination, routingKey: 'round' });
  }
  for (const [queue, next] of [
    ['circle a', 'circle b'],
    ['circle b', 'circle a'],
  ]) {
    const letters = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': next!, 'x-message-ttl': 1 };
    await attacker.call('queue.declare', { queue: queue!, arguments: letters });
  }
  for (let i = 0; i < 300; i++) {
    attacker.publish('x', { exchange: 'ring 0', routingKey: i % 2 === 0 ? 'round' : 'nowhere' });
    attacker.publish('x', { routingKey: 'circle a' });
  }
  await attacker.call('basic.qos');
  await isServed(t);
  await eventually('the circles are empty', async () => {
    const counts = [];
    for (const queue of ['circle a', 'circle b']) {
      counts.push((await attacker.call('queue.declare', { queue, passive: true })).messageCount);
    }
    return counts.every((count) => count === 0);
  });
  attacker.raw.destroy();
});

void t.test('thousands of routing keys in one message are the publisher’s matter', async (t) => {
  const attacker = await rawChannel(broker.port);
  await attacker.call('queue.declare', { queue: 'many keys' });
  const keys = Array.from({ length: 9000 }, (_, i) => `k${i}`);
  for (const exchange of ['amq.direct', 'amq.topic', 'amq.headers', ''])
    attacker.raw.bytes(
      repeated(publishBytes({ exchange, routingKey: 'many keys' }, Buffer.from('x'), { CC: keys }), 10),
    );
  await isServed(t);
  await attacker.call('queue.purge', { queue: 'many keys' }, { messageCount: 10 });
  attacker.raw.destroy();
});

void t.test('bodies that are begun and never end are nobody’s matter', async (t) => {
  const attackers = await Promise.all([1, 2, 3].map(() => rawChannel(broker.port)));
  for (const [at, bodySize] of [2n ** 31n, 2n ** 63n - 1n, 134_217_728n].entries()) {
    const attacker = attackers[at]!;
    attacker.send('basic.publish', { routingKey: 'work' });
    attacker.raw.content(1, Buffer.alloc(1_000_000), {}, { bodySize });
    const tiny = repeated(frame(FRAME.body, 1, Buffer.from('x')), 20_000);
    attacker.raw.bytes(tiny);
  }
  await isServed(t);
  for (const { raw } of attackers) raw.destroy();
});

void t.test('what is taken and given back again and again is all there in the end', async (t) => {
  const setup = await rawChannel(broker.port);
  await setup.call('queue.declare', { queue: 'storm' });
  setup.raw.bytes(repeated(publishBytes({ routingKey: 'storm' }, Buffer.from('x')), 2000));
  for (let round = 0; round < 10; round++) {
    const attacker = await rawChannel(broker.port);
    await attacker.call('basic.consume', { queue: 'storm', consumerTag: 'c' });
    for (let i = 1; i <= 20; i++) await attacker.expectDelivery({ deliveryTag: i }, 'x');
    attacker.send('basic.nack', { deliveryTag: random.below(21), multiple: true, requeue: true });
    attacker.raw.destroy();
    await isServed(t);
  }
  await eventually('all are back', async () => {
    const { messageCount } = await setup.call('queue.declare', { queue: 'storm', passive: true });
    return messageCount === 2000;
  });
  setup.raw.destroy();
});

void t.test('the node stops in good order afterwards', async (t) => {
  worker.raw.destroy();
  t.strictSame(await broker.signal('SIGTERM'), { code: 0, signal: null });
});
