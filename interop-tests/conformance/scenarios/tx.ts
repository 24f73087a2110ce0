import { scenario } from '../scenario.js';

scenario('tx.select is answered, and again', async (s) => {
  const channel = await s.channel();
  await channel.call('tx.select');
  await channel.call('tx.select');
});

for (const name of ['tx.commit', 'tx.rollback'] as const) {
  scenario(`${name} without tx.select closes the channel with 406`, async (s) => {
    const channel = await s.channel();
    channel.send(name);
    await channel.expectClosed(406, name, 'PRECONDITION_FAILED - channel is not transactional');
  });

  scenario(`${name} of nothing is answered`, async (s) => {
    const channel = await s.channel();
    await channel.call('tx.select');
    await channel.call(name);
    await channel.call(name);
  });
}

scenario('messages are routed at tx.commit and not before', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  await channel.call('tx.select');
  channel.publish('a', { routingKey: queue });
  channel.publish('b', { routingKey: queue });
  await channel.getNothing(queue);
  await channel.call('tx.commit');
  await channel.holds(queue, ['a', 'b']);
});

scenario('tx.rollback forgets the messages', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  await channel.call('tx.select');
  channel.publish('a', { routingKey: queue });
  await channel.call('tx.rollback');
  channel.publish('b', { routingKey: queue });
  await channel.call('tx.commit');
  await channel.holds(queue, ['b']);
});

scenario('a new transaction begins with each commit', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  await channel.call('tx.select');
  channel.publish('a', { routingKey: queue });
  await channel.call('tx.commit');
  channel.publish('b', { routingKey: queue });
  await channel.call('tx.rollback');
  await channel.holds(queue, ['a']);
});

scenario('acks count at tx.commit', async (s) => {
  const channel = await s.channel();
  const other = await s.another(channel);
  const queue = await s.queue(channel);
  channel.publish('a', { routingKey: queue });
  await channel.call('tx.select');
  await channel.get({ queue }, { deliveryTag: 1 }, 'a');
  channel.send('basic.ack', { deliveryTag: 1 });
  await channel.call('tx.commit');
  await channel.call('channel.close', { replyCode: 200 });
  await other.holds(queue, []);
  await channel.call('channel.open');
});

scenario('an ack that is not committed is undone when the channel closes', async (s) => {
  const channel = await s.channel();
  const other = await s.another(channel);
  const queue = await s.queue(channel);
  channel.publish('a', { routingKey: queue });
  await channel.call('tx.select');
  // The publish above was routed: the channel was not yet transactional.
  await channel.get({ queue }, {}, 'a');
  channel.send('basic.ack', { deliveryTag: 1 });
  await channel.call('channel.close', { replyCode: 200 });
  await other.counts(queue, 1);
  await other.get({ queue, noAck: true }, { redelivered: true }, 'a');
  await channel.call('channel.open');
});

scenario('after tx.rollback an ack may be given again', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('a', { routingKey: queue });
  await channel.get({ queue }, {}, 'a');
  await channel.call('tx.select');
  channel.send('basic.ack', { deliveryTag: 1 });
  await channel.call('tx.rollback');
  channel.send('basic.ack', { deliveryTag: 1 });
  await channel.call('tx.commit');
  await channel.holds(queue, []);
});

scenario('tx.rollback does not give back what is held', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('a', { routingKey: queue });
  await channel.get({ queue }, {}, 'a');
  await channel.call('tx.select');
  await channel.call('tx.rollback');
  await channel.getNothing(queue);
});

scenario('a nack with requeue waits for tx.commit', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('a', { routingKey: queue });
  await channel.get({ queue }, {}, 'a');
  await channel.call('tx.select');
  channel.send('basic.nack', { deliveryTag: 1, requeue: true });
  await channel.getNothing(queue);
  await channel.call('tx.commit');
  await channel.get({ queue, noAck: true }, { redelivered: true }, 'a');
});

scenario('publishes and acks of one transaction become true together', async (s) => {
  const channel = await s.channel();
  const [from, to] = [await s.queue(channel), await s.queue(channel)];
  channel.publish('a', { routingKey: from });
  await channel.get({ queue: from }, {}, 'a');
  await channel.call('tx.select');
  channel.publish('moved', { routingKey: to });
  channel.send('basic.ack', { deliveryTag: 1 });
  await channel.call('tx.commit');
  await channel.holds(to, ['moved']);
  await channel.holds(from, []);
});

scenario('a tag acknowledged twice in one transaction closes the channel with 406', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('a', { routingKey: queue });
  await channel.get({ queue }, {}, 'a');
  await channel.call('tx.select');
  channel.send('basic.ack', { deliveryTag: 1 });
  channel.send('basic.ack', { deliveryTag: 1 });
  await channel.expectClosed(406, 'basic.ack', 'PRECONDITION_FAILED - unknown delivery tag 1');
});

scenario('an unknown tag in a transaction closes the channel at once', async (s) => {
  const channel = await s.channel();
  await channel.call('tx.select');
  channel.send('basic.ack', { deliveryTag: 5 });
  await channel.expectClosed(406, 'basic.ack', 'PRECONDITION_FAILED - unknown delivery tag 5');
});

