import t from 'tap';
import type { Channel } from '../../interop-tests/conformance/channel.js';
import { BrokerUnderTest } from '../support/broker-under-test.js';
import type { Hello, ProtocolClient } from '../support/protocol-client.js';

/** A connection with the queue `q`, which holds these. */
async function holding(bodies: readonly (string | Buffer)[], hello: Hello = {}) {
  const world = await BrokerUnderTest.open();
  const client = await world.connect(hello);
  const channel = await client.channel(1);
  await channel.call('queue.declare', { queue: 'q' });
  for (const body of bodies) channel.publish(body, { routingKey: 'q' });
  await world.rest();
  return { world, client, channel };
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, at) => `${at}`);

void t.test('consume-ok comes before the first delivery', async (t) => {
  const { client, channel } = await holding(['a']);
  channel.send('basic.consume', { queue: 'q', consumerTag: 'c' });
  t.match(await client.lines(), [/^basic.consume-ok/, /^basic.deliver/, /^content header/, /^body/]);
});

void t.test('with nowait there is no answer but the deliveries', async (t) => {
  const { client, channel } = await holding(['a']);
  channel.send('basic.consume', { queue: 'q', nowait: true });
  const [deliver] = await client.all();
  t.match(deliver, { name: 'basic.deliver', args: { consumerTag: /^amq\.ctag-/, deliveryTag: 1 } });
});

void t.test('a tag is made up for those who give none, never the same', async (t) => {
  const { channel } = await holding([]);
  const tags = [];
  for (let i = 0; i < 5; i++) tags.push((await channel.call('basic.consume', { queue: 'q' })).consumerTag);
  t.equal(new Set(tags).size, 5);
  for (const tag of tags) t.match(tag, /^amq\.ctag-[\w-]{22}$/);
});

void t.test('after cancel-ok nothing is delivered any more, and acknowledging goes on', async (t) => {
  const { world, client, channel } = await holding(['a']);
  await channel.call('basic.consume', { queue: 'q', consumerTag: 'c' });
  await channel.expectDelivery({}, 'a');
  channel.publish('b', { routingKey: 'q' });
  channel.send('basic.cancel', { consumerTag: 'c' });
  t.match(await client.lines(), [/^basic.cancel-ok .*"c"/]);
  channel.send('basic.ack', { deliveryTag: 1 });
  await world.rest();
  t.equal(world.broker.vhost('/')?.queue('q')?.unackedCount, 0);
  await channel.holds('q', ['b']);
});

void t.test('cancelling what is not there is fine', async (t) => {
  const { client, channel } = await holding([]);
  await channel.call('basic.cancel', { consumerTag: 'never' }, { consumerTag: 'never' });
  channel.send('basic.cancel', { consumerTag: 'never', nowait: true });
  t.strictSame(await client.lines(), []);
});

void t.test('a tag that was cancelled may be used again', async () => {
  const { channel } = await holding([]);
  for (let i = 0; i < 3; i++) {
    await channel.call('basic.consume', { queue: 'q', consumerTag: 'c' });
    await channel.call('basic.cancel', { consumerTag: 'c' });
  }
});

void t.test('consumers are told that their queue is gone, after the answer to who deleted it', async (t) => {
  const { world, client, channel } = await holding([]);
  const other = await (await world.connect()).channel(9);
  for (const consumerTag of ['one', 'two']) await channel.call('basic.consume', { queue: 'q', consumerTag });
  await other.call('basic.consume', { queue: 'q', consumerTag: 'three' });
  channel.send('queue.delete', { queue: 'q' });
  t.strictSame(await client.lines(), [
    'queue.delete-ok on channel 1 {"messageCount":0}',
    'basic.cancel on channel 1 {"consumerTag":"one","nowait":true}',
    'basic.cancel on channel 1 {"consumerTag":"two","nowait":true}',
  ]);
  await other.expect('basic.cancel', { consumerTag: 'three', nowait: true });
  await channel.call('queue.declare', { queue: 'q' });
  await channel.call('basic.consume', { queue: 'q', consumerTag: 'one' });
});

