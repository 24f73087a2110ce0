import { same } from '../expectation.js';
import { scenario } from '../scenario.js';

for (const size of [1, 0xffff_ffff]) {
  scenario(`a prefetch size of ${size} closes the connection with 540`, async (s) => {
    const channel = await s.channel();
    channel.send('basic.qos', { prefetchSize: size });
    await channel.expectConnectionClosed(540, 'basic.qos', `NOT_IMPLEMENTED - prefetch_size!=0 (${size})`);
  });
}

scenario('a prefetch count limits what a consumer holds; acks make room', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  for (const body of ['a', 'b', 'c', 'd']) channel.publish(body, { routingKey: queue });
  await channel.call('basic.qos', { prefetchCount: 2 });
  await channel.call('basic.consume', { queue, consumerTag: 'c' });
  for (const body of ['a', 'b']) await channel.expectDelivery({}, body);
  await channel.quiet(queue);
  channel.send('basic.ack', { deliveryTag: 1 });
  await channel.expectDelivery({ deliveryTag: 3 }, 'c');
  await channel.quiet(queue);
  channel.send('basic.ack', { deliveryTag: 3, multiple: true });
  await channel.expectDelivery({ deliveryTag: 4 }, 'd');
});

scenario('a prefetch count is for each consumer of its own', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  for (const body of ['a', 'b', 'c']) channel.publish(body, { routingKey: queue });
  await channel.call('basic.qos', { prefetchCount: 1 });
  await channel.call('basic.consume', { queue, consumerTag: 'one' });
  await channel.expectDelivery({ consumerTag: 'one' }, 'a');
  await channel.call('basic.consume', { queue, consumerTag: 'two' });
  await channel.expectDelivery({ consumerTag: 'two' }, 'b');
  await channel.quiet(queue);
});

scenario('a prefetch count is for consumers that start after it', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  for (const body of ['a', 'b', 'c', 'd']) channel.publish(body, { routingKey: queue });
  await channel.call('basic.qos', { prefetchCount: 1 });
  await channel.call('basic.consume', { queue, consumerTag: 'one' });
  await channel.expectDelivery({ consumerTag: 'one' }, 'a');
  await channel.call('basic.qos', { prefetchCount: 2 });
  await channel.quiet(queue);
  await channel.call('basic.consume', { queue, consumerTag: 'two' });
  await channel.expectDelivery({ consumerTag: 'two' }, 'b');
  await channel.expectDelivery({ consumerTag: 'two' }, 'c');
  await channel.quiet(queue);
});

scenario('a global prefetch count is shared by the consumers of the channel', async (s) => {
  const channel = await s.channel();
  const one = await s.queue(channel);
  const two = await s.queue(channel);
  await channel.call('basic.qos', { prefetchCount: 1, global: true });
  await channel.call('basic.consume', { queue: one, consumerTag: 'one' });
  await channel.call('basic.consume', { queue: two, consumerTag: 'two' });
  channel.publish('a', { routingKey: one });
  await channel.expectDelivery({ consumerTag: 'one' }, 'a');
  channel.publish('b', { routingKey: two });
  await channel.quiet(two);
  channel.send('basic.ack', { deliveryTag: 1 });
  await channel.expectDelivery({ consumerTag: 'two' }, 'b');
});

scenario('a global prefetch count is the channel’s, not the connection’s', async (s) => {
  const one = await s.channel();
  const two = await s.another(one);
  const queue = await s.queue(one);
  for (const body of ['a', 'b', 'c']) one.publish(body, { routingKey: queue });
  await one.call('basic.qos', { prefetchCount: 1, global: true });
  await one.call('basic.consume', { queue, consumerTag: 'one' });
  await one.expectDelivery({}, 'a');
  await two.call('basic.consume', { queue, consumerTag: 'two' });
  await two.expectDelivery({}, 'b');
  await two.expectDelivery({}, 'c');
});

