import { scenario } from '../scenario.js';

scenario('closing a channel gives its messages back in order, redelivered', async (s) => {
  const one = await s.channel();
  const two = await s.another(one);
  const queue = await s.queue(one);
  for (const body of ['a', 'b', 'c', 'd']) one.publish(body, { routingKey: queue });
  for (const body of ['a', 'b', 'c']) await one.get({ queue }, {}, body);
  one.send('basic.ack', { deliveryTag: 2 });
  await one.call('channel.close', { replyCode: 200 });
  await two.counts(queue, 3);
  await two.get({ queue, noAck: true }, { redelivered: true }, 'a');
  await two.get({ queue, noAck: true }, { redelivered: true }, 'c');
  await two.get({ queue, noAck: true }, { redelivered: false }, 'd');
  await one.call('channel.open');
});

scenario('a channel error gives its messages back', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('a', { routingKey: queue });
  await channel.get({ queue }, {}, 'a');
  channel.send('basic.ack', { deliveryTag: 9 });
  await channel.expectClosed(406, 'basic.ack', 'PRECONDITION_FAILED - unknown delivery tag 9');
  await channel.counts(queue, 1);
  await channel.get({ queue, noAck: true }, { redelivered: true }, 'a');
});

scenario('closing a channel removes its consumers', async (s) => {
  const one = await s.channel();
  const two = await s.another(one);
  const queue = await s.queue(one);
  await one.call('basic.consume', { queue, consumerTag: 'a' });
  await two.counts(queue, 0, 1);
  await one.call('channel.close', { replyCode: 200 });
  await two.counts(queue, 0, 0);
  await one.call('channel.open');
});

scenario('closing a connection gives its messages back in order, redelivered', async (s) => {
  const queue = s.lastingQueue();
  const one = await s.channel();
  const two = await s.channel();
  await one.call('queue.declare', { queue });
  for (const body of ['a', 'b', 'c']) one.publish(body, { routingKey: queue });
  await one.call('basic.qos', { prefetchCount: 2 });
  await one.call('basic.consume', { queue, consumerTag: 'a' });
  for (const body of ['a', 'b']) await one.expectDelivery({ redelivered: false }, body);
  await one.closeConnection();
  await two.counts(queue, 3, 0);
  for (const body of ['a', 'b']) await two.get({ queue, noAck: true }, { redelivered: true }, body);
  await two.get({ queue, noAck: true }, { redelivered: false }, 'c');
});

scenario('a connection that breaks gives its messages back', async (s) => {
  const queue = s.lastingQueue();
  const one = await s.channel();
  const two = await s.channel();
  await one.call('queue.declare', { queue });
  one.publish('a', { routingKey: queue });
  await one.get({ queue }, {}, 'a');
  one.raw.drop();
  await two.counts(queue, 1);
  await two.get({ queue, noAck: true }, { redelivered: true }, 'a');
});

scenario('an exclusive queue goes with its connection', async (s) => {
  const one = await s.channel();
  const two = await s.channel();
  const queue = await s.queue(one);
  await one.closeConnection();
  await two.expectGone(queue);
  await two.call('queue.declare', { queue, exclusive: true });
});

scenario('a durable exclusive queue goes with its connection too', async (s) => {
  const one = await s.channel();
  const two = await s.channel();
  const queue = s.name();
  await one.call('queue.declare', { queue, exclusive: true, durable: true });
  one.raw.drop();
  await two.expectGone(queue);
});

scenario('an auto-delete queue goes with its last consumer', async (s) => {
  const channel = await s.channel();
  const queue = s.lastingQueue();
  await channel.call('queue.declare', { queue, autoDelete: true });
  await channel.call('basic.consume', { queue, consumerTag: 'a' });
  await channel.call('basic.consume', { queue, consumerTag: 'b' });
  await channel.call('basic.cancel', { consumerTag: 'a' });
  await channel.counts(queue, 0, 1);
  await channel.call('basic.cancel', { consumerTag: 'b' });
  await channel.expectGone(queue);
});

scenario('an auto-delete queue goes with its last consumer’s channel', async (s) => {
  const one = await s.channel();
  const two = await s.another(one);
  const queue = s.lastingQueue();
  await one.call('queue.declare', { queue, autoDelete: true });
  await one.call('basic.consume', { queue, consumerTag: 'a' });
  await one.call('channel.close', { replyCode: 200 });
  await two.expectGone(queue);
  await one.call('channel.open');
});

scenario('an auto-delete queue that never had a consumer stays', async (s) => {
  const one = await s.channel();
  const queue = s.lastingQueue();
  await one.call('queue.declare', { queue, autoDelete: true });
  one.raw.drop();
  const two = await s.channel();
  await two.counts(queue, 0, 0);
});

scenario('basic.get does not make an auto-delete queue go', async (s) => {
  const channel = await s.channel();
  const queue = s.lastingQueue();
  await channel.call('queue.declare', { queue, autoDelete: true });
  await channel.getNothing(queue);
  await channel.counts(queue, 0);
});

scenario('a queue that is not used for its x-expires goes', async (s) => {
  const channel = await s.channel();
  const queue = s.lastingQueue();
  await channel.call('queue.declare', { queue, arguments: { 'x-expires': 50 } });
  await channel.expectGone(queue);
});

scenario('a queue with a consumer does not expire', async (s) => {
  const channel = await s.channel();
  const queue = s.lastingQueue();
  const brief = s.lastingQueue();
  await channel.call('queue.declare', { queue, arguments: { 'x-expires': 60 } });
  await channel.call('basic.consume', { queue, consumerTag: 'c' });
  await channel.call('queue.declare', { queue: brief, arguments: { 'x-expires': 180 } });
  await channel.expectGone(brief);
  await channel.counts(queue, 0, 1);
});
