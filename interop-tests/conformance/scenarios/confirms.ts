import type { Channel } from '../channel.js';
import { asMethod, same } from '../expectation.js';
import { scenario } from '../scenario.js';

/** Takes acks, one by one or many at once, until all tags to `last` are confirmed, in order. */
async function confirmed(channel: Channel, last: number): Promise<void> {
  let next = 1;
  while (next <= last) {
    const { deliveryTag, multiple } = asMethod(await channel.next(), 'basic.ack');
    if (!multiple) same('confirmed tag', deliveryTag, next);
    same('a tag already confirmed', deliveryTag < next, false);
    next = deliveryTag + 1;
  }
  same('last confirmed', next, last + 1);
}

scenario('confirm.select is answered, and again', async (s) => {
  const channel = await s.channel();
  await channel.call('confirm.select');
  await channel.call('confirm.select');
});

scenario('a message that is routed is confirmed', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  await channel.call('confirm.select');
  channel.publish('a', { routingKey: queue });
  await channel.expect('basic.ack', { deliveryTag: 1, multiple: false });
  channel.publish('b', { routingKey: queue });
  await channel.expect('basic.ack', { deliveryTag: 2, multiple: false });
});

scenario('a persistent message to a durable queue is confirmed', async (s) => {
  const channel = await s.channel();
  const queue = s.lastingQueue();
  await channel.call('queue.declare', { queue, durable: true });
  await channel.call('confirm.select');
  channel.publish('a', { routingKey: queue, properties: { deliveryMode: 2 } });
  await channel.expect('basic.ack', { deliveryTag: 1, multiple: false });
});

scenario('a message that is routed nowhere is confirmed', async (s) => {
  const channel = await s.channel();
  await channel.call('confirm.select');
  channel.publish('a', { routingKey: s.name() });
  await channel.expect('basic.ack', { deliveryTag: 1, multiple: false });
});

scenario('a mandatory message that is routed nowhere is returned, then confirmed', async (s) => {
  const channel = await s.channel();
  await channel.call('confirm.select');
  const routingKey = s.name();
  channel.publish('a', { routingKey, mandatory: true });
  await channel.expectReturn({ replyCode: 312, routingKey }, 'a');
  await channel.expect('basic.ack', { deliveryTag: 1, multiple: false });
});

scenario('many messages to one queue are confirmed in order, alone or together', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  await channel.call('confirm.select');
  for (let at = 0; at < 500; at++) channel.publish(`${at}`, { routingKey: queue });
  await confirmed(channel, 500);
});

scenario('a message to ten queues is confirmed once', async (s) => {
  const channel = await s.channel();
  const exchange = await s.exchange(channel, 'fanout');
  for (let at = 0; at < 10; at++) await s.bind(channel, await s.queue(channel), exchange);
  await channel.call('confirm.select');
  channel.publish('a', { exchange });
  await channel.expect('basic.ack', { deliveryTag: 1, multiple: false });
  await channel.quiet();
});

scenario('messages published before confirm.select do not count', async (s) => {
  const channel = await s.channel();
  channel.publish('a', { routingKey: s.name() });
  channel.publish('b', { routingKey: s.name() });
  await channel.call('confirm.select');
  channel.publish('c', { routingKey: s.name() });
  await channel.expect('basic.ack', { deliveryTag: 1 });
});

scenario('confirms count anew on a reopened channel, and are off until selected', async (s) => {
  const channel = await s.channel();
  await channel.call('confirm.select');
  channel.publish('a', { routingKey: s.name() });
  await channel.expect('basic.ack', { deliveryTag: 1 });
  await channel.call('channel.close', { replyCode: 200 });
  await channel.call('channel.open');
  channel.publish('b', { routingKey: s.name() });
  await channel.quiet();
  await channel.call('confirm.select');
  channel.publish('c', { routingKey: s.name() });
  await channel.expect('basic.ack', { deliveryTag: 1 });
});

scenario('what came before an error on the channel is confirmed, then the channel closes', async (s) => {
  const channel = await s.channel();
  await channel.call('confirm.select');
  channel.publish('a', { routingKey: s.name() });
  await channel.expect('basic.ack', { deliveryTag: 1 });
  const exchange = s.name('x');
  channel.publish('b', { exchange });
  await channel.expectClosed(404, 'basic.publish', `NOT_FOUND - no exchange '${exchange}' in vhost '/'`);
});

scenario('a message that a full queue refuses is answered with basic.nack', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel, { 'x-max-length': 1, 'x-overflow': 'reject-publish' });
  await channel.call('confirm.select');
  channel.publish('fits', { routingKey: queue });
  await channel.expect('basic.ack', { deliveryTag: 1 });
  channel.publish('does not', { routingKey: queue });
  const { deliveryTag } = await channel.expect('basic.nack');
  same('refused tag', deliveryTag, 2);
  await channel.holds(queue, ['fits']);
});

scenario('a message that one of two queues refuses is answered with basic.nack', async (s) => {
  const channel = await s.channel();
  const exchange = await s.exchange(channel, 'fanout');
  const full = await s.queue(channel, { 'x-max-length': 0, 'x-overflow': 'reject-publish' });
  const open = await s.queue(channel);
  await s.bind(channel, full, exchange);
  await s.bind(channel, open, exchange);
  await channel.call('confirm.select');
  channel.publish('a', { exchange });
  await channel.expect('basic.nack', { deliveryTag: 1, requeue: true });
  await channel.holds(open, ['a']);
});

scenario('a consumer and a confirming publisher may share a channel', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  await channel.call('confirm.select');
  await channel.call('basic.consume', { queue, consumerTag: 'c' });
  channel.publish('a', { routingKey: queue });
  const kinds: string[] = [];
  for (let at = 0; at < 2; at++) {
    const received = await channel.next();
    if (received.kind !== 'method') continue;
    kinds.push(received.name);
    if (received.name === 'basic.deliver') await channel.expectContent('a');
  }
  same('frames', kinds.toSorted(), ['basic.ack', 'basic.deliver']);
  channel.send('basic.ack', { deliveryTag: 1 });
});

scenario('confirm.select on a transactional channel closes it with 406', async (s) => {
  const channel = await s.channel();
  await channel.call('tx.select');
  channel.send('confirm.select');
  const text = 'PRECONDITION_FAILED - cannot switch from tx to confirm mode';
  await channel.expectClosed(406, 'confirm.select', text);
});

scenario('tx.select on a confirming channel closes it with 406', async (s) => {
  const channel = await s.channel();
  await channel.call('confirm.select');
  channel.send('tx.select');
  const text = 'PRECONDITION_FAILED - cannot switch from confirm to tx mode';
  await channel.expectClosed(406, 'tx.select', text);
});
