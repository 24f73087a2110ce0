import { decodeProperties } from '../../../lib/wire/properties.js';
import { Channel } from '../channel.js';
import { same } from '../expectation.js';
import { scenario, type Steps } from '../scenario.js';

const REPLY_TO = 'amq.rabbitmq.reply-to';

/** A requester with its reply consumer, a responder, and the reply name that the responder received. */
async function request(s: Steps): Promise<{ requester: Channel; responder: Channel; replyTo: string }> {
  const requester = await s.channel();
  const responder = await s.channel();
  const queue = await s.queue(responder);
  await requester.call('basic.consume', { queue: REPLY_TO, noAck: true, consumerTag: 'replies' });
  requester.publish('question', { routingKey: queue, properties: { replyTo: REPLY_TO, correlationId: '7' } });
  await responder.counts(queue, 1);
  const message = await responder.get({ queue, noAck: true }, {}, 'question');
  const { replyTo = '', correlationId } = decodeProperties(message.properties, 0, message.properties.length);
  same('correlation-id', correlationId, '7');
  return { requester, responder, replyTo };
}

scenario('direct reply-to: the request carries a name that leads back to the requester', async (s) => {
  const { requester, responder, replyTo } = await request(s);
  same('reply-to', replyTo.startsWith(`${REPLY_TO}.`), true);
  responder.publish('answer', { routingKey: replyTo, properties: { correlationId: '7' } });
  const fields = { consumerTag: 'replies', redelivered: false, exchange: '', routingKey: replyTo };
  Channel.sameProperties(await requester.expectDelivery(fields, 'answer'), { correlationId: '7' });
});

scenario('direct reply-to: any number of replies to one request', async (s) => {
  const { requester, responder, replyTo } = await request(s);
  for (const body of ['a', 'b', 'c']) responder.publish(body, { routingKey: replyTo });
  for (const body of ['a', 'b', 'c']) await requester.expectDelivery({ consumerTag: 'replies' }, body);
});

// [differences: mandatory replies]
scenario(
  'direct reply-to: a mandatory reply is delivered, and returned too, for it went to no queue',
  async (s) => {
    const { requester, responder, replyTo } = await request(s);
    responder.publish('answer', { routingKey: replyTo, mandatory: true });
    await responder.expectReturn({ replyCode: 312, exchange: '', routingKey: replyTo }, 'answer');
    await requester.expectDelivery({ consumerTag: 'replies' }, 'answer');
  },
);

scenario('direct reply-to: a reply is confirmed', async (s) => {
  const { requester, responder, replyTo } = await request(s);
  await responder.call('confirm.select');
  responder.publish('answer', { routingKey: replyTo });
  await responder.expect('basic.ack', { deliveryTag: 1 });
  await requester.expectDelivery({}, 'answer');
});

scenario('direct reply-to: every request of a channel carries the same name', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  await channel.call('basic.consume', { queue: REPLY_TO, noAck: true });
  const names: unknown[] = [];
  for (let at = 0; at < 2; at++) {
    channel.publish('question', { routingKey: queue, properties: { replyTo: REPLY_TO } });
    const { properties } = await channel.get({ queue, noAck: true });
    names.push(decodeProperties(properties, 0, properties.length).replyTo);
  }
  same('names', names[0], names[1]);
});

scenario('direct reply-to: consuming with acks closes the channel with 406', async (s) => {
  const channel = await s.channel();
  channel.send('basic.consume', { queue: REPLY_TO });
  await channel.expectClosed(406, 'basic.consume', 'PRECONDITION_FAILED - reply consumer cannot acknowledge');
});

scenario('direct reply-to: a second consumer on the channel closes it with 406', async (s) => {
  const channel = await s.channel();
  await channel.call('basic.consume', { queue: REPLY_TO, noAck: true });
  channel.send('basic.consume', { queue: REPLY_TO, noAck: true });
  await channel.expectClosed(406, 'basic.consume', 'PRECONDITION_FAILED - reply consumer already set');
});

scenario('direct reply-to: an empty consumer tag is made up', async (s) => {
  const channel = await s.channel();
  const { consumerTag } = await channel.call('basic.consume', { queue: REPLY_TO, noAck: true });
  same('tag', consumerTag.startsWith('amq.ctag-'), true);
});