void t.test('a client that does not know of cancel is not told', async (t) => {
  const { client, channel } = await holding([], { capabilities: { consumer_cancel_notify: false } });
  await channel.call('basic.consume', { queue: 'q', consumerTag: 'c' });
  await channel.call('queue.delete', { queue: 'q' });
  t.strictSame(await client.lines(), []);
});

void t.test('what a deleted queue had delivered may still be acknowledged', async (t) => {
  const { client, channel } = await holding(['a', 'b']);
  await channel.call('basic.consume', { queue: 'q', consumerTag: 'c' });
  for (const body of ['a', 'b']) await channel.expectDelivery({}, body);
  await channel.call('queue.delete', { queue: 'q' });
  await channel.expect('basic.cancel');
  channel.send('basic.ack', { deliveryTag: 1 });
  channel.send('basic.nack', { deliveryTag: 2, requeue: true });
  t.strictSame(await client.lines(), []);
});

for (const [title, leave] of [
  ['rejects them', (channel) => channel.send('basic.nack', { multiple: true, requeue: true })],
  ['closes its channel', (channel) => channel.send('channel.close')],
  ['fails', (channel) => channel.send('queue.purge', { queue: 'nope' })],
  ['closes its connection', (channel) => channel.raw.method(0, 'connection.close')],
  ['vanishes', (channel) => channel.raw.drop()],
] as readonly (readonly [string, (channel: Channel<ProtocolClient>) => void])[]) {
  void t.test(`messages of a consumer that ${title} come back in order, redelivered`, async () => {
    const { world, channel } = await holding(numbered(10));
    const consumer = await (await world.connect()).channel(1);
    await consumer.call('basic.qos', { prefetchCount: 6 });
    await consumer.call('basic.consume', { queue: 'q', consumerTag: 'c' });
    for (const body of numbered(6)) await consumer.expectDelivery({ redelivered: false }, body);
    consumer.send('basic.ack', { deliveryTag: 2 });
    consumer.send('basic.cancel', { consumerTag: 'c', nowait: true });
    await world.rest();
    leave(consumer);
    await world.rest();
    for (const body of ['0', '2', '3', '4', '5'])
      await channel.get({ queue: 'q', noAck: true }, { redelivered: true }, body);
    for (const body of ['6', '7', '8', '9'])
      await channel.get({ queue: 'q', noAck: true }, { redelivered: false }, body);
  });
}

void t.test('consumers take turns', async (t) => {
  const { world, client, channel } = await holding([]);
  for (const consumerTag of ['a', 'b', 'c']) await channel.call('basic.consume', { queue: 'q', consumerTag });
  for (const body of numbered(9)) channel.publish(body, { routingKey: 'q' });
  await world.rest();
  const tags = (await client.all()).flatMap((one) =>
    one.kind === 'method' && one.name === 'basic.deliver' ? [one.args.consumerTag] : [],
  );
  t.equal(tags.join(''), 'abcabcabc');
});

void t.test('a body is delivered in frames that the consumer can take', async (t) => {
  const body = Buffer.alloc(100_000, 'x');
  const { world } = await holding([body]);
  const small = await world.connect({ frameMax: 4096 });
  const channel = await small.channel(1);
  await channel.call('basic.consume', { queue: 'q', consumerTag: 'c', noAck: true });
  const frames = await small.all();
  const sizes = frames.flatMap((one) => (one.kind === 'body' ? [one.bytes.length] : []));
  t.strictSame([...new Set(sizes.slice(0, -1))], [4088]);
  t.equal(
    sizes.reduce((sum, size) => sum + size),
    100_000,
  );
});

