import t from 'tap';
import { BrokerUnderTest } from '../support/broker-under-test.js';

void t.test('connections in a vhost that is deleted are closed, those in others are not', async (t) => {
  const world = await BrokerUnderTest.open();
  await world.broker.createVhost('doomed');
  const everything = { configure: '.*', write: '.*', read: '.*' };
  await world.users.setPermissions('guest', 'doomed', everything);
  const inside = await Promise.all([1, 2].map(() => world.connect({ vhost: 'doomed' })));
  const outside = await (await world.connect()).channel(1);
  const channel = await inside[0]!.channel(1);
  await channel.call('queue.declare', { queue: 'q', exclusive: true });
  await channel.call('basic.consume', { queue: 'q', consumerTag: 'c' });
  for (let i = 0; i < 10; i++) channel.publish('x', { routingKey: 'q' });
  await inside[0]!.all();

  await world.broker.deleteVhost('doomed');
  for (const client of inside) {
    t.match(await client.all(), [
      {
        name: 'connection.close',
        args: { replyCode: 320, replyText: "CONNECTION_FORCED - vhost 'doomed' is deleted" },
      },
    ]);
    client.method(0, 'connection.close-ok');
    client.finish();
  }
  await world.rest();
  t.equal(world.ended.length, 2);
  t.strictSame([...world.log.defects, ...world.failures], []);
  await outside.call('basic.qos');
});

void t.test('a connection that has left a vhost is not kept by it', async (t) => {
  const world = await BrokerUnderTest.open();
  const vhost = world.broker.vhost('/')!;
  for (let i = 0; i < 3; i++) {
    const client = await world.connect();
    t.equal(vhost.guests.size, 1);
    client.drop();
    await world.rest();
    t.equal(vhost.guests.size, 0);
  }
});
