import { scenario } from '../scenario.js';

const NOT_PERMITTED = 'ACCESS_REFUSED - operation not permitted on the default exchange';
const NO_PREVIOUS = 'NOT_FOUND - no previously declared queue';

scenario('binding the same twice makes one binding', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  const exchange = await s.exchange(channel, 'direct');
  await s.bind(channel, queue, exchange, 'k');
  await s.bind(channel, queue, exchange, 'k');
  channel.publish('once', { exchange, routingKey: 'k' });
  await channel.holds(queue, ['once']);
  await channel.call('queue.unbind', { queue, exchange, routingKey: 'k' });
  channel.publish('nowhere', { exchange, routingKey: 'k' });
  await channel.holds(queue, []);
});

scenario('two bindings that both match deliver one copy', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  const exchange = await s.exchange(channel, 'topic');
  await s.bind(channel, queue, exchange, 'a.*');
  await s.bind(channel, queue, exchange, '#');
  channel.publish('once', { exchange, routingKey: 'a.b' });
  await channel.holds(queue, ['once']);
});

scenario('arguments are part of what a binding is', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  const exchange = await s.exchange(channel, 'direct');
  await s.bind(channel, queue, exchange, 'k', { version: 1 });
  await s.bind(channel, queue, exchange, 'k', { version: 2 });
  await channel.call('queue.unbind', { queue, exchange, routingKey: 'k', arguments: { version: 1 } });
  channel.publish('bound', { exchange, routingKey: 'k' });
  await channel.holds(queue, ['bound']);
  await channel.call('queue.unbind', { queue, exchange, routingKey: 'k', arguments: {} });
  channel.publish('still bound', { exchange, routingKey: 'k' });
  await channel.holds(queue, ['still bound']);
  await channel.call('queue.unbind', { queue, exchange, routingKey: 'k', arguments: { version: 2 } });
  channel.publish('unbound', { exchange, routingKey: 'k' });
  await channel.holds(queue, []);
});

scenario('binding a queue that is not there closes the channel with 404', async (s) => {
  const channel = await s.channel();
  const queue = s.name();
  channel.send('queue.bind', { queue, exchange: 'amq.direct' });
  await channel.expectClosed(404, 'queue.bind', `NOT_FOUND - no queue '${queue}' in vhost '/'`);
});

scenario('binding to an exchange that is not there closes the channel with 404', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  const exchange = s.name('x');
  channel.send('queue.bind', { queue, exchange });
  await channel.expectClosed(404, 'queue.bind', `NOT_FOUND - no exchange '${exchange}' in vhost '/'`);
});

scenario('where both are missing, queue.bind names the exchange', async (s) => {
  const channel = await s.channel();
  const exchange = s.name('x');
  channel.send('queue.bind', { queue: s.name(), exchange });
  await channel.expectClosed(404, 'queue.bind', `NOT_FOUND - no exchange '${exchange}' in vhost '/'`);
});

scenario('binding to the default exchange closes the channel with 403', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.send('queue.bind', { queue, exchange: '', routingKey: 'k' });
  await channel.expectClosed(403, 'queue.bind', NOT_PERMITTED);
});

scenario('unbinding from the default exchange closes the channel with 403', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.send('queue.unbind', { queue, exchange: '', routingKey: queue });
  await channel.expectClosed(403, 'queue.unbind', NOT_PERMITTED);
});

scenario(
  'unbinding what is not bound, or from or of what is not there, is answered like any other',
  async (s) => {
    const channel = await s.channel();
    const queue = await s.queue(channel);
    await channel.call('queue.unbind', { queue, exchange: 'amq.direct', routingKey: s.name() });
    await channel.call('queue.unbind', { queue, exchange: s.name('x') });
    await channel.call('queue.unbind', { queue: s.name(), exchange: 'amq.direct' });
  },
);

scenario('queue.bind with an empty queue name binds the queue last declared on the channel', async (s) => {
  const channel = await s.channel();
  const exchange = await s.exchange(channel, 'direct');
  await s.queue(channel);
  const queue = await s.queue(channel);
  await channel.call('queue.bind', { queue: '', exchange, routingKey: 'k' });
  channel.publish('a', { exchange, routingKey: 'k' });
  await channel.holds(queue, ['a']);
  await channel.call('queue.unbind', { queue: '', exchange, routingKey: 'k' });
  channel.publish('b', { exchange, routingKey: 'k' });
  await channel.holds(queue, []);
});

scenario(
  'queue.bind with an empty queue name and an empty routing key takes the queue name for both',
  async (s) => {
    const channel = await s.channel();
    const exchange = await s.exchange(channel, 'direct');
    const queue = await s.queue(channel);
    await channel.call('queue.bind', { queue: '', exchange, routingKey: '' });
    channel.publish('by name', { exchange, routingKey: queue });
    channel.publish('by empty key', { exchange, routingKey: '' });
    await channel.holds(queue, ['by name']);
  },
);

for (const name of ['queue.bind', 'queue.unbind'] as const) {
  scenario(`${name} with an empty queue name and none declared closes the channel with 404`, async (s) => {
    const channel = await s.channel();
    channel.send(name, { exchange: 'amq.direct' });
    await channel.expectClosed(404, name, NO_PREVIOUS);
  });
}

