import t from 'tap';
import { METHODS } from '../../lib/wire/methods.js';
import type { Channel } from '../../interop-tests/conformance/channel.js';
import { BrokerUnderTest } from '../support/broker-under-test.js';
import { memoryInUse } from '../support/memory-in-use.js';
import type { ProtocolClient } from '../support/protocol-client.js';

/** A broker with a client that behaves, on a queue of its own. */
async function withBystander(frameMax = 131_072) {
  const world = await BrokerUnderTest.open();
  const bystander = await (await world.connect()).channel(1);
  await bystander.call('queue.declare', { queue: 'good' });
  const client = await world.connect({ frameMax });
  return { world, bystander, client };
}

async function isServed(bystander: Channel<ProtocolClient>): Promise<void> {
  bystander.publish('work', { routingKey: 'good' });
  await bystander.get({ queue: 'good', noAck: true }, {}, 'work');
}

const megabytes = (): number => Math.round(memoryInUse() / 1_000_000);

for (const bodySize of [2n ** 31n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n]) {
  void t.test(`a body of ${bodySize} octets that is announced and begun takes nothing`, async (t) => {
    const { world, bystander, client } = await withBystander();
    const before = megabytes();
    for (let number = 1; number <= 200; number++) {
      const channel = await client.channel(number);
      channel.send('basic.publish', { routingKey: 'good' });
      client.content(number, Buffer.alloc(100_000), {}, { bodySize });
    }
    await world.rest();
    t.ok(megabytes() - before < 10, `${megabytes() - before} MB`);
    await isServed(bystander);
    client.drop();
    await world.rest();
    t.strictSame(world.log.defects, []);
  });
}

void t.test('large bodies that are announced on many channels take what has come of them', async (t) => {
  const { world, bystander, client } = await withBystander();
  const before = memoryInUse();
  for (let number = 1; number <= 100; number++) {
    const channel = await client.channel(number);
    channel.send('basic.publish', { routingKey: 'good' });
    client.content(number, Buffer.from('x'), {}, { bodySize: 134_217_728n });
  }
  await world.rest();
  const each = (memoryInUse() - before) / 100;
  t.ok(each < 200_000, `${each} octets a channel`);
  await isServed(bystander);
});

void t.test('2047 channels with a consumer each are one connection’s matter', async (t) => {
  const { world, bystander, client } = await withBystander();
  for (let number = 1; number <= 2047; number++) {
    client.method(number, 'channel.open');
    client.method(number, 'queue.declare', { queue: `q${number}`, exclusive: true });
    client.method(number, 'basic.consume', { queue: `q${number}`, consumerTag: 'c', nowait: true });
  }
  await client.all();
  await isServed(bystander);
  t.equal(world.broker.vhost('/')?.queues.size, 2048);
  client.drop();
  await world.rest();
  t.equal(world.broker.vhost('/')?.queues.size, 1);
  t.equal(world.budget.taken, 1);
  await isServed(bystander);
});

void t.test('100,000 consumers on one queue come and go', async (t) => {
  const { world, bystander, client } = await withBystander();
  const channel = await client.channel(1);
  await channel.call('queue.declare', { queue: 'q' });
  for (let at = 0; at < 100_000; at++)
    channel.send('basic.consume', { queue: 'q', consumerTag: `c${at}`, nowait: true });
  await world.rest();
  t.equal(world.broker.vhost('/')?.queue('q')?.consumerCount, 100_000);
  await isServed(bystander);
  client.drop();
  await world.rest();
  t.equal(world.broker.vhost('/')?.queue('q')?.consumerCount, 0);
  await isServed(bystander);
});

void t.test('a client that asks and never reads is left waiting, with little memory', async (t) => {
  const { world, bystander, client } = await withBystander();
  const channel = await client.channel(1);
  client.transport.hold();
  const before = megabytes();
  for (let at = 0; at < 150_000; at++) channel.send('basic.qos');
  for (let at = 0; at < 1000; at++)
    channel.publish(Buffer.alloc(100_000), { routingKey: 'no', mandatory: true });
  await world.rest();
  t.equal(client.transport.isPaused, true);
  t.ok(client.transport.pending < 20_000_000, `${client.transport.pending} octets wait`);
  t.ok(megabytes() - before < 300, `${megabytes() - before} MB, most of them the client’s own`);
  await isServed(bystander);
});

void t.test('a frame that was only announced takes nothing', async (t) => {
  const { world, bystander, client } = await withBystander();
  const before = memoryInUse();
  client.bytes(Buffer.from([1, 0, 1, 0, 1, 0xff, 0xf8, 0]));
  await world.rest();
  client.bytes(Buffer.from([0]));
  await world.rest();
  t.ok(memoryInUse() - before < 60_000, `${memoryInUse() - before} octets`);
  await isServed(bystander);
});

void t.test('2000 headers of bodies that never come take little', async (t) => {
  const { bystander, client } = await withBystander();
  for (let number = 1; number <= 2000; number++) client.method(number, 'channel.open');
  await client.all();
  const before = memoryInUse();
  for (let number = 1; number <= 2000; number++) {
    client.method(number, 'basic.publish', { routingKey: 'good' });
    client.content(number, Buffer.alloc(0), {}, { bodySize: 100_000n });
  }
  await client.all();
  const each = (memoryInUse() - before) / 2000;
  t.ok(each < 4000, `${each} octets a channel`);
  await isServed(bystander);
});

void t.test('a client that declares and leaves again and again leaves nothing', async (t) => {
  const { world, bystander } = await withBystander();
  for (let round = 0; round < 300; round++) {
    const client = await world.connect();
    const channel = await client.channel(1);
    channel.send('queue.declare', { queue: 'mine', exclusive: true });
    channel.send('basic.consume', { queue: 'mine' });
    channel.publish('x', { routingKey: 'mine' });
    if (round % 2 === 0) await world.rest();
    client.drop();
    await world.rest();
  }
  t.equal(world.broker.vhost('/')?.queues.size, 1);
  t.equal(world.ended.length, 300);
  t.strictSame([...world.log.defects, ...world.log.failures, ...world.failures], []);
  await isServed(bystander);
});

void t.test('every method is survived on every channel of a connection, empty', async (t) => {
  for (const { classId, methodId } of Object.values(METHODS)) {
    const { world, bystander } = await withBystander();
    for (const number of [0, 1, 2]) {
      const client = await world.connect();
      await client.channel(1);
      client.frame(1, number, Buffer.from([0, classId, 0, methodId]));
      await client.all();
      client.drop();
    }
    await isServed(bystander);
    t.strictSame(world.log.defects, [], `${classId}.${methodId}`);
  }
});