void t.test(
  'a consumer that does not read is sent no more than fits, and goes on where it stopped',
  async (t) => {
    const { world } = await holding(Array.from({ length: 100 }, (_, at) => Buffer.alloc(20_000, at)));
    const reader = await world.connect();
    const slow = await world.connect();
    const channel = await slow.channel(1);
    slow.transport.hold();
    channel.send('basic.consume', { queue: 'q', consumerTag: 'c', noAck: true });
    await world.rest();
    const queue = world.broker.vhost('/')?.queue('q');
    t.ok((queue?.messageCount ?? 0) > 60, `${queue?.messageCount} wait in the queue, not in memory twice`);
    t.ok(slow.transport.pending < 700_000, `${slow.transport.pending}`);
    const quick = await reader.channel(1);
    quick.send('basic.consume', { queue: 'q', consumerTag: 'c', noAck: true });
    await world.rest();
    t.equal(queue?.messageCount, 0, 'another consumer is not held up');
    slow.transport.take();
    const bodies = (await slow.all()).flatMap((one) => (one.kind === 'body' ? [one.bytes[0]] : []));
    t.strictSame(
      bodies,
      bodies.map((_, at) => at),
    );
  },
);

void t.test('all of a long queue is delivered, turn by turn', async (t) => {
  const { client, channel } = await holding(numbered(10_000));
  channel.send('basic.consume', { queue: 'q', consumerTag: 'c', noAck: true });
  const received = await client.all();
  const bodies = received.flatMap((one) => (one.kind === 'body' ? [one.bytes.toString()] : []));
  t.equal(bodies.join(), numbered(10_000).join());
});

void t.test('an exclusive consumer is alone, or is refused', async () => {
  const { client, channel } = await holding([]);
  const other = await client.channel(2);
  const text = "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use";
  await channel.call('basic.consume', { queue: 'q', consumerTag: 'c', exclusive: true });
  for (const exclusive of [false, true]) {
    other.send('basic.consume', { queue: 'q', exclusive });
    await other.expectClosed(403, 'basic.consume', text);
  }
  await channel.call('basic.cancel', { consumerTag: 'c' });
  await channel.call('basic.consume', { queue: 'q', consumerTag: 'c' });
  other.send('basic.consume', { queue: 'q', exclusive: true });
  await other.expectClosed(403, 'basic.consume', text);
});

for (const [name, args, tag] of [
  ['basic.ack', { deliveryTag: 3 }, '3'],
  ['basic.ack', { deliveryTag: 0 }, '0'],
  ['basic.ack', { deliveryTag: 3, multiple: true }, '3'],
  ['basic.ack', { deliveryTag: 1, multiple: true }, '1'],
  ['basic.nack', { deliveryTag: 9 }, '9'],
  ['basic.nack', { deliveryTag: 1, multiple: true }, '1'],
  ['basic.reject', { deliveryTag: 0 }, '0'],
] as const) {
  void t.test(`${name} of ${JSON.stringify(args)} is refused where it is not outstanding`, async () => {
    const { channel } = await holding(['a', 'b']);
    for (let i = 0; i < 2; i++) await channel.get({ queue: 'q' });
    channel.send('basic.ack', { deliveryTag: 1 });
    channel.send(name, args);
    await channel.expectClosed(406, name, `PRECONDITION_FAILED - unknown delivery tag ${tag}`);
  });
}