scenario('exchange.bind routes on from one exchange to another, and exchange.unbind ends that', async (s) => {
  const channel = await s.channel();
  const source = await s.exchange(channel, 'direct');
  const destination = await s.exchange(channel, 'fanout');
  const queue = await s.queue(channel);
  await s.bind(channel, queue, destination);
  await channel.call('exchange.bind', { source, destination, routingKey: 'k' });
  channel.publish('through', { exchange: source, routingKey: 'k' });
  channel.publish('not', { exchange: source, routingKey: 'other' });
  await channel.get(
    { queue, noAck: true },
    { exchange: source, routingKey: 'k', messageCount: 0 },
    'through',
  );
  await channel.call('exchange.unbind', { source, destination, routingKey: 'k' });
  channel.publish('gone', { exchange: source, routingKey: 'k' });
  await channel.holds(queue, []);
});

scenario('exchanges bound in a ring route a message once to each queue', async (s) => {
  const channel = await s.channel();
  const ring = [];
  for (let at = 0; at < 3; at++) ring.push(await s.exchange(channel, 'fanout'));
  for (let at = 0; at < 3; at++) {
    await channel.call('exchange.bind', { source: ring[at]!, destination: ring[(at + 1) % 3]! });
  }
  const queue = await s.queue(channel);
  for (const exchange of ring) await s.bind(channel, queue, exchange);
  channel.publish('round', { exchange: ring[1]! });
  await channel.holds(queue, ['round']);
});

scenario('an exchange may be bound to itself', async (s) => {
  const channel = await s.channel();
  const exchange = await s.exchange(channel, 'fanout');
  const queue = await s.queue(channel);
  await s.bind(channel, queue, exchange);
  await channel.call('exchange.bind', { source: exchange, destination: exchange });
  channel.publish('once', { exchange });
  await channel.holds(queue, ['once']);
});

scenario(
  'exchange.bind with a missing source names it, even where the destination is missing too',
  async (s) => {
    const channel = await s.channel();
    const source = s.name('x');
    for (const destination of ['amq.direct', s.name('x')]) {
      channel.send('exchange.bind', { source, destination });
      await channel.expectClosed(404, 'exchange.bind', `NOT_FOUND - no exchange '${source}' in vhost '/'`);
    }
  },
);

scenario('exchange.bind with a missing destination closes the channel with 404', async (s) => {
  const channel = await s.channel();
  const destination = s.name('x');
  channel.send('exchange.bind', { source: 'amq.direct', destination });
  await channel.expectClosed(404, 'exchange.bind', `NOT_FOUND - no exchange '${destination}' in vhost '/'`);
});

for (const name of ['exchange.bind', 'exchange.unbind'] as const) {
  scenario(`${name} with the default exchange on either side closes the channel with 403`, async (s) => {
    const channel = await s.channel();
    channel.send(name, { source: '', destination: 'amq.direct' });
    await channel.expectClosed(403, name, NOT_PERMITTED);
    channel.send(name, { source: 'amq.direct', destination: '' });
    await channel.expectClosed(403, name, NOT_PERMITTED);
  });
}

scenario('exchange.unbind of what is not bound is answered like any other', async (s) => {
  const channel = await s.channel();
  await channel.call('exchange.unbind', {
    source: 'amq.direct',
    destination: 'amq.fanout',
    routingKey: s.name(),
  });
  await channel.call('exchange.unbind', { source: s.name('x'), destination: 'amq.fanout' });
});

scenario('deleting an exchange removes its bindings on both sides', async (s) => {
  const channel = await s.channel();
  const outer = await s.exchange(channel, 'fanout');
  const inner = await s.exchange(channel, 'fanout');
  const queue = await s.queue(channel);
  await channel.call('exchange.bind', { source: outer, destination: inner });
  await s.bind(channel, queue, inner);
  await channel.call('exchange.delete', { exchange: inner });
  await channel.call('exchange.declare', { exchange: inner, type: 'fanout' });
  channel.publish('a', { exchange: outer });
  channel.publish('b', { exchange: inner });
  await channel.holds(queue, []);
});

scenario('deleting a queue removes its bindings', async (s) => {
  const channel = await s.channel();
  const exchange = await s.exchange(channel, 'fanout');
  const queue = await s.queue(channel);
  await s.bind(channel, queue, exchange);
  await channel.call('queue.delete', { queue });
  await channel.call('queue.declare', { queue, exclusive: true });
  channel.publish('a', { exchange });
  await channel.holds(queue, []);
});

scenario('routing key and arguments are part of what a binding between exchanges is', async (s) => {
  const channel = await s.channel();
  const source = await s.exchange(channel, 'direct');
  const destination = await s.exchange(channel, 'fanout');
  const queue = await s.queue(channel);
  await s.bind(channel, queue, destination);
  const binding = { source, destination, routingKey: 'k', arguments: { a: 1 } };
  await channel.call('exchange.bind', binding);
  await channel.call('exchange.bind', binding);
  await channel.call('exchange.unbind', { ...binding, arguments: {} });
  await channel.call('exchange.unbind', { ...binding, routingKey: 'other' });
  channel.publish('still', { exchange: source, routingKey: 'k' });
  await channel.holds(queue, ['still']);
  await channel.call('exchange.unbind', binding);
  channel.publish('gone', { exchange: source, routingKey: 'k' });
  await channel.holds(queue, []);
});
