import t from 'tap';
import { BrokerUnderTest } from '../support/broker-under-test.js';

/** A channel, and queues that hold `bodies` each. */
async function queues(names: readonly string[], bodies: readonly string[]) {
  const world = await BrokerUnderTest.open();
  const client = await world.connect();
  const channel = await client.channel(1);
  for (const queue of names) {
    await channel.call('queue.declare', { queue });
    for (const body of bodies) channel.publish(queue + body, { routingKey: queue });
  }
  await world.rest();
  return { world, client, channel };
}

const bodiesOf = (lines: readonly string[]): string[] =>
  lines.flatMap((line) => /^body on channel \d+ "(.*)"$/.exec(line)?.[1] ?? []);

void t.test('each consumer may hold as many as basic.qos allowed before it began', async (t) => {
  const { client, channel } = await queues(['q'], ['1', '2', '3', '4', '5', '6']);
  await channel.call('basic.qos', { prefetchCount: 1 });
  channel.send('basic.consume', { queue: 'q', consumerTag: 'one' });
  channel.send('basic.qos', { prefetchCount: 2 });
  channel.send('basic.consume', { queue: 'q', consumerTag: 'two' });
  t.strictSame(bodiesOf(await client.lines()).toSorted(), ['q1', 'q2', 'q3']);
  channel.send('basic.ack', { multiple: true });
  t.equal(bodiesOf(await client.lines()).length, 3);
});

void t.test('a later basic.qos does not touch a consumer that runs', async (t) => {
  const { client, channel } = await queues(['q'], ['1', '2', '3']);
  await channel.call('basic.qos', { prefetchCount: 1 });
  channel.send('basic.consume', { queue: 'q', consumerTag: 'c' });
  await client.lines();
  await channel.call('basic.qos', { prefetchCount: 0 });
  t.strictSame(await client.lines(), []);
});

void t.test('0 is no limit', async (t) => {
  const { client, channel } = await queues(['q'], ['1', '2', '3']);
  channel.send('basic.consume', { queue: 'q', consumerTag: 'c' });
  t.strictSame(bodiesOf(await client.lines()), ['q1', 'q2', 'q3']);
});

void t.test('with global, all consumers of the channel share one limit', async (t) => {
  const { client, channel } = await queues(['a', 'b'], ['1', '2']);
  await channel.call('basic.qos', { prefetchCount: 2, global: true });
  channel.send('basic.consume', { queue: 'a', consumerTag: 'a' });
  channel.send('basic.consume', { queue: 'b', consumerTag: 'b' });
  t.strictSame(bodiesOf(await client.lines()), ['a1', 'a2']);
  channel.send('basic.ack', { deliveryTag: 1 });
  t.strictSame(bodiesOf(await client.lines()), ['b1'], 'what one consumer gives back another takes');
  channel.send('basic.reject', { deliveryTag: 2 });
  t.strictSame(bodiesOf(await client.lines()), ['b2']);
});

void t.test(
  'a consumer that leaves with deliveries unacknowledged gives its share back when they are',
  async (t) => {
    const { client, channel } = await queues(['a', 'b'], ['1']);
    await channel.call('basic.qos', { prefetchCount: 1, global: true });
    channel.send('basic.consume', { queue: 'a', consumerTag: 'a' });
    await client.lines();
    channel.send('basic.consume', { queue: 'b', consumerTag: 'b' });
    channel.send('basic.cancel', { consumerTag: 'a' });
    t.strictSame(bodiesOf(await client.lines()), []);
    channel.send('basic.nack', { deliveryTag: 1 });
    t.strictSame(bodiesOf(await client.lines()), ['b1']);
  },
);

void t.test('both limits hold', async (t) => {
  const { client, channel } = await queues(['a', 'b'], ['1', '2', '3']);
  await channel.call('basic.qos', { prefetchCount: 3, global: true });
  await channel.call('basic.qos', { prefetchCount: 2 });
  channel.send('basic.consume', { queue: 'a', consumerTag: 'a' });
  channel.send('basic.consume', { queue: 'b', consumerTag: 'b' });
  t.strictSame(bodiesOf(await client.lines()).toSorted(), ['a1', 'a2', 'b1']);
});

