import { scenario } from '../scenario.js';

scenario('basic.get of an empty queue is answered with get-empty', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.send('basic.get', { queue });
  await channel.expect('basic.get-empty', { reserved1: '' });
});

scenario('basic.get tells exchange, routing key and what is left', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  const exchange = await s.exchange(channel, 'fanout');
  await s.bind(channel, queue, exchange);
  for (const body of ['a', 'b', 'c']) channel.publish(body, { exchange, routingKey: `to ${body}` });
  for (const [at, body] of ['a', 'b', 'c'].entries()) {
    const fields = {
      deliveryTag: at + 1,
      redelivered: false,
      exchange,
      routingKey: `to ${body}`,
      messageCount: 2 - at,
    };
    await channel.get({ queue }, fields, body);
  }
});

scenario('basic.get of a queue that is not there closes the channel with 404', async (s) => {
  const channel = await s.channel();
  const queue = s.name();
  channel.send('basic.get', { queue });
  await channel.expectClosed(404, 'basic.get', `NOT_FOUND - no queue '${queue}' in vhost '/'`);
});

scenario('basic.get with no-ack takes the message for good, and uses up a delivery tag', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  for (const body of ['a', 'b']) channel.publish(body, { routingKey: queue });
  await channel.get({ queue, noAck: true }, { deliveryTag: 1 }, 'a');
  await channel.get({ queue }, { deliveryTag: 2 }, 'b');
  channel.send('basic.ack', { deliveryTag: 1 });
  await channel.expectClosed(406, 'basic.ack', 'PRECONDITION_FAILED - unknown delivery tag 1');
});

scenario('basic.get and deliveries count the same tags', async (s) => {
  const channel = await s.channel();
  const one = await s.queue(channel);
  const two = await s.queue(channel);
  channel.publish('a', { routingKey: one });
  await channel.get({ queue: one }, { deliveryTag: 1 }, 'a');
  await channel.call('basic.consume', { queue: two, consumerTag: 'c' });
  channel.publish('b', { routingKey: two });
  await channel.expectDelivery({ deliveryTag: 2 }, 'b');
  channel.publish('c', { routingKey: one });
  await channel.get({ queue: one }, { deliveryTag: 3 }, 'c');
});

scenario('basic.get is answered beside an exclusive consumer', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  await channel.call('basic.consume', { queue, consumerTag: 'c', exclusive: true });
  channel.send('basic.get', { queue });
  await channel.expect('basic.get-empty');
});

scenario('basic.get is not held back by a prefetch limit', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  await channel.call('basic.qos', { prefetchCount: 1, global: true });
  for (const body of ['a', 'b', 'c']) channel.publish(body, { routingKey: queue });
  for (const body of ['a', 'b', 'c']) await channel.get({ queue }, {}, body);
});
