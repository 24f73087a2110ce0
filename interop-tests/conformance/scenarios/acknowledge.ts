import type { Channel } from '../channel.js';
import { scenario, type Steps } from '../scenario.js';

const BODIES = ['a', 'b', 'c', 'd', 'e'];

/** A queue of five messages, the first `held` of them delivered and not acknowledged, as tags 1 to `held`. */
async function holding(s: Steps, held: number): Promise<{ channel: Channel; queue: string }> {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  for (const body of BODIES) channel.publish(body, { routingKey: queue });
  for (let at = 0; at < held; at++) await channel.get({ queue }, { deliveryTag: at + 1 }, BODIES[at]);
  return { channel, queue };
}

const unknownTag = (tag: number | string) => `PRECONDITION_FAILED - unknown delivery tag ${tag}`;

scenario('basic.ack takes one message for good', async (s) => {
  const { channel, queue } = await holding(s, 2);
  channel.send('basic.ack', { deliveryTag: 2 });
  channel.send('basic.nack', { deliveryTag: 1, requeue: true });
  await channel.holds(queue, ['a', 'c', 'd', 'e']);
});

scenario('basic.ack with multiple takes all up to its tag', async (s) => {
  const { channel, queue } = await holding(s, 4);
  channel.send('basic.ack', { deliveryTag: 3, multiple: true });
  channel.send('basic.nack', { deliveryTag: 4, requeue: true });
  await channel.holds(queue, ['d', 'e']);
});

scenario('basic.ack with multiple and tag 0 takes everything', async (s) => {
  const { channel, queue } = await holding(s, 3);
  channel.send('basic.ack', { deliveryTag: 0, multiple: true });
  channel.send('basic.nack', { deliveryTag: 0, multiple: true, requeue: true });
  await channel.holds(queue, ['d', 'e']);
});

scenario('tag 0 with multiple is fine when nothing is held', async (s) => {
  const { channel } = await holding(s, 0);
  channel.send('basic.ack', { deliveryTag: 0, multiple: true });
  channel.send('basic.nack', { deliveryTag: 0, multiple: true });
  await channel.quiet();
});

scenario('acks may come in any order', async (s) => {
  const { channel, queue } = await holding(s, 5);
  for (const deliveryTag of [4, 1, 5, 2, 3]) channel.send('basic.ack', { deliveryTag });
  await channel.holds(queue, []);
  await channel.call('channel.close', { replyCode: 200 });
  await channel.call('channel.open');
  await channel.holds(queue, []);
});

/** A tag that is not held closes the channel, whatever the method. */
for (const [title, deliveryTag] of [
  ['a tag that was never given', 7],
  ['tag 0', 0],
] as const) {
  scenario(`basic.ack of ${title} closes the channel with 406`, async (s) => {
    const { channel } = await holding(s, 2);
    channel.send('basic.ack', { deliveryTag });
    await channel.expectClosed(406, 'basic.ack', unknownTag(deliveryTag));
  });
  scenario(`basic.nack of ${title} closes the channel with 406`, async (s) => {
    const { channel } = await holding(s, 2);
    channel.send('basic.nack', { deliveryTag, requeue: true });
    await channel.expectClosed(406, 'basic.nack', unknownTag(deliveryTag));
  });
  scenario(`basic.reject of ${title} closes the channel with 406`, async (s) => {
    const { channel } = await holding(s, 2);
    channel.send('basic.reject', { deliveryTag, requeue: true });
    await channel.expectClosed(406, 'basic.reject', unknownTag(deliveryTag));
  });
}

scenario('basic.ack of a tag already acknowledged closes the channel with 406', async (s) => {
  const { channel } = await holding(s, 2);
  channel.send('basic.ack', { deliveryTag: 1 });
  channel.send('basic.ack', { deliveryTag: 1 });
  await channel.expectClosed(406, 'basic.ack', unknownTag(1));
});

scenario(
  'basic.ack with multiple beyond the last tag closes the channel with 406 and acknowledges nothing',
  async (s) => {
    const { channel, queue } = await holding(s, 2);
    channel.send('basic.ack', { deliveryTag: 3, multiple: true });
    await channel.expectClosed(406, 'basic.ack', unknownTag(3));
    await channel.counts(queue, 5);
  },
);

scenario('basic.ack with multiple of a tag already acknowledged closes the channel with 406', async (s) => {
  const { channel } = await holding(s, 3);
  channel.send('basic.ack', { deliveryTag: 2 });
  channel.send('basic.ack', { deliveryTag: 2, multiple: true });
  await channel.expectClosed(406, 'basic.ack', unknownTag(2));
});