scenario('raising a global prefetch count delivers more at once', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  for (const body of ['a', 'b', 'c', 'd']) channel.publish(body, { routingKey: queue });
  await channel.call('basic.qos', { prefetchCount: 1, global: true });
  await channel.call('basic.consume', { queue, consumerTag: 'c' });
  await channel.expectDelivery({}, 'a');
  await channel.quiet(queue);
  await channel.call('basic.qos', { prefetchCount: 3, global: true });
  await channel.expectDelivery({}, 'b');
  await channel.expectDelivery({}, 'c');
  await channel.quiet(queue);
});

scenario('a global prefetch count of 0 lifts the limit', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  for (const body of ['a', 'b', 'c']) channel.publish(body, { routingKey: queue });
  await channel.call('basic.qos', { prefetchCount: 1, global: true });
  await channel.call('basic.consume', { queue, consumerTag: 'c' });
  await channel.expectDelivery({}, 'a');
  await channel.quiet(queue);
  await channel.call('basic.qos', { prefetchCount: 0, global: true });
  await channel.expectDelivery({}, 'b');
  await channel.expectDelivery({}, 'c');
});

scenario('of a consumer’s limit and the channel’s the smaller counts', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  for (const body of ['a', 'b', 'c', 'd', 'e']) channel.publish(body, { routingKey: queue });
  await channel.call('basic.qos', { prefetchCount: 2 });
  await channel.call('basic.qos', { prefetchCount: 3, global: true });
  await channel.call('basic.consume', { queue, consumerTag: 'one' });
  await channel.expectDelivery({ consumerTag: 'one' }, 'a');
  await channel.expectDelivery({ consumerTag: 'one' }, 'b');
  await channel.call('basic.consume', { queue, consumerTag: 'two' });
  await channel.expectDelivery({ consumerTag: 'two' }, 'c');
  await channel.quiet(queue);
});

scenario('a prefetch count does not hold back a consumer without acks', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  for (let at = 0; at < 10; at++) channel.publish(`${at}`, { routingKey: queue });
  await channel.call('basic.qos', { prefetchCount: 1 });
  await channel.call('basic.qos', { prefetchCount: 1, global: true });
  await channel.call('basic.consume', { queue, consumerTag: 'c', noAck: true });
  for (let at = 0; at < 10; at++) await channel.expectDelivery({}, `${at}`);
});

scenario('what basic.get holds does not count against a consumer’s limit', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  for (const body of ['a', 'b', 'c']) channel.publish(body, { routingKey: queue });
  await channel.get({ queue }, {}, 'a');
  await channel.call('basic.qos', { prefetchCount: 1 });
  await channel.call('basic.consume', { queue, consumerTag: 'c' });
  await channel.expectDelivery({ consumerTag: 'c' }, 'b');
  await channel.quiet(queue);
});

scenario('a reject makes room like an ack', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  for (const body of ['a', 'b']) channel.publish(body, { routingKey: queue });
  await channel.call('basic.qos', { prefetchCount: 1 });
  await channel.call('basic.consume', { queue, consumerTag: 'c' });
  await channel.expectDelivery({ deliveryTag: 1 }, 'a');
  channel.send('basic.reject', { deliveryTag: 1 });
  await channel.expectDelivery({ deliveryTag: 2 }, 'b');
});

scenario('a full consumer leaves its turn to the next', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  await channel.call('basic.qos', { prefetchCount: 1 });
  await channel.call('basic.consume', { queue, consumerTag: 'one' });
  await channel.call('basic.qos', { prefetchCount: 0 });
  await channel.call('basic.consume', { queue, consumerTag: 'free' });
  for (let at = 0; at < 5; at++) channel.publish(`${at}`, { routingKey: queue });
  const tags: string[] = [];
  for (let at = 0; at < 5; at++) tags.push((await channel.expectDelivery({}, `${at}`)).consumerTag);
  same('deliveries of the full one', tags.filter((tag) => tag === 'one').length, 1);
});