scenario(
  'a missing exchange in a transaction closes the channel at once, and all is rolled back',
  async (s) => {
    const channel = await s.channel();
    const queue = await s.queue(channel);
    const exchange = s.name('x');
    await channel.call('tx.select');
    channel.publish('a', { routingKey: queue });
    channel.publish('b', { exchange });
    await channel.expectClosed(404, 'basic.publish', `NOT_FOUND - no exchange '${exchange}' in vhost '/'`);
    await channel.holds(queue, []);
  },
);

scenario('a mandatory message of a transaction is returned at tx.commit, before commit-ok', async (s) => {
  const channel = await s.channel();
  const routingKey = s.name();
  await channel.call('tx.select');
  channel.publish('a', { routingKey, mandatory: true });
  await channel.quiet();
  channel.send('tx.commit');
  await channel.expectReturn({ replyCode: 312, routingKey }, 'a');
  await channel.expect('tx.commit-ok');
});

scenario('a mandatory message that was rolled back is not returned', async (s) => {
  const channel = await s.channel();
  await channel.call('tx.select');
  channel.publish('a', { routingKey: s.name(), mandatory: true });
  await channel.call('tx.rollback');
  await channel.call('tx.commit');
});

scenario('a transaction is its channel’s alone', async (s) => {
  const one = await s.channel();
  const two = await s.another(one);
  const queue = await s.queue(one);
  await one.call('tx.select');
  one.publish('in the transaction', { routingKey: queue });
  two.publish('beside it', { routingKey: queue });
  await two.holds(queue, ['beside it']);
  await one.call('tx.commit');
  await one.holds(queue, ['in the transaction']);
});

scenario('closing a channel forgets what was not committed', async (s) => {
  const one = await s.channel();
  const two = await s.another(one);
  const queue = await s.queue(one);
  await one.call('tx.select');
  one.publish('a', { routingKey: queue });
  await one.call('channel.close', { replyCode: 200 });
  await two.holds(queue, []);
  await one.call('channel.open');
});

scenario('tx.commit of acks with multiple settles all of them', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  for (const body of ['a', 'b', 'c']) channel.publish(body, { routingKey: queue });
  for (const body of ['a', 'b', 'c']) await channel.get({ queue }, {}, body);
  await channel.call('tx.select');
  channel.send('basic.ack', { deliveryTag: 2, multiple: true });
  channel.send('basic.nack', { deliveryTag: 3, requeue: true });
  await channel.call('tx.commit');
  await channel.holds(queue, ['c']);
});

scenario('deliveries go on in a transaction', async (s) => {
  const channel = await s.channel();
  const other = await s.another(channel);
  const queue = await s.queue(channel);
  await channel.call('tx.select');
  await channel.call('basic.consume', { queue, consumerTag: 'c' });
  other.publish('a', { routingKey: queue });
  await channel.expectDelivery({ deliveryTag: 1 }, 'a');
  channel.send('basic.ack', { deliveryTag: 1 });
  other.publish('b', { routingKey: queue });
  await channel.expectDelivery({ deliveryTag: 2 }, 'b');
});

for (const deliveryMode of [1, 2]) {
  for (const overflow of ['reject-publish', 'reject-publish-dlx']) {
    const mode = deliveryMode === 2 ? 'persistent' : 'transient';
    scenario(
      `a commit of ${mode} messages of which a queue with ${overflow} refuses some is partial, and closes the channel with 406`,
      async (s) => {
        const channel = await s.channel();
        const other = await s.another(channel);
        const full = await s.queue(channel, { 'x-max-length': 1, 'x-overflow': overflow });
        const queue = await s.queue(channel);
        channel.publish('acknowledged', { routingKey: queue });
        await channel.get({ queue }, {}, 'acknowledged');
        await channel.call('tx.select');
        const properties = { deliveryMode };
        for (const body of ['a', 'b']) channel.publish(body, { routingKey: full, properties });
        channel.publish('c', { routingKey: queue, properties });
        channel.send('basic.ack', { deliveryTag: 1 });
        channel.send('tx.commit');
        await channel.expectClosed(406, 'tx.commit', 'PRECONDITION_FAILED - partial tx completion');
        await other.holds(full, ['a']);
        await other.holds(queue, ['c']);
      },
    );
  }
}

scenario('a full queue with a waiting consumer refuses nothing of a transaction', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel, { 'x-max-length': 1, 'x-overflow': 'reject-publish' });
  const other = await s.another(channel);
  await other.call('basic.consume', { queue, consumerTag: 'c', noAck: true });
  await channel.call('tx.select');
  for (const body of ['a', 'b', 'c']) {
    channel.publish(body, { routingKey: queue, properties: { deliveryMode: 2 } });
  }
  await channel.call('tx.commit');
  for (const body of ['a', 'b', 'c']) await other.expectDelivery({ consumerTag: 'c' }, body);
});

scenario('a mandatory message whose queue is deleted before tx.commit is returned there', async (s) => {
  const channel = await s.channel();
  const other = await s.another(channel);
  const queue = await s.queue(channel);
  await channel.call('tx.select');
  channel.publish('a', { routingKey: queue, mandatory: true });
  await other.call('queue.delete', { queue });
  channel.send('tx.commit');
  await channel.expectReturn({ replyCode: 312, routingKey: queue }, 'a');
  await channel.expect('tx.commit-ok');
});
