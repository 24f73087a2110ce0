import type { Channel } from '../channel.js';
import { same } from '../expectation.js';
import { scenario, type Steps } from '../scenario.js';

/** Waits until the broker's own clock has moved `ms` on: a message that lives so long has died. */
async function tick(s: Steps, channel: Channel, ms: number): Promise<void> {
  const dead = await s.queue(channel);
  const args = { 'x-message-ttl': ms, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead };
  channel.publish('tick', { routingKey: await s.queue(channel, args) });
  await channel.counts(dead, 1);
}

scenario('a message that has expired is not delivered', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('short', { routingKey: queue, properties: { expiration: '1' } });
  await tick(s, channel, 30);
  await channel.getNothing(queue);
});

scenario('an x-message-ttl of 0 delivers to a waiting consumer and to nobody else', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel, { 'x-message-ttl': 0 });
  channel.publish('nobody waits', { routingKey: queue });
  await channel.getNothing(queue);
  await channel.call('basic.consume', { queue, consumerTag: 'c', noAck: true });
  channel.publish('somebody waits', { routingKey: queue });
  await channel.expectDelivery({ redelivered: false }, 'somebody waits');
});

scenario('a message expires at the head of the queue, not behind one that lives longer', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('long', { routingKey: queue, properties: { expiration: '3600000' } });
  channel.publish('short', { routingKey: queue, properties: { expiration: '1' } });
  await tick(s, channel, 60);
  await channel.counts(queue, 2);
  await channel.get({ queue, noAck: true }, {}, 'long');
  await channel.getNothing(queue);
});

scenario('x-max-length drops the oldest', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel, { 'x-max-length': 2 });
  for (const body of ['a', 'b', 'c', 'd']) channel.publish(body, { routingKey: queue });
  await channel.holds(queue, ['c', 'd']);
});

scenario('x-max-length counts only what is ready', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel, { 'x-max-length': 2 });
  for (const body of ['a', 'b']) channel.publish(body, { routingKey: queue });
  await channel.get({ queue }, { deliveryTag: 1 }, 'a');
  await channel.get({ queue }, { deliveryTag: 2 }, 'b');
  for (const body of ['c', 'd']) channel.publish(body, { routingKey: queue });
  await channel.holds(queue, ['c', 'd']);
});

scenario('a requeued message that makes a queue too long drops from the head', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel, { 'x-max-length': 2 });
  for (const body of ['a', 'b']) channel.publish(body, { routingKey: queue });
  await channel.get({ queue }, { deliveryTag: 1 }, 'a');
  channel.publish('c', { routingKey: queue });
  channel.send('basic.reject', { deliveryTag: 1, requeue: true });
  await channel.holds(queue, ['b', 'c']);
});

scenario('x-max-length-bytes counts bodies, not properties', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel, { 'x-max-length-bytes': 10 });
  const properties = { headers: { filler: 'x'.repeat(100) } };
  for (const body of ['aaaaa', 'bbbbb', 'c']) channel.publish(body, { routingKey: queue, properties });
  await channel.holds(queue, ['bbbbb', 'c']);
});

scenario('a message larger than x-max-length-bytes does not stay', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel, { 'x-max-length-bytes': 3 });
  channel.publish('a', { routingKey: queue });
  channel.publish('too large', { routingKey: queue });
  await channel.holds(queue, []);
});

scenario('an x-max-length of 0 holds nothing, but delivers to a waiting consumer', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel, { 'x-max-length': 0 });
  channel.publish('nobody waits', { routingKey: queue });
  await channel.holds(queue, []);
  await channel.call('basic.consume', { queue, consumerTag: 'c', noAck: true });
  channel.publish('somebody waits', { routingKey: queue });
  await channel.expectDelivery({}, 'somebody waits');
});

scenario('with reject-publish a full queue keeps what it has, silently without confirms', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel, { 'x-max-length': 2, 'x-overflow': 'reject-publish' });
  for (const body of ['a', 'b', 'c']) channel.publish(body, { routingKey: queue });
  await channel.holds(queue, ['a', 'b']);
});

scenario('a priority queue delivers the highest priority first, and within one in order', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel, { 'x-max-priority': 5 });
  for (const [body, priority] of [
    ['low', 1],
    ['high', 5],
    ['middle', 3],
    ['high again', 5],
    ['middle again', 3],
  ] as const) {
    channel.publish(body, { routingKey: queue, properties: { priority } });
  }
  channel.publish('none', { routingKey: queue });
  await channel.holds(queue, ['high', 'high again', 'middle', 'middle again', 'low', 'none']);
});

scenario('a priority above x-max-priority counts as x-max-priority', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel, { 'x-max-priority': 5 });
  for (const [body, priority] of [
    ['five', 5],
    ['two hundred', 200],
    ['four', 4],
  ] as const) {
    channel.publish(body, { routingKey: queue, properties: { priority } });
  }
  await channel.holds(queue, ['five', 'two hundred', 'four']);
});

scenario('without x-max-priority the priority means nothing', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('low', { routingKey: queue, properties: { priority: 1 } });
  channel.publish('high', { routingKey: queue, properties: { priority: 9 } });
  await channel.holds(queue, ['low', 'high']);
});

scenario('a requeued message of a priority queue goes back to its place', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel, { 'x-max-priority': 5 });
  for (const body of ['a', 'b']) channel.publish(body, { routingKey: queue, properties: { priority: 5 } });
  channel.publish('c', { routingKey: queue });
  await channel.get({ queue }, { deliveryTag: 1 }, 'a');
  await channel.get({ queue }, { deliveryTag: 2 }, 'b');
  channel.send('basic.nack', { deliveryTag: 2, multiple: true, requeue: true });
  await channel.holds(queue, ['a', 'b', 'c']);
});

