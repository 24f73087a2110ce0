import t from 'tap';
import { FRAME } from '../../lib/wire/constants.js';
import { frame } from '../../interop-tests/conformance/frames.js';
import { methodPayload } from '../../interop-tests/conformance/raw-connection.js';
import { BrokerUnderTest } from '../support/broker-under-test.js';
import { contentBytes } from '../support/protocol-client.js';

/** So many small publishes in one chunk. */
function flood(count: number): Buffer {
  const one = Buffer.concat([
    frame(FRAME.method, 1, methodPayload('basic.publish', { routingKey: 'q' })),
    contentBytes(1, Buffer.from('x'), {}, {}, 4088),
  ]);
  return Buffer.concat(Array.from({ length: count }, () => one));
}

async function withQueue() {
  const world = await BrokerUnderTest.open();
  const client = await world.connect();
  const channel = await client.channel(1);
  await channel.call('queue.declare', { queue: 'q' });
  return { world, client, channel };
}

void t.test('a publisher that floods has one chunk read in a turn', async (t) => {
  const { world, client } = await withQueue();
  const chunk = flood(1000);
  for (let i = 0; i < 3; i++) client.bytes(chunk);
  for (let turn = 1; turn <= 3; turn++) {
    world.deliver();
    t.equal(world.broker.vhost('/')?.queue('q')?.messageCount, turn * 1000);
    t.equal(client.transport.isPaused, true);
    world.runTurn();
    world.runTurn();
  }
  t.equal(client.transport.isPaused, false);
});

void t.test('small chunks wait for nobody', async (t) => {
  const { world, client } = await withQueue();
  for (let i = 0; i < 100; i++) client.bytes(flood(10));
  world.deliver();
  t.equal(world.broker.vhost('/')?.queue('q')?.messageCount, 1000);
  t.equal(client.transport.isPaused, false);
});

void t.test('a publisher that left while it waited for its turn is no matter', async (t) => {
  const { world, client } = await withQueue();
  client.bytes(flood(1000));
  world.deliver();
  client.drop();
  await world.rest();
  t.equal(world.ended.length, 1);
  t.strictSame(world.log.defects, []);
});

void t.test('a declaration in a flood is answered in its place', async (t) => {
  const { world, client, channel } = await withQueue();
  client.bytes(
    Buffer.concat([
      flood(1000),
      frame(FRAME.method, 1, methodPayload('queue.declare', { queue: 'other' })),
      flood(1000),
      frame(FRAME.method, 1, methodPayload('queue.purge', { queue: 'q' })),
    ]),
  );
  t.match(await client.all(), [
    { name: 'queue.declare-ok' },
    { name: 'queue.purge-ok', args: { messageCount: 2000 } },
  ]);
  t.equal(client.transport.isPaused, false);
  await channel.call('basic.qos');
  t.strictSame(world.log.defects, []);
});

void t.test('a blocked publisher that floods goes on when it is unblocked', async (t) => {
  const { world, client } = await withQueue();
  world.broker.alarms.set('memory', true);
  for (let i = 0; i < 3; i++) client.bytes(flood(1000));
  await world.rest();
  t.equal(world.broker.vhost('/')?.queue('q')?.messageCount, 1000);
  world.broker.alarms.set('memory', false);
  await world.rest();
  t.equal(world.broker.vhost('/')?.queue('q')?.messageCount, 3000);
});