scenario('basic.ack with multiple and a tag when nothing is held closes the channel with 406', async (s) => {
  const { channel } = await holding(s, 0);
  channel.send('basic.ack', { deliveryTag: 5, multiple: true });
  await channel.expectClosed(406, 'basic.ack', unknownTag(5));
});

scenario('a tag of another channel is unknown', async (s) => {
  const { channel } = await holding(s, 1);
  const other = await s.another(channel);
  other.send('basic.ack', { deliveryTag: 1 });
  await other.expectClosed(406, 'basic.ack', unknownTag(1));
  channel.send('basic.ack', { deliveryTag: 1 });
  await channel.quiet();
});

scenario('basic.reject without requeue drops the message', async (s) => {
  const { channel, queue } = await holding(s, 2);
  channel.send('basic.reject', { deliveryTag: 1 });
  await channel.holds(queue, ['c', 'd', 'e']);
  channel.send('basic.reject', { deliveryTag: 2, requeue: true });
  await channel.holds(queue, ['b']);
});

scenario('basic.nack with multiple drops all up to its tag', async (s) => {
  const { channel, queue } = await holding(s, 4);
  channel.send('basic.nack', { deliveryTag: 3, multiple: true });
  channel.send('basic.reject', { deliveryTag: 4, requeue: true });
  await channel.holds(queue, ['d', 'e']);
});

scenario('a requeued message goes back to its place and is redelivered', async (s) => {
  const { channel, queue } = await holding(s, 3);
  channel.send('basic.reject', { deliveryTag: 2, requeue: true });
  await channel.get({ queue }, { redelivered: true, messageCount: 2 }, 'b');
  await channel.get({ queue }, { redelivered: false, messageCount: 1 }, 'd');
  channel.send('basic.nack', { deliveryTag: 0, multiple: true, requeue: true });
  for (const [at, body] of BODIES.entries()) {
    await channel.get({ queue, noAck: true }, { redelivered: body !== 'e', messageCount: 4 - at }, body);
  }
});

scenario('messages requeued one by one, backwards, are in order again', async (s) => {
  const { channel, queue } = await holding(s, 4);
  for (const deliveryTag of [4, 2, 3, 1]) channel.send('basic.reject', { deliveryTag, requeue: true });
  await channel.holds(queue, BODIES);
});

scenario('a message rejected with requeue by its only consumer comes again, redelivered', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('a', { routingKey: queue });
  await channel.call('basic.consume', { queue, consumerTag: 'c' });
  for (let deliveryTag = 1; deliveryTag < 5; deliveryTag++) {
    await channel.expectDelivery({ deliveryTag, redelivered: deliveryTag > 1 }, 'a');
    channel.send('basic.reject', { deliveryTag, requeue: true });
  }
  await channel.expectDelivery({ deliveryTag: 5, redelivered: true }, 'a');
  channel.send('basic.ack', { deliveryTag: 5 });
});

scenario('basic.recover with requeue gives everything back, recover-ok first', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  for (const body of ['a', 'b']) channel.publish(body, { routingKey: queue });
  await channel.call('basic.consume', { queue, consumerTag: 'c' });
  await channel.expectDelivery({ deliveryTag: 1 }, 'a');
  await channel.expectDelivery({ deliveryTag: 2 }, 'b');
  await channel.call('basic.recover', { requeue: true });
  await channel.expectDelivery({ consumerTag: 'c', deliveryTag: 3, redelivered: true }, 'a');
  await channel.expectDelivery({ consumerTag: 'c', deliveryTag: 4, redelivered: true }, 'b');
  channel.send('basic.ack', { deliveryTag: 1 });
  await channel.expectClosed(406, 'basic.ack', unknownTag(1));
});

scenario('basic.recover when nothing is held is answered', async (s) => {
  const channel = await s.channel();
  await channel.call('basic.recover', { requeue: true });
});

scenario('basic.recover gives back what basic.get holds', async (s) => {
  const { channel, queue } = await holding(s, 3);
  await channel.call('basic.recover', { requeue: true });
  await channel.holds(queue, BODIES);
});

scenario('basic.recover-async gives everything back without an answer', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('a', { routingKey: queue });
  await channel.call('basic.consume', { queue, consumerTag: 'c' });
  await channel.expectDelivery({ deliveryTag: 1, redelivered: false }, 'a');
  channel.send('basic.recover-async', { requeue: true });
  await channel.expectDelivery({ deliveryTag: 2, redelivered: true }, 'a');
});

for (const name of ['basic.recover', 'basic.recover-async'] as const) {
  scenario(`${name} without requeue closes the connection with 540`, async (s) => {
    const channel = await s.channel();
    channel.send(name, { requeue: false });
    await channel.expectConnectionClosed(540, name, 'NOT_IMPLEMENTED - requeue=false');
  });
}
