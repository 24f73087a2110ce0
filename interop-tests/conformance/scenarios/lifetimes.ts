import { asMethod, same } from '../expectation.js';
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
  one.raw.method(0, 'connection.close', { replyCode: 200 });
  asMethod(await one.next(), 'connection.close-ok');
  // Gone when close-ok is sent, not some time after: a client that comes back may declare it again.
  await two.call('queue.declare', { queue, exclusive: true });
  one.raw.destroy();
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

scenario('an acknowledgement for a message of a deleted queue is fine', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  for (const body of ['a', 'b']) channel.publish(body, { routingKey: queue });
  await channel.get({ queue }, { deliveryTag: 1 }, 'a');
  await channel.get({ queue }, { deliveryTag: 2 }, 'b');
  await channel.call('queue.delete', { queue }, { messageCount: 0 });
  channel.send('basic.ack', { deliveryTag: 1 });
  channel.send('basic.nack', { deliveryTag: 2, requeue: true });
  await channel.quiet();
});

scenario('a queue declared anew under an old name is empty and has no consumers', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('a', { routingKey: queue });
  await channel.get({ queue }, { deliveryTag: 1 }, 'a');
  await channel.call('queue.delete', { queue });
  await channel.call('queue.declare', { queue, exclusive: true }, { messageCount: 0, consumerCount: 0 });
  channel.send('basic.nack', { deliveryTag: 1, requeue: true });
  await channel.holds(queue, []);
});

scenario('a consumer tag is free again once its queue was deleted', async (s) => {
  const channel = await s.channel();
  const [one, two] = [await s.queue(channel), await s.queue(channel)];
  await channel.call('basic.consume', { queue: one, consumerTag: 'c' });
  await channel.call('queue.delete', { queue: one });
  await channel.expect('basic.cancel', { consumerTag: 'c' });
  await channel.call('basic.consume', { queue: two, consumerTag: 'c' });
});

scenario('deleting a queue tells every consumer, on every connection', async (s) => {
  const queue = s.lastingQueue();
  const one = await s.channel();
  const two = await s.channel();
  await one.call('queue.declare', { queue });
  await one.call('basic.consume', { queue, consumerTag: 'a' });
  await one.call('basic.consume', { queue, consumerTag: 'b' });
  await two.call('basic.consume', { queue, consumerTag: 'a' });
  const third = await s.channel();
  await third.call('queue.delete', { queue });
  const first = await one.expect('basic.cancel');
  const second = await one.expect('basic.cancel');
  same('tags', [first.consumerTag, second.consumerTag].toSorted(), ['a', 'b']);
  await two.expect('basic.cancel', { consumerTag: 'a' });
});

scenario('an auto-delete exchange takes the bindings to it along', async (s) => {
  const channel = await s.channel();
  const outer = s.exchangeName();
  const inner = s.exchangeName();
  await channel.call('exchange.declare', { exchange: outer, type: 'fanout', autoDelete: true });
  await channel.call('exchange.declare', { exchange: inner, type: 'fanout', autoDelete: true });
  const queue = await s.queue(channel);
  await channel.call('exchange.bind', { source: outer, destination: inner });
  await s.bind(channel, queue, inner);
  await channel.call('queue.unbind', { queue, exchange: inner });
  for (const exchange of [inner, outer]) {
    channel.send('exchange.declare', { exchange, passive: true });
    await channel.expectClosed(404, 'exchange.declare', `NOT_FOUND - no exchange '${exchange}' in vhost '/'`);
  }
});
