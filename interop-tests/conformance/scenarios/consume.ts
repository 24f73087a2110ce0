import { same } from '../expectation.js';
import { long } from '../fields.js';
import { ALL_CAPABILITIES, scenario } from '../scenario.js';

scenario('consume-ok comes before the first delivery', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  for (const body of ['a', 'b']) channel.publish(body, { routingKey: queue });
  await channel.call('basic.consume', { queue, consumerTag: 'c' }, { consumerTag: 'c' });
  const fields = { consumerTag: 'c', redelivered: false, exchange: '', routingKey: queue };
  await channel.expectDelivery({ ...fields, deliveryTag: 1 }, 'a');
  await channel.expectDelivery({ ...fields, deliveryTag: 2 }, 'b');
});

scenario('an empty consumer tag becomes amq.ctag- and 22 characters of base64', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  const { consumerTag } = await channel.call('basic.consume', { queue });
  same('tag', /^amq\.ctag-[\w-]{22}$/.test(consumerTag), true);
  channel.publish('a', { routingKey: queue });
  await channel.expectDelivery({ consumerTag }, 'a');
});

scenario('an empty consumer tag with nowait is told by the first delivery', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.send('basic.consume', { queue, nowait: true });
  channel.publish('a', { routingKey: queue });
  const { consumerTag } = await channel.expectDelivery({ deliveryTag: 1 }, 'a');
  same('tag', consumerTag.startsWith('amq.ctag-'), true);
});

scenario('a consumer tag used twice on a channel closes the connection with 530', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  await channel.call('basic.consume', { queue, consumerTag: 'c' });
  channel.send('basic.consume', { queue, consumerTag: 'c' });
  const text = "NOT_ALLOWED - attempt to reuse consumer tag 'c'";
  await channel.expectConnectionClosed(530, 'basic.consume', text);
});

scenario('the same consumer tag may be used on two channels, and again after cancel', async (s) => {
  const one = await s.channel();
  const two = await s.another(one);
  const queue = await s.queue(one);
  await one.call('basic.consume', { queue, consumerTag: 'c' });
  await two.call('basic.consume', { queue, consumerTag: 'c' });
  await one.call('basic.cancel', { consumerTag: 'c' }, { consumerTag: 'c' });
  await one.call('basic.consume', { queue, consumerTag: 'c' });
});

scenario('consuming from a queue that is not there closes the channel with 404', async (s) => {
  const channel = await s.channel();
  const queue = s.name();
  channel.send('basic.consume', { queue });
  await channel.expectClosed(404, 'basic.consume', `NOT_FOUND - no queue '${queue}' in vhost '/'`);
});

const inExclusiveUse = (queue: string) => `ACCESS_REFUSED - queue '${queue}' in vhost '/' in exclusive use`;

scenario('an exclusive consumer beside another closes the channel with 403', async (s) => {
  const one = await s.channel();
  const two = await s.another(one);
  const queue = await s.queue(one);
  await one.call('basic.consume', { queue, consumerTag: 'a' });
  two.send('basic.consume', { queue, consumerTag: 'b', exclusive: true });
  await two.expectClosed(403, 'basic.consume', inExclusiveUse(queue));
});

scenario('a consumer beside an exclusive one closes the channel with 403', async (s) => {
  const one = await s.channel();
  const two = await s.another(one);
  const queue = await s.queue(one);
  await one.call('basic.consume', { queue, consumerTag: 'a', exclusive: true });
  two.send('basic.consume', { queue, consumerTag: 'b' });
  await two.expectClosed(403, 'basic.consume', inExclusiveUse(queue));
  await one.call('basic.cancel', { consumerTag: 'a' });
  await two.call('basic.consume', { queue, consumerTag: 'b' });
});

scenario('no-local is taken and means nothing', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  await channel.call('basic.consume', { queue, consumerTag: 'c', noLocal: true });
  channel.publish('own', { routingKey: queue });
  await channel.expectDelivery({ consumerTag: 'c' }, 'own');
});

scenario('deliveries without ack cannot be acknowledged', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('a', { routingKey: queue });
  await channel.call('basic.consume', { queue, consumerTag: 'c', noAck: true });
  await channel.expectDelivery({ deliveryTag: 1 }, 'a');
  channel.send('basic.ack', { deliveryTag: 1 });
  await channel.expectClosed(406, 'basic.ack', 'PRECONDITION_FAILED - unknown delivery tag 1');
});

scenario('consumers of a queue take turns', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  for (const consumerTag of ['a', 'b', 'c']) {
    await channel.call('basic.consume', { queue, consumerTag, noAck: true });
  }
  for (let at = 0; at < 9; at++) channel.publish(`${at}`, { routingKey: queue });
  const turns: string[] = [];
  for (let at = 0; at < 9; at++) turns.push((await channel.expectDelivery({}, `${at}`)).consumerTag);
  same(
    'consumers of each round',
    [turns.slice(0, 3), turns.slice(3, 6), turns.slice(6)].map((one) => one.toSorted()),
    [
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ],
  );
});

scenario('the consumer of higher priority gets all that it may hold', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  await channel.call('basic.consume', { queue, consumerTag: 'low', arguments: { 'x-priority': -1 } });
  await channel.call('basic.qos', { prefetchCount: 2 });
  await channel.call('basic.consume', { queue, consumerTag: 'high', arguments: { 'x-priority': 5 } });
  for (const body of ['a', 'b', 'c', 'd']) channel.publish(body, { routingKey: queue });
  for (const [at, consumerTag] of ['high', 'high', 'low', 'low'].entries()) {
    await channel.expectDelivery({ consumerTag, deliveryTag: at + 1 });
  }
});

