import { decodeProperties } from '../../../lib/wire/properties.js';
import type { Channel, Message } from '../channel.js';
import { Broken, same } from '../expectation.js';
import type { Plain } from '../fields.js';
import { scenario, type Steps } from '../scenario.js';

/** A queue whose dead letters go, by the default exchange, to another. */
async function withDeadLetters(
  s: Steps,
  args: Plain = {},
): Promise<{ channel: Channel; queue: string; dead: string }> {
  const channel = await s.channel();
  const dead = await s.queue(channel);
  const more = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead };
  return { channel, dead, queue: await s.queue(channel, { ...more, ...args }) };
}

interface Death {
  readonly time?: number;
  readonly [key: string]: unknown;
}

/** The one entry of x-death, its time aside. */
function onlyDeath(message: Message): Death {
  const deaths = message.headers['x-death'];
  if (!Array.isArray(deaths) || deaths.length !== 1) throw new Broken('one death', JSON.stringify(deaths));
  return timeless(deaths[0] as Death);
}

/** A death without its time, which is now, in seconds. */
function timeless(death: Death): Death {
  const { time = 0, ...rest } = death;
  same('time is near now', Math.abs(time - Date.now() / 1000) < 60, true);
  return { ...rest };
}

async function firstDead(channel: Channel, dead: string, body: string): Promise<Message> {
  await channel.counts(dead, 1);
  return channel.get({ queue: dead, noAck: true }, { redelivered: false }, body);
}

/** How a message dies, and what its x-death says then. */
const REASONS: readonly (readonly [
  title: string,
  reason: string,
  args: Plain,
  die: (channel: Channel, queue: string) => void,
])[] = [
  ['a rejected message', 'rejected', {}, (channel) => channel.send('basic.reject', { deliveryTag: 1 })],
  ['a nacked message', 'rejected', {}, (channel) => channel.send('basic.nack', { deliveryTag: 1 })],
];

for (const [title, reason, args, die] of REASONS) {
  scenario(`${title} goes to the dead letter exchange, with x-death`, async (s) => {
    const { channel, queue, dead } = await withDeadLetters(s, args);
    channel.publish('a', { routingKey: queue, properties: { headers: { own: 1 }, deliveryMode: 2 } });
    await channel.get({ queue }, { deliveryTag: 1 }, 'a');
    die(channel, queue);
    const message = await firstDead(channel, dead, 'a');
    same('death', onlyDeath(message), { count: 1, reason, queue, exchange: '', 'routing-keys': [queue] });
    same('own header', message.headers['own'], 1);
  });
}

for (const [title, args, properties] of [
  ["the queue's x-message-ttl", { 'x-message-ttl': 1 }, {}],
  ['its own expiration', {}, { expiration: '1' }],
  ['the smaller of both', { 'x-message-ttl': 3_600_000 }, { expiration: '1' }],
  ['an expiration of 0', {}, { expiration: '0' }],
] as const) {
  scenario(`a message that expires by ${title} goes to the dead letter exchange`, async (s) => {
    const { channel, queue, dead } = await withDeadLetters(s, args);
    channel.publish('a', { routingKey: queue, properties });
    const message = await firstDead(channel, dead, 'a');
    const { 'original-expiration': original, ...death } = onlyDeath(message);
    same('death', death, { count: 1, reason: 'expired', queue, exchange: '', 'routing-keys': [queue] });
    same('original-expiration', original, 'expiration' in properties ? properties.expiration : undefined);
    const left = decodeProperties(message.properties, 0, message.properties.length);
    same('expiration', left.expiration, undefined);
  });
}

for (const [title, args] of [
  ['x-max-length', { 'x-max-length': 1 }],
  ['x-max-length-bytes', { 'x-max-length-bytes': 6 }],
] as const) {
  scenario(`the oldest message of a queue over its ${title} goes to the dead letter exchange`, async (s) => {
    const { channel, queue, dead } = await withDeadLetters(s, args);
    channel.publish('first', { routingKey: queue });
    channel.publish('second', { routingKey: queue });
    const message = await firstDead(channel, dead, 'first');
    same('death', onlyDeath(message), {
      count: 1,
      reason: 'maxlen',
      queue,
      exchange: '',
      'routing-keys': [queue],
    });
    await channel.holds(queue, ['second']);
  });
}

scenario(
  'with reject-publish-dlx the newest message goes to the dead letter exchange, and is nacked',
  async (s) => {
    const { channel, queue, dead } = await withDeadLetters(s, {
      'x-max-length': 1,
      'x-overflow': 'reject-publish-dlx',
    });
    await channel.call('confirm.select');
    channel.publish('first', { routingKey: queue });
    await channel.expect('basic.ack', { deliveryTag: 1 });
    channel.publish('second', { routingKey: queue });
    await channel.expect('basic.nack', { deliveryTag: 2 });
    same('reason', onlyDeath(await firstDead(channel, dead, 'second'))['reason'], 'maxlen');
    await channel.holds(queue, ['first']);
  },
);

scenario('with reject-publish the newest message is not dead-lettered', async (s) => {
  const { channel, queue, dead } = await withDeadLetters(s, {
    'x-max-length': 1,
    'x-overflow': 'reject-publish',
  });
  channel.publish('first', { routingKey: queue });
  channel.publish('second', { routingKey: queue });
  await channel.holds(queue, ['first']);
  await channel.holds(dead, []);
});

scenario('the first death is told in headers of its own', async (s) => {
  const { channel, queue, dead } = await withDeadLetters(s);
  const exchange = await s.exchange(channel, 'fanout');
  await s.bind(channel, queue, exchange);
  channel.publish('a', { exchange, routingKey: 'k' });
  await channel.get({ queue }, {}, 'a');
  channel.send('basic.reject', { deliveryTag: 1 });
  const { headers } = await firstDead(channel, dead, 'a');
  const first = ['queue', 'reason', 'exchange'].map((key) => headers[`x-first-death-${key}`]);
  same('x-first-death', first, [queue, 'rejected', exchange]);
});

