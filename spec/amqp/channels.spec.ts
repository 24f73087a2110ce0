import t from 'tap';
import { BrokerUnderTest } from '../support/broker-under-test.js';

const tooMany = (text: string): object => ({
  name: 'connection.close',
  args: { replyCode: 530, replyText: `NOT_ALLOWED - ${text}`, classId: 0, methodId: 0 },
});

void t.test('a connection may open channel_max channels, whatever their numbers', async (t) => {
  const client = await (await BrokerUnderTest.open()).connect({ channelMax: 3 });
  for (const number of [1, 65_535, 4]) await client.channel(number);
  client.method(2, 'channel.open');
  t.match(
    await client.next(0),
    tooMany('number of channels opened (3) has reached the negotiated channel_max (3)'),
  );
});

void t.test('a channel that was closed may be followed by another', async (t) => {
  const client = await (await BrokerUnderTest.open()).connect({ channelMax: 1 });
  for (let i = 1; i < 10; i++) {
    const channel = await client.channel(i);
    if (i % 2 === 0) await channel.call('channel.close');
    else {
      channel.send('queue.delete', { queue: '' });
      t.match(await channel.next(), { name: 'channel.close' });
      channel.send('channel.close-ok');
    }
  }
  t.strictSame(await client.lines(), []);
});

void t.test('a channel that waits for close-ok counts as open', async (t) => {
  const client = await (await BrokerUnderTest.open()).connect({ channelMax: 1 });
  const channel = await client.channel(1);
  channel.send('queue.delete', { queue: '' });
  client.method(2, 'channel.open');
  t.match(await client.all(), [{ name: 'channel.close' }, { name: 'connection.close' }]);
});

void t.test('where nothing limits channels they may have any number, and be any number', async (t) => {
  const world = await BrokerUnderTest.open({ settings: { channelMax: 0 } });
  const client = await world.connect({ channelMax: 0 });
  for (let number = 1; number <= 65_535; number += 8) client.method(number, 'channel.open');
  t.equal((await client.all()).length, 8192);
  t.equal(world.budget.taken, 8192);
  client.drop();
  await world.rest();
  t.equal(world.budget.taken, 0);
});

void t.test('all connections together may open channel_max_per_node channels', async (t) => {
  const world = await BrokerUnderTest.open({ mostChannels: 3 });
  const one = await world.connect();
  const two = await world.connect();
  const first = await one.channel(1);
  await one.channel(2);
  await two.channel(1);
  await first.call('channel.close');
  await two.channel(2);
  one.method(3, 'channel.open');
  t.match(
    await one.next(0),
    tooMany('number of channels opened on this node has reached the maximum allowed limit of (3)'),
  );
  await two.channel(3);
  t.strictSame(await two.lines(), []);
  t.equal(world.budget.taken, 3, 'those of the connection that was closed are free');
});

void t.test('channels of one connection do not disturb each other', async (t) => {
  const world = await BrokerUnderTest.open();
  const client = await world.connect();
  const [one, two] = [await client.channel(1), await client.channel(2)];
  await one.call('queue.declare', { queue: 'q' });
  one.send('basic.publish', { routingKey: 'q' });
  two.publish('two', { routingKey: 'q' });
  client.content(1, Buffer.from('one'));
  await world.rest();
  await two.get({ queue: 'q', noAck: true }, {}, 'two');
  await two.get({ queue: 'q', noAck: true }, {}, 'one');
  two.send('queue.purge', { queue: 'nope' });
  t.match(await two.next(), { name: 'channel.close' });
  await one.call('basic.qos');
});

void t.test(
  'a channel that leaves takes its consumers and unacknowledged messages along, no others',
  async (t) => {
    const world = await BrokerUnderTest.open();
    const client = await world.connect();
    const [one, two] = [await client.channel(1), await client.channel(2)];
    await one.call('queue.declare', { queue: 'q' });
    for (const channel of [one, two]) {
      await channel.call('basic.qos', { prefetchCount: 2 });
      await channel.call('basic.consume', { queue: 'q', consumerTag: 'same tag' });
    }
    for (const body of ['a', 'b', 'c', 'd', 'e']) one.publish(body, { routingKey: 'q' });
    for (const [channel, body] of [
      [one, 'a'],
      [one, 'c'],
      [two, 'b'],
      [two, 'd'],
    ] as const)
      await channel.expectDelivery({}, body);
    await one.call('channel.close');
    two.send('basic.ack', { deliveryTag: 2, multiple: true });
    await two.expectDelivery({ redelivered: true }, 'a');
    await two.expectDelivery({ redelivered: true }, 'c');
    t.match(await two.call('queue.declare', { queue: 'q', passive: true }), {
      messageCount: 1,
      consumerCount: 1,
    });
  },
);

for (const [title, type, payload] of [
  ['a method', 1, Buffer.from([0, 60, 0, 10, 0, 0, 0, 0, 0, 0, 0])],
  ['channel.close-ok', 1, Buffer.from([0, 20, 0, 41])],
] as const) {
  void t.test(`${title} on a channel that is not open is refused with 504`, async (t) => {
    const client = await (await BrokerUnderTest.open()).connect();
    client.frame(type, 5, payload);
    t.match(await client.next(0), {
      args: {
        replyCode: 504,
        replyText: "CHANNEL_ERROR - expected 'channel.open'",
        classId: payload.readUInt16BE(0),
        methodId: payload.readUInt16BE(2),
      },
    });
  });
}

for (const type of [2, 3]) {
  void t.test(`a frame of type ${type} on a channel that is not open is refused with 505`, async (t) => {
    const client = await (await BrokerUnderTest.open()).connect();
    client.frame(type, 5, Buffer.alloc(14));
    t.match(await client.next(0), {
      args: {
        replyCode: 505,
        replyText: 'UNEXPECTED_FRAME - expected method frame, got non method frame instead',
        classId: 0,
        methodId: 0,
      },
    });
  });
}

void t.test('connections are counted from open to end, however they end', async (t) => {
  const world = await BrokerUnderTest.open({ mostConnections: 2 });
  const refused = async (): Promise<void> => {
    const client = world.client();
    await client.logIn();
    client.method(0, 'connection.tune-ok', { frameMax: 4096, channelMax: 1 });
    client.method(0, 'connection.open', { virtualHost: '/' });
    t.match(await client.next(0), { name: 'connection.close', args: { replyCode: 530 } });
    client.method(0, 'connection.close-ok');
    await world.rest();
  };
  const first = await world.connect();
  await world.client().logIn();
  const second = await world.connect();
  await refused();
  await refused();
  first.drop();
  await world.rest();
  await world.connect();
  await refused();
  second.method(0, 'connection.close');
  await world.advance(60_000);
  await world.connect();
  await refused();
  t.equal(world.connections.taken, 2);
});

void t.test('direct replies are no consumer of the limit', async () => {
  const world = await BrokerUnderTest.open({ settings: { consumersPerChannel: 1 } });
  const channel = await (await world.connect()).channel(1);
  await channel.call('queue.declare', { queue: 'q' });
  await channel.call('basic.consume', { queue: 'q', consumerTag: 'a' });
  await channel.call('basic.consume', { queue: 'amq.rabbitmq.reply-to', noAck: true });
  await channel.call('basic.cancel', { consumerTag: 'a' });
  await channel.call('basic.consume', { queue: 'q', consumerTag: 'b' });
});