scenario('a consumer without x-priority has priority 0', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  await channel.call('basic.consume', {
    queue,
    consumerTag: 'below',
    noAck: true,
    arguments: { 'x-priority': -1 },
  });
  await channel.call('basic.consume', { queue, consumerTag: 'none', noAck: true });
  for (const body of ['a', 'b']) channel.publish(body, { routingKey: queue });
  for (const body of ['a', 'b']) await channel.expectDelivery({ consumerTag: 'none' }, body);
});

scenario('x-priority may be an integer of any width', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  await channel.call('basic.consume', {
    queue,
    consumerTag: 'c',
    arguments: { 'x-priority': long(2n ** 40n) },
  });
});

for (const [type, value] of [
  ['longstr', '5'],
  ['bool', true],
  ['void', null],
  ['double', 1.5],
] as const) {
  scenario(`an x-priority of type ${type} closes the channel with 406`, async (s) => {
    const channel = await s.channel();
    const queue = await s.queue(channel);
    channel.send('basic.consume', { queue, arguments: { 'x-priority': value } });
    const text = `PRECONDITION_FAILED - invalid arg 'x-priority' for queue '${queue}' in vhost '/': "expected integer, got ${type}"`;
    await channel.expectClosed(406, 'basic.consume', text);
  });
}

scenario('an x-cancel-on-ha-failover that is not boolean closes the channel with 406', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  await channel.call('basic.consume', {
    queue,
    consumerTag: 'c',
    arguments: { 'x-cancel-on-ha-failover': true },
  });
  channel.send('basic.consume', { queue, arguments: { 'x-cancel-on-ha-failover': 'yes' } });
  const text = `PRECONDITION_FAILED - invalid arg 'x-cancel-on-ha-failover' for queue '${queue}' in vhost '/': {unacceptable_type,longstr}`;
  await channel.expectClosed(406, 'basic.consume', text);
});

scenario('an argument of streams closes the channel with 406 on a classic queue', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.send('basic.consume', { queue, arguments: { 'x-stream-offset': 'first' } });
  const text = `PRECONDITION_FAILED - invalid arg 'x-stream-offset' for queue '${queue}' in vhost '/' of queue type rabbit_classic_queue`;
  await channel.expectClosed(406, 'basic.consume', text);
});

scenario('consume arguments that nobody knows are taken', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  await channel.call('basic.consume', { queue, consumerTag: 'c', arguments: { 'x-own': { a: 1 } } });
});

scenario('basic.cancel of an unknown tag is answered like any other', async (s) => {
  const channel = await s.channel();
  await channel.call('basic.cancel', { consumerTag: 'unknown' }, { consumerTag: 'unknown' });
});

scenario(
  'after basic.cancel nothing is delivered, and what is unacknowledged can be acknowledged',
  async (s) => {
    const channel = await s.channel();
    const queue = await s.queue(channel);
    channel.publish('a', { routingKey: queue });
    await channel.call('basic.consume', { queue, consumerTag: 'c' });
    await channel.expectDelivery({ deliveryTag: 1 }, 'a');
    await channel.call('basic.cancel', { consumerTag: 'c' });
    channel.publish('b', { routingKey: queue });
    await channel.counts(queue, 1, 0);
    channel.send('basic.ack', { deliveryTag: 1 });
    await channel.holds(queue, ['b']);
  },
);

scenario('what a cancelled consumer holds comes back when its channel closes', async (s) => {
  const one = await s.channel();
  const two = await s.another(one);
  const queue = await s.queue(one);
  one.publish('a', { routingKey: queue });
  await one.call('basic.consume', { queue, consumerTag: 'c' });
  await one.expectDelivery({}, 'a');
  await one.call('basic.cancel', { consumerTag: 'c' });
  await one.call('channel.close', { replyCode: 200 });
  await two.counts(queue, 1);
  await two.get({ queue, noAck: true }, { redelivered: true }, 'a');
  await one.call('channel.open');
});

scenario('deleting a queue tells its consumers with basic.cancel', async (s) => {
  const channel = await s.channel();
  const other = await s.another(channel);
  const queue = await s.queue(channel);
  await channel.call('basic.consume', { queue, consumerTag: 'a' });
  await other.call('queue.delete', { queue });
  await channel.expect('basic.cancel', { consumerTag: 'a', nowait: true });
});

scenario(
  'deleting a queue on the channel of its consumer answers delete-ok first, then cancel',
  async (s) => {
    const channel = await s.channel();
    const queue = await s.queue(channel);
    await channel.call('basic.consume', { queue, consumerTag: 'a' });
    await channel.call('queue.delete', { queue });
    await channel.expect('basic.cancel', { consumerTag: 'a', nowait: true });
  },
);

scenario('a client without consumer_cancel_notify is not told that its queue is gone', async (s) => {
  const channel = await s.channel({ capabilities: { ...ALL_CAPABILITIES, consumer_cancel_notify: false } });
  const other = await s.another(channel);
  const queue = await s.queue(channel);
  await channel.call('basic.consume', { queue, consumerTag: 'a' });
  await other.call('queue.delete', { queue });
  await channel.quiet();
  await other.quiet();
});

scenario('a message published while nobody consumes is delivered when somebody does', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  for (const body of ['a', 'b', 'c']) channel.publish(body, { routingKey: queue });
  await channel.counts(queue, 3);
  await channel.call('basic.consume', { queue, consumerTag: 'c', noAck: true });
  for (const body of ['a', 'b', 'c']) await channel.expectDelivery({ redelivered: false }, body);
});
