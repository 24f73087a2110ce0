import t from 'tap';
import { FRAME } from '../../lib/wire/constants.js';
import type { MethodName } from '../../lib/wire/methods.js';
import type { Channel } from '../../interop-tests/conformance/channel.js';
import { frame } from '../../interop-tests/conformance/frames.js';
import { methodPayload } from '../../interop-tests/conformance/raw-connection.js';
import { BrokerUnderTest } from '../support/broker-under-test.js';
import type { ProtocolClient } from '../support/protocol-client.js';

/** An open channel. */
async function opened() {
  const world = await BrokerUnderTest.open();
  const client = await world.connect();
  return { world, client, channel: await client.channel(1) };
}

/** A channel that the broker has closed, before the client answered. */
async function failed() {
  const stage = await opened();
  stage.channel.send('queue.purge', { queue: 'nope' });
  await stage.channel.expect('channel.close', { replyCode: 404 });
  return stage;
}

const named = async (client: ProtocolClient): Promise<string[]> =>
  (await client.all()).map((one) => (one.kind === 'method' ? one.name : one.kind));

void t.test('a client closes its channel, and may open the number again', async (t) => {
  const { client, channel } = await opened();
  channel.send('channel.close', { replyCode: 200 });
  channel.send('channel.open');
  channel.send('basic.qos');
  t.strictSame(await named(client), ['channel.close-ok', 'channel.open-ok', 'basic.qos-ok']);
});

void t.test('nothing of a channel is left to the next one of its number', async () => {
  const { channel } = await opened();
  await channel.call('queue.declare', { queue: 'q' });
  await channel.call('confirm.select');
  await channel.call('basic.qos', { prefetchCount: 1 });
  await channel.call('basic.consume', { queue: 'q', consumerTag: 'c' });
  await channel.call('channel.close');
  await channel.call('channel.open');
  await channel.call('tx.select');
  await channel.call('basic.consume', { queue: 'q', consumerTag: 'c' });
  channel.send('basic.get');
  await channel.expectClosed(404, 'basic.get', 'NOT_FOUND - no previously declared queue');
});

void t.test('a channel that was closed for an error ignores everything until close-ok', async (t) => {
  const { world, client, channel } = await failed();
  channel.send('queue.declare', { queue: 'q' });
  channel.publish('x', { exchange: 'nope' });
  channel.send('basic.ack', { deliveryTag: 9 });
  channel.send('tx.commit');
  channel.send('queue.declare-ok');
  t.strictSame(await named(client), []);
  t.equal(world.broker.vhost('/')?.queues.size, 0);
  channel.send('channel.close-ok');
  channel.send('channel.open');
  t.strictSame(await named(client), ['channel.open-ok']);
});

void t.test('when both close at once the client gets its close-ok, and gives its own', async (t) => {
  const { client, channel } = await failed();
  channel.send('channel.close');
  t.strictSame(await named(client), ['channel.close-ok']);
  channel.send('channel.close-ok');
  await channel.call('channel.open');
});

/** What is sent on a closed channel, and the error that ends the connection. */
for (const [title, send, code, by, text] of [
  [
    'channel.open',
    (c) => c.send('channel.open'),
    504,
    'channel.open',
    "CHANNEL_ERROR - second 'channel.open' seen",
  ],
  [
    'a method that cannot be decoded',
    (c) => c.raw.frame(1, 1, Buffer.from([0, 50, 0, 10])),
    501,
    'queue.declare',
    'FRAME_ERROR - cannot decode <<>>',
  ],
  [
    'a body that belongs to nothing',
    (c) => c.raw.frame(3, 1, Buffer.from('x')),
    505,
    'none',
    'UNEXPECTED_FRAME - expected method frame, got non method frame instead',
  ],
  [
    'close-ok in the middle of a publish',
    (c) => {
      c.send('basic.publish');
      c.send('channel.close-ok');
    },
    505,
    'basic.publish',
    'UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead',
  ],
] as readonly (readonly [
  string,
  (c: Channel<ProtocolClient>) => void,
  number,
  MethodName | 'none',
  string,
])[]) {
  void t.test(`${title} is an error also on a channel that waits for close-ok`, async () => {
    const { channel } = await failed();
    send(channel);
    await channel.expectConnectionClosed(code, by, text);
  });
}

for (const method of ['basic.qos', 'channel.close-ok', 'basic.publish'] as const) {
  void t.test(`after close-ok ${method} is an error until the channel is opened again`, async () => {
    const { channel } = await failed();
    channel.send('channel.close-ok');
    channel.send(method);
    await channel.expectConnectionClosed(504, method, "CHANNEL_ERROR - expected 'channel.open'");
  });
}

void t.test('close-ok that nobody waits for is an error', async () => {
  const { channel } = await opened();
  channel.send('channel.close-ok');
  await channel.expectConnectionClosed(503, 'channel.close-ok', 'COMMAND_INVALID - unimplemented method');
});

void t.test('channel.flow can be asked for, but not be stopped', async () => {
  const { channel } = await opened();
  await channel.call('channel.flow', { active: true }, { active: true });
  channel.send('channel.flow', { active: false });
  await channel.expectConnectionClosed(540, 'channel.flow', 'NOT_IMPLEMENTED - active=false');
});

void t.test('a ticket is given to clients of old', async () => {
  const { channel } = await opened();
  await channel.call('access.request', { realm: '/data' }, { reserved1: 1 });
});

void t.test(
  'an error in the middle of a chunk closes one channel, and the others’ frames are handled',
  async (t) => {
    const { client, channel } = await opened();
    const other = await client.channel(2);
    const qos = methodPayload('basic.qos');
    client.bytes(
      Buffer.concat([
        frame(FRAME.method, channel.id, methodPayload('queue.purge', { queue: 'nope' })),
        frame(FRAME.method, other.id, qos),
        frame(FRAME.method, channel.id, qos),
        frame(FRAME.method, other.id, qos),
      ]),
    );
    t.strictSame(await named(client), ['channel.close', 'basic.qos-ok', 'basic.qos-ok']);
  },
);

void t.test('the empty queue name is the one last declared on the channel', async (t) => {
  const { client, channel } = await opened();
  const other = await client.channel(2);
  const { queue } = await channel.call('queue.declare', {});
  await other.call('queue.declare', { queue: 'theirs' });
  await channel.call('queue.bind', { exchange: 'amq.direct' });
  channel.publish('x', { exchange: 'amq.direct', routingKey: queue });
  await channel.get({}, {}, 'x');
  await channel.call('basic.consume', {});
  t.equal((await channel.call('queue.purge', {})).messageCount, 0);
  await channel.call('queue.unbind', { exchange: 'amq.direct' });
  await channel.call('queue.delete', {});
});
