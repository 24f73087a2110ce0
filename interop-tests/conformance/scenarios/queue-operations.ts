import { scenario } from '../scenario.js';

const NO_PREVIOUS = 'NOT_FOUND - no previously declared queue';
const missing = (queue: string) => `NOT_FOUND - no queue '${queue}' in vhost '/'`;

scenario('queue.purge drops the ready messages and tells how many', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  for (const body of ['a', 'b', 'c']) channel.publish(body, { routingKey: queue });
  await channel.get({ queue }, { deliveryTag: 1 }, 'a');
  await channel.call('queue.purge', { queue }, { messageCount: 2 });
  await channel.call('queue.purge', { queue }, { messageCount: 0 });
  channel.send('basic.nack', { deliveryTag: 1, requeue: true });
  await channel.get({ queue, noAck: true }, { redelivered: true, messageCount: 0 }, 'a');
});

scenario('queue.purge of a queue that is not there closes the channel with 404', async (s) => {
  const channel = await s.channel();
  const queue = s.name();
  channel.send('queue.purge', { queue });
  await channel.expectClosed(404, 'queue.purge', missing(queue));
});

scenario('queue.delete tells the ready messages', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  for (const body of ['a', 'b', 'c']) channel.publish(body, { routingKey: queue });
  await channel.get({ queue }, {}, 'a');
  await channel.call('queue.delete', { queue }, { messageCount: 2 });
  channel.send('queue.declare', { queue, passive: true });
  await channel.expectClosed(404, 'queue.declare', missing(queue));
});

scenario('queue.delete of a queue that is not there is answered with 0 messages', async (s) => {
  const channel = await s.channel();
  const queue = s.name();
  await channel.call('queue.delete', { queue }, { messageCount: 0 });
  await channel.call('queue.delete', { queue, ifEmpty: true, ifUnused: true }, { messageCount: 0 });
});

scenario('queue.delete with if-empty closes the channel with 406 while there are messages', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('a', { routingKey: queue });
  channel.send('queue.delete', { queue, ifEmpty: true });
  await channel.expectClosed(
    406,
    'queue.delete',
    `PRECONDITION_FAILED - queue '${queue}' in vhost '/' not empty`,
  );
  await channel.counts(queue, 1);
});

scenario('a queue of nothing but unacknowledged messages is empty for if-empty', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('a', { routingKey: queue });
  await channel.get({ queue }, {}, 'a');
  await channel.call('queue.delete', { queue, ifEmpty: true }, { messageCount: 0 });
});

scenario('queue.delete with if-unused closes the channel with 406 while there is a consumer', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  await channel.call('basic.consume', { queue, consumerTag: 'c' });
  const text = `PRECONDITION_FAILED - queue '${queue}' in vhost '/' in use`;
  channel.send('queue.delete', { queue, ifUnused: true });
  await channel.expectClosed(406, 'queue.delete', text);
});

scenario('queue.delete with if-unused and if-empty, both in the way, says not empty', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  await channel.call('basic.qos', { prefetchCount: 1 });
  await channel.call('basic.consume', { queue, consumerTag: 'c' });
  channel.publish('a', { routingKey: queue });
  channel.publish('b', { routingKey: queue });
  await channel.expectDelivery({}, 'a');
  await channel.counts(queue, 1);
  channel.send('queue.delete', { queue, ifUnused: true, ifEmpty: true });
  await channel.expectClosed(
    406,
    'queue.delete',
    `PRECONDITION_FAILED - queue '${queue}' in vhost '/' not empty`,
  );
});

/** The empty name is the queue last declared on this channel. */
for (const name of ['queue.purge', 'queue.delete', 'basic.get', 'basic.consume'] as const) {
  scenario(`${name} with an empty queue name and none declared closes the channel with 404`, async (s) => {
    const channel = await s.channel();
    channel.send(name, { queue: '' });
    await channel.expectClosed(404, name, NO_PREVIOUS);
  });
}

scenario('the queue last declared is what the empty name means, also after a passive declare', async (s) => {
  const channel = await s.channel();
  const one = await s.queue(channel);
  const two = await s.queue(channel);
  channel.publish('of one', { routingKey: one });
  channel.publish('of two', { routingKey: two });
  await channel.get({ queue: '', noAck: true }, {}, 'of two');
  await channel.counts(one, 1);
  await channel.call('queue.purge', { queue: '' }, { messageCount: 1 });
  await channel.call('queue.delete', { queue: '' });
  channel.send('queue.declare', { queue: one, passive: true });
  await channel.expectClosed(404, 'queue.declare', missing(one));
});

scenario('the queue last declared is remembered per channel', async (s) => {
  const one = await s.channel();
  const two = await s.another(one);
  await s.queue(one);
  two.send('queue.purge', { queue: '' });
  await two.expectClosed(404, 'queue.purge', NO_PREVIOUS);
});