for (const tag of [2n ** 53n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) {
  void t.test(`an acknowledgement of ${tag} is refused by its name`, async (t) => {
    const { client, channel } = await holding([]);
    const payload = Buffer.alloc(13);
    payload.writeUInt32BE((60 << 16) | 80);
    payload.writeBigUInt64BE(tag, 4);
    client.frame(1, 1, payload);
    t.match(await channel.next(), {
      args: { replyText: `PRECONDITION_FAILED - unknown delivery tag ${tag}`, classId: 60, methodId: 80 },
    });
  });
}

void t.test('with multiple, 0 stands for all, also where there is nothing', async (t) => {
  const { client, channel } = await holding(['a', 'b']);
  channel.send('basic.ack', { multiple: true });
  channel.send('basic.nack', { multiple: true, requeue: true });
  for (let i = 0; i < 2; i++) await channel.get({ queue: 'q' });
  channel.send('basic.ack', { multiple: true });
  t.strictSame(await client.lines(), []);
  await channel.call('channel.close');
  await channel.call('channel.open');
  await channel.getNothing('q');
});

void t.test('basic.get tells what is left, and takes delivery tags like any delivery', async () => {
  const { channel } = await holding(['a', 'b', 'c']);
  await channel.get({ queue: 'q' }, { deliveryTag: 1, messageCount: 2, redelivered: false }, 'a');
  await channel.get({ queue: 'q', noAck: true }, { deliveryTag: 2, messageCount: 1 }, 'b');
  channel.send('basic.reject', { deliveryTag: 1, requeue: true });
  await channel.get({ queue: 'q' }, { deliveryTag: 3, messageCount: 1, redelivered: true }, 'a');
  await channel.drain('q');
  await channel.getNothing('q');
});

void t.test('a channel that fails in the middle of a chunk does nothing of what follows', async (t) => {
  const { client, channel } = await holding([]);
  channel.publish('a', { exchange: 'nope' });
  channel.publish('b', { routingKey: 'q' });
  channel.send('basic.consume', { queue: 'q' });
  channel.send('basic.get', { queue: 'q' });
  t.match(await client.lines(), [/^channel.close/]);
  channel.send('channel.close-ok');
  await channel.call('channel.open');
  await channel.getNothing('q');
});

/** So many deliveries are too many to be settled in one turn. */
const MANY = 20_000;

/** A channel that holds MANY deliveries, settles them all with `name` and asks something behind it; stops after the first turn. */
async function midSettlement(name: 'basic.ack' | 'basic.nack', requeue = false) {
  const { world, client, channel } = await holding(numbered(MANY));
  const bystander = await (await world.connect()).channel(1);
  await channel.call('basic.consume', { queue: 'q', consumerTag: 'c' });
  await world.rest();
  channel.send('basic.cancel', { consumerTag: 'c' });
  await client.lines();
  if (name === 'basic.ack') channel.send(name, { deliveryTag: MANY, multiple: true });
  else channel.send(name, { multiple: true, requeue });
  channel.send('basic.qos');
  world.deliver();
  await new Promise((resolve) => setImmediate(resolve));
  const queue = world.broker.vhost('/')!.queue('q')!;
  return { world, client, channel, bystander, queue };
}

for (const name of ['basic.ack', 'basic.nack'] as const) {
  void t.test(`${name} of a great many leaves the others their turns`, async (t) => {
    const { world, client, bystander } = await midSettlement(name);
    bystander.send('basic.qos');
    world.deliver();
    world.runTurn();
    t.equal(bystander.raw.transport.taken().length, 12, 'it was answered');
    t.equal(client.transport.taken().length, 0, 'what comes behind it is not done before its end');
    t.match(await client.lines(), [/^basic.qos-ok/]);
  });
}

void t.test('a great many that are given back come back in their order', async (t) => {
  const { world, client, channel, queue } = await midSettlement('basic.nack', true);
  t.ok(queue.messageCount > 0 && queue.messageCount < MANY, `${queue.messageCount} are back`);
  t.match(await client.lines(), [/^basic.qos-ok/]);
  t.equal(queue.messageCount, MANY);
  await channel.get({ queue: 'q', noAck: true }, { redelivered: true }, '0');
  await world.rest();
});

void t.test('a settlement that has begun is carried through, also without its client', async (t) => {
  const { world, client, queue } = await midSettlement('basic.ack');
  client.drop();
  await world.rest();
  t.equal(queue.messageCount, 0);
  t.equal(world.ended.length, 1);
  t.strictSame(world.log.defects, []);
});

void t.test('what is delivered while a great many are given back is not given back', async (t) => {
  const { world, client, channel } = await holding(numbered(MANY));
  await channel.call('basic.consume', { queue: 'q', consumerTag: 'c' });
  await client.lines();
  channel.send('basic.nack', { multiple: true, requeue: true });
  const again = (await client.lines()).filter((line) => line.startsWith('basic.deliver'));
  t.equal(again.length, MANY);
  channel.send('basic.ack', { deliveryTag: 2 * MANY, multiple: true });
  channel.send('channel.close');
  t.match(await client.lines(), [/^channel.close-ok/]);
  t.equal(world.broker.vhost('/')!.queue('q')!.messageCount, 0);
});