for (const limit of [2, 0]) {
  void t.test(`raising the channel's limit to ${limit} frees consumers that wait`, async (t) => {
    const { client, channel } = await queues(['q'], ['1', '2']);
    await channel.call('basic.qos', { prefetchCount: 1, global: true });
    channel.send('basic.consume', { queue: 'q', consumerTag: 'c' });
    t.strictSame(bodiesOf(await client.lines()), ['q1']);
    channel.send('basic.qos', { prefetchCount: limit, global: true });
    t.strictSame(bodiesOf(await client.lines()), ['q2']);
  });
}

void t.test(
  'lowering it below what is outstanding stops deliveries until enough is acknowledged',
  async (t) => {
    const { client, channel } = await queues(['q'], ['1', '2', '3', '4', '5']);
    await channel.call('basic.qos', { prefetchCount: 3, global: true });
    channel.send('basic.consume', { queue: 'q', consumerTag: 'c' });
    await client.lines();
    await channel.call('basic.qos', { prefetchCount: 1, global: true });
    for (const deliveryTag of [1, 2]) channel.send('basic.ack', { deliveryTag });
    t.strictSame(bodiesOf(await client.lines()), []);
    channel.send('basic.ack', { deliveryTag: 3 });
    t.strictSame(bodiesOf(await client.lines()), ['q4']);
  },
);

void t.test('basic.get and consumers that need not acknowledge take no credit', async (t) => {
  const { client, channel } = await queues(['q'], ['1', '2', '3', '4']);
  await channel.call('basic.qos', { prefetchCount: 1, global: true });
  for (let i = 0; i < 2; i++) await channel.get({ queue: 'q' });
  channel.send('basic.consume', { queue: 'q', consumerTag: 'n', noAck: true });
  t.strictSame(bodiesOf(await client.lines()), ['q3', 'q4']);
});

void t.test('the limits of one channel are none of another', async (t) => {
  const { client, channel } = await queues(['q'], ['1', '2', '3']);
  const other = await client.channel(2);
  await channel.call('basic.qos', { prefetchCount: 1, global: true });
  channel.send('basic.consume', { queue: 'q', consumerTag: 'c' });
  t.strictSame(bodiesOf(await client.lines()), ['q1']);
  other.send('basic.consume', { queue: 'q', consumerTag: 'c' });
  t.strictSame(bodiesOf(await client.lines()), ['q2', 'q3']);
});

void t.test('what basic.recover gives back comes again, to whoever has credit', async (t) => {
  const { client, channel } = await queues(['q'], ['1', '2', '3']);
  await channel.call('basic.qos', { prefetchCount: 2 });
  channel.send('basic.consume', { queue: 'q', consumerTag: 'c' });
  await client.lines();
  channel.send('basic.recover', { requeue: true });
  const lines = await client.lines();
  t.match(lines[0], /^basic.recover-ok/, 'the answer comes first');
  t.strictSame(bodiesOf(lines), ['q1', 'q2']);
  t.equal(lines.filter((line) => line.includes('"redelivered":true')).length, 2);
  channel.send('basic.recover-async', { requeue: true });
  t.strictSame(bodiesOf(await client.lines()), ['q1', 'q2']);
});

void t.test('while the heap is short a channel holds no more than 10,000 deliveries', async (t) => {
  const { world, client, channel } = await queues(['q'], []);
  const other = await client.channel(2);
  await other.call('confirm.select');
  for (let i = 0; i < 10_010; i++) channel.publish('x', { routingKey: 'q' });
  await world.rest();
  world.broker.alarms.set('heap', true);
  channel.send('basic.consume', { queue: 'q', consumerTag: 'c' });
  t.equal(bodiesOf(await client.lines()).length, 10_000);
  channel.send('basic.ack', { deliveryTag: 2, multiple: true });
  t.equal(bodiesOf(await client.lines()).length, 2);
  world.broker.alarms.set('heap', false);
  t.equal(bodiesOf(await client.lines()).length, 8);
  channel.send('basic.nack', { multiple: true, requeue: true });
  channel.send('basic.qos', { prefetchCount: 3, global: true });
  world.broker.alarms.set('heap', true);
  await client.lines();
  world.broker.alarms.set('heap', false);
  channel.send('basic.ack', { deliveryTag: 10_011 });
  t.equal(bodiesOf(await client.lines()).length, 1, 'a lower limit of the client’s stays');
});