scenario('direct reply-to: exclusive means nothing', async (s) => {
  const channel = await s.channel();
  await channel.call('basic.consume', { queue: REPLY_TO, noAck: true, exclusive: true });
});

scenario('direct reply-to: after cancel one may consume again', async (s) => {
  const channel = await s.channel();
  await channel.call('basic.consume', { queue: REPLY_TO, noAck: true, consumerTag: 'a' });
  await channel.call('basic.cancel', { consumerTag: 'a' }, { consumerTag: 'a' });
  await channel.call('basic.consume', { queue: REPLY_TO, noAck: true, consumerTag: 'a' });
});

scenario('direct reply-to: a request without a reply consumer closes the channel with 406', async (s) => {
  const channel = await s.channel();
  channel.publish('question', { routingKey: s.name(), properties: { replyTo: REPLY_TO } });
  await channel.expectClosed(
    406,
    'basic.publish',
    'PRECONDITION_FAILED - fast reply consumer does not exist',
  );
});

scenario('direct reply-to: the reply consumer is its channel’s, not its connection’s', async (s) => {
  const one = await s.channel();
  const two = await s.another(one);
  await one.call('basic.consume', { queue: REPLY_TO, noAck: true });
  two.publish('question', { routingKey: s.name(), properties: { replyTo: REPLY_TO } });
  await two.expectClosed(406, 'basic.publish', 'PRECONDITION_FAILED - fast reply consumer does not exist');
});

scenario('direct reply-to: any other reply-to is delivered as it is', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  const properties = { replyTo: `${REPLY_TO}.x` };
  channel.publish('question', { routingKey: queue, properties });
  Channel.sameProperties(await channel.get({ queue, noAck: true }), properties);
});

scenario('direct reply-to: a mandatory reply to a name that was never given comes back', async (s) => {
  const channel = await s.channel();
  const routingKey = `${REPLY_TO}.xyz`;
  channel.publish('answer', { routingKey, mandatory: true });
  await channel.expectReturn({ replyCode: 312, exchange: '', routingKey }, 'answer');
});

scenario('direct reply-to: a reply to a requester that is gone is dropped', async (s) => {
  const { requester, responder, replyTo } = await request(s);
  await requester.closeConnection();
  responder.publish('too late', { routingKey: replyTo });
  await responder.quiet();
});

for (const passive of [false, true]) {
  scenario(
    `direct reply-to: declaring the queue${passive ? ' passively' : ''} is answered with one consumer`,
    async (s) => {
      const channel = await s.channel();
      const ok = { queue: REPLY_TO, messageCount: 0, consumerCount: 1 };
      await channel.call('queue.declare', { queue: REPLY_TO, passive }, ok);
    },
  );
}

scenario('direct reply-to: a responder can ask whether the requester is still there', async (s) => {
  const { requester, responder, replyTo } = await request(s);
  const ok = { queue: replyTo, messageCount: 0, consumerCount: 1 };
  await responder.call('queue.declare', { queue: replyTo, passive: true }, ok);
  await requester.call('basic.cancel', { consumerTag: 'replies' });
  responder.send('queue.declare', { queue: replyTo, passive: true });
  await responder.expectClosed(404, 'queue.declare', `NOT_FOUND - no queue '${replyTo}' in vhost '/'`);
});

scenario('direct reply-to: a reply after the reply consumer was cancelled is dropped', async (s) => {
  const { requester, responder, replyTo } = await request(s);
  await requester.call('basic.cancel', { consumerTag: 'replies' });
  responder.publish('too late', { routingKey: replyTo });
  await responder.quiet();
  await requester.quiet();
});

scenario('direct reply-to: a name that was never given is no queue', async (s) => {
  const channel = await s.channel();
  channel.send('queue.declare', { queue: `${REPLY_TO}.xyz`, passive: true });
  const text = `NOT_FOUND - no queue '${REPLY_TO}.xyz' in vhost '/'`;
  await channel.expectClosed(404, 'queue.declare', text);
});

for (const [name, args] of [
  ['basic.get', {}],
  ['queue.purge', {}],
  ['queue.bind', { exchange: 'amq.direct' }],
] as const) {
  scenario(`direct reply-to: ${name} closes the channel with 404`, async (s) => {
    const channel = await s.channel();
    channel.send(name, { queue: REPLY_TO, ...args });
    await channel.expectClosed(404, name, `NOT_FOUND - no queue '${REPLY_TO}' in vhost '/'`);
  });
}