scenario(
  'a priority queue over its length drops from its head, which is the highest priority,',
  async (s) => {
    const channel = await s.channel();
    const queue = await s.queue(channel, { 'x-max-priority': 5, 'x-max-length': 2 });
    for (const [body, priority] of [
      ['high', 5],
      ['low', 1],
      ['middle', 3],
    ] as const) {
      channel.publish(body, { routingKey: queue, properties: { priority } });
    }
    await channel.holds(queue, ['middle', 'low']);
  },
);

scenario('with x-single-active-consumer the first consumer gets everything', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel, { 'x-single-active-consumer': true });
  for (const consumerTag of ['one', 'two']) await channel.call('basic.consume', { queue, consumerTag });
  for (const body of ['a', 'b', 'c']) channel.publish(body, { routingKey: queue });
  for (const body of ['a', 'b', 'c']) await channel.expectDelivery({ consumerTag: 'one' }, body);
});

scenario('when the single active consumer is cancelled the next one takes over', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel, { 'x-single-active-consumer': true });
  for (const consumerTag of ['one', 'two', 'three']) {
    await channel.call('basic.consume', { queue, consumerTag, noAck: true });
  }
  channel.publish('a', { routingKey: queue });
  await channel.expectDelivery({ consumerTag: 'one' }, 'a');
  await channel.call('basic.cancel', { consumerTag: 'one' });
  channel.publish('b', { routingKey: queue });
  await channel.expectDelivery({ consumerTag: 'two' }, 'b');
});

scenario('when the single active consumer’s channel closes, its messages go to the next one', async (s) => {
  const one = await s.channel();
  const two = await s.another(one);
  const queue = await s.queue(one, { 'x-single-active-consumer': true });
  await one.call('basic.consume', { queue, consumerTag: 'one' });
  await two.call('basic.consume', { queue, consumerTag: 'two' });
  for (const body of ['a', 'b']) two.publish(body, { routingKey: queue });
  for (const body of ['a', 'b']) await one.expectDelivery({ consumerTag: 'one' }, body);
  await one.call('channel.close', { replyCode: 200 });
  for (const body of ['a', 'b']) await two.expectDelivery({ consumerTag: 'two', redelivered: true }, body);
  await one.call('channel.open');
});

scenario(
  'an exclusive consumer of a queue with x-single-active-consumer closes the channel with 403',
  async (s) => {
    const channel = await s.channel();
    const queue = await s.queue(channel, { 'x-single-active-consumer': true });
    channel.send('basic.consume', { queue, exclusive: true });
    const text = `ACCESS_REFUSED - queue '${queue}' in vhost '/' in exclusive use`;
    await channel.expectClosed(403, 'basic.consume', text);
  },
);

scenario('messages of one publisher are delivered in its order, however many there are', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  await channel.call('basic.consume', { queue, consumerTag: 'c', noAck: true });
  for (let at = 0; at < 2000; at++) channel.publish(`${at}`, { routingKey: queue });
  for (let at = 1; at <= 2000; at++) {
    const { deliveryTag, body } = await channel.expectDelivery({});
    same('delivery', [deliveryTag, body], [at, `${at - 1}`]);
  }
});

scenario('basic.get beside a single active consumer', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel, { 'x-single-active-consumer': true });
  await channel.call('basic.consume', { queue, consumerTag: 'c' });
  channel.send('basic.get', { queue });
  await channel.expect('basic.get-empty');
});

scenario('requeueing does not lengthen a message’s life', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('a', { routingKey: queue, properties: { expiration: '40' } });
  await channel.get({ queue }, { deliveryTag: 1 }, 'a');
  await tick(s, channel, 80);
  channel.send('basic.reject', { deliveryTag: 1, requeue: true });
  await channel.getNothing(queue);
});

scenario('a message that is held does not expire', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('a', { routingKey: queue, properties: { expiration: '30' } });
  await channel.get({ queue }, { deliveryTag: 1 }, 'a');
  await tick(s, channel, 60);
  channel.send('basic.ack', { deliveryTag: 1 });
  await channel.quiet();
});

scenario('of x-message-ttl and expiration the smaller counts, either way', async (s) => {
  const channel = await s.channel();
  const brief = await s.queue(channel, { 'x-message-ttl': 20 });
  const long = await s.queue(channel, { 'x-message-ttl': 3_600_000 });
  channel.publish('a', { routingKey: brief, properties: { expiration: '3600000' } });
  channel.publish('b', { routingKey: long, properties: { expiration: '20' } });
  await tick(s, channel, 60);
  await channel.getNothing(brief);
  await channel.getNothing(long);
});

scenario('a consumer of higher priority that comes later is served first from then on', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  await channel.call('basic.consume', { queue, consumerTag: 'early', noAck: true });
  channel.publish('a', { routingKey: queue });
  await channel.expectDelivery({ consumerTag: 'early' }, 'a');
  const args = { 'x-priority': 10 };
  await channel.call('basic.consume', { queue, consumerTag: 'late', noAck: true, arguments: args });
  for (const body of ['b', 'c']) channel.publish(body, { routingKey: queue });
  for (const body of ['b', 'c']) await channel.expectDelivery({ consumerTag: 'late' }, body);
  await channel.call('basic.cancel', { consumerTag: 'late' });
  channel.publish('d', { routingKey: queue });
  await channel.expectDelivery({ consumerTag: 'early' }, 'd');
});
