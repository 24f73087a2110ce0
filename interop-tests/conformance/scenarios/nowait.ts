import { scenario } from '../scenario.js';

scenario(
  'the nowait forms of declare, bind, unbind, purge and delete are answered with nothing',
  async (s) => {
    const channel = await s.channel();
    const exchange = s.exchangeName();
    const queue = s.name();
    const nowait = true;
    channel.send('exchange.declare', { exchange, type: 'fanout', nowait });
    channel.send('queue.declare', { queue, exclusive: true, nowait });
    channel.send('queue.bind', { queue, exchange, nowait });
    channel.send('exchange.bind', { source: exchange, destination: exchange, routingKey: 'x', nowait });
    channel.send('exchange.unbind', { source: exchange, destination: exchange, routingKey: 'x', nowait });
    channel.publish('a', { exchange });
    await channel.counts(queue, 1);
    channel.send('queue.purge', { queue, nowait });
    await channel.counts(queue, 0);
    channel.send('queue.delete', { queue, nowait });
    channel.send('exchange.delete', { exchange, nowait });
    channel.send('queue.declare', { queue, passive: true });
    await channel.expectClosed(404, 'queue.declare', `NOT_FOUND - no queue '${queue}' in vhost '/'`);
    channel.send('exchange.declare', { exchange, passive: true });
    await channel.expectClosed(404, 'exchange.declare', `NOT_FOUND - no exchange '${exchange}' in vhost '/'`);
  },
);

scenario('basic.consume and basic.cancel with nowait are answered with nothing', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.send('basic.consume', { queue, consumerTag: 'c', nowait: true });
  await channel.counts(queue, 0, 1);
  channel.publish('a', { routingKey: queue });
  await channel.expectDelivery({ consumerTag: 'c', deliveryTag: 1 }, 'a');
  channel.send('basic.cancel', { consumerTag: 'c', nowait: true });
  channel.send('basic.cancel', { consumerTag: 'unknown', nowait: true });
  await channel.counts(queue, 0, 0);
});

scenario('confirm.select with nowait is answered with nothing and counts from then on', async (s) => {
  const channel = await s.channel();
  channel.publish('unseen', { routingKey: s.name() });
  channel.send('confirm.select', { nowait: true });
  channel.publish('seen', { routingKey: s.name() });
  await channel.expect('basic.ack', { deliveryTag: 1, multiple: false });
});

/** An error is an error, asked for or not. */
for (const [name, args] of [
  ['queue.declare', { passive: true }],
  ['queue.bind', { exchange: 'amq.direct' }],
  ['queue.purge', {}],
  ['basic.consume', {}],
] as const) {
  scenario(`${name} with nowait still closes the channel with 404`, async (s) => {
    const channel = await s.channel();
    const queue = s.name();
    channel.send(name, { queue, nowait: true, ...args });
    await channel.expectClosed(404, name, `NOT_FOUND - no queue '${queue}' in vhost '/'`);
  });
}