scenario('an expiration is taken out and kept in x-death as original-expiration', async (s) => {
  const { channel, queue, dead } = await withDeadLetters(s);
  channel.publish('a', { routingKey: queue, properties: { expiration: '3600000' } });
  await channel.get({ queue }, {}, 'a');
  channel.send('basic.reject', { deliveryTag: 1 });
  const message = await firstDead(channel, dead, 'a');
  same('original-expiration', onlyDeath(message)['original-expiration'], '3600000');
  same(
    'expiration',
    decodeProperties(message.properties, 0, message.properties.length).expiration,
    undefined,
  );
});

scenario('without a dead letter routing key the keys of the message are kept, CC with them', async (s) => {
  const channel = await s.channel();
  const exchange = await s.exchange(channel, 'fanout');
  const dead = await s.queue(channel);
  await s.bind(channel, dead, exchange);
  const queue = await s.queue(channel, { 'x-dead-letter-exchange': exchange });
  channel.publish('a', { routingKey: queue, properties: { headers: { CC: ['cc'], BCC: ['bcc'] } } });
  await channel.get({ queue }, {}, 'a');
  channel.send('basic.reject', { deliveryTag: 1 });
  await channel.counts(dead, 1);
  const message = await channel.get({ queue: dead, noAck: true }, { exchange, routingKey: queue }, 'a');
  same('CC', message.headers['CC'], ['cc']);
  same('routing-keys', onlyDeath(message)['routing-keys'], [queue, 'cc']);
});

scenario('with a dead letter routing key CC is gone', async (s) => {
  const { channel, queue, dead } = await withDeadLetters(s);
  channel.publish('a', { routingKey: queue, properties: { headers: { CC: ['cc'] } } });
  await channel.get({ queue }, {}, 'a');
  channel.send('basic.reject', { deliveryTag: 1 });
  await channel.counts(dead, 1);
  const message = await channel.get({ queue: dead, noAck: true }, { exchange: '', routingKey: dead }, 'a');
  same('CC', message.headers['CC'], undefined);
  same('routing-keys', onlyDeath(message)['routing-keys'], [queue, 'cc']);
});

scenario('the same death again counts up', async (s) => {
  const channel = await s.channel();
  const queue = s.name();
  const args = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': queue };
  await channel.call('queue.declare', { queue, exclusive: true, arguments: args });
  channel.publish('a', { routingKey: queue });
  for (let deliveryTag = 1; deliveryTag <= 3; deliveryTag++) {
    await channel.counts(queue, 1);
    const message = await channel.get({ queue }, { deliveryTag, redelivered: false }, 'a');
    if (deliveryTag > 1) {
      same('death', onlyDeath(message), {
        count: deliveryTag - 1,
        reason: 'rejected',
        queue,
        exchange: '',
        'routing-keys': [queue],
      });
    }
    channel.send('basic.reject', { deliveryTag });
  }
});

scenario('deaths of different kinds are listed, the newest first', async (s) => {
  const { channel, queue, dead } = await withDeadLetters(s);
  const last = await s.queue(channel);
  const middle = await s.queue(channel, {
    'x-message-ttl': 1,
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': queue,
  });
  same('queues', new Set([last, middle, queue, dead]).size, 4);
  channel.publish('a', { routingKey: middle });
  await channel.counts(queue, 1);
  await channel.get({ queue }, { deliveryTag: 1 }, 'a');
  channel.send('basic.reject', { deliveryTag: 1 });
  const { headers } = await firstDead(channel, dead, 'a');
  const deaths = headers['x-death'] as Death[];
  same(
    'deaths',
    deaths.map((death) => [death['queue'], death['reason'], death['count']]),
    [
      [queue, 'rejected', 1],
      [middle, 'expired', 1],
    ],
  );
  same('x-first-death-queue', headers['x-first-death-queue'], middle);
});

scenario('a message that expires in a ring without a reject is dropped', async (s) => {
  const channel = await s.channel();
  const queue = s.name();
  const witness = await s.queue(channel);
  const args = { 'x-message-ttl': 1, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': queue };
  await channel.call('queue.declare', { queue, exclusive: true, arguments: args });
  channel.publish('a', { routingKey: queue });
  const slower = { 'x-message-ttl': 50, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': witness };
  const clock = await s.queue(channel, slower);
  channel.publish('later', { routingKey: clock });
  await channel.counts(witness, 1);
  await channel.holds(queue, []);
});

scenario(
  'dead letters without a dead letter exchange, or with one that is not there, are dropped',
  async (s) => {
    const channel = await s.channel();
    for (const args of [{}, { 'x-dead-letter-exchange': s.name('none') }]) {
      const queue = await s.queue(channel, args);
      channel.publish('a', { routingKey: queue });
      const { deliveryTag } = await channel.get({ queue }, {}, 'a');
      channel.send('basic.reject', { deliveryTag });
      await channel.holds(queue, []);
    }
  },
);

scenario('purged and acknowledged messages, and those of a deleted queue, are no dead letters', async (s) => {
  const { channel, queue, dead } = await withDeadLetters(s);
  for (const body of ['acknowledged', 'purged']) channel.publish(body, { routingKey: queue });
  await channel.get({ queue }, {}, 'acknowledged');
  channel.send('basic.ack', { deliveryTag: 1 });
  await channel.call('queue.purge', { queue }, { messageCount: 1 });
  channel.publish('deleted', { routingKey: queue });
  await channel.call('queue.delete', { queue }, { messageCount: 1 });
  await channel.holds(dead, []);
});
