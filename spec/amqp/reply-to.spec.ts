import t from 'tap';
import { decodeProperties } from '../../lib/wire/properties.js';
import { BrokerUnderTest } from '../support/broker-under-test.js';

const REPLY_TO = 'amq.rabbitmq.reply-to';

/** A requester that asked, and a responder that knows where to answer, on connections of their own. */
async function asked() {
  const world = await BrokerUnderTest.open();
  const client = await world.connect();
  const requester = await client.channel(1);
  const responder = await (await world.connect()).channel(1);
  await responder.call('queue.declare', { queue: 'q' });
  await requester.call('basic.consume', { queue: REPLY_TO, noAck: true, consumerTag: 'r' });
  requester.publish('question', { routingKey: 'q', properties: { replyTo: REPLY_TO, messageId: '7' } });
  await world.rest();
  const { properties } = await responder.get({ queue: 'q', noAck: true }, {}, 'question');
  const { replyTo = '', messageId } = decodeProperties(properties, 0, properties.length);
  return { world, client, requester, responder, replyTo, messageId };
}

void t.test('an answer finds the channel that asked, with delivery tags like any delivery', async (t) => {
  const { requester, responder, replyTo, messageId } = await asked();
  t.match(replyTo, /^amq\.rabbitmq\.reply-to\.[\w-]{24}$/);
  t.equal(messageId, '7', 'the other properties of the question are as they were');
  for (const [at, body] of ['one', 'two'].entries()) {
    responder.publish(body, { routingKey: replyTo });
    const args = {
      consumerTag: 'r',
      deliveryTag: at + 1,
      redelivered: false,
      exchange: '',
      routingKey: replyTo,
    };
    await requester.expectDelivery(args, body);
  }
});

void t.test('a mandatory answer is delivered, and returned too', async () => {
  const { requester, responder, replyTo } = await asked();
  responder.publish('answer', { routingKey: replyTo, mandatory: true });
  await responder.expectReturn({ replyCode: 312, routingKey: replyTo }, 'answer');
  await requester.expectDelivery({}, 'answer');
});

void t.test('an answer with CC goes to the other queues as well', async () => {
  const { requester, responder, replyTo } = await asked();
  responder.publish('answer', { routingKey: replyTo, properties: { headers: { CC: ['q'] } } });
  await requester.expectDelivery({}, 'answer');
  await responder.get({ queue: 'q' }, {}, 'answer');
});

for (const [title, leave] of [
  ['cancelled its consumer', 'basic.cancel'],
  ['closed its channel', 'channel.close'],
] as const) {
  void t.test(`an answer to a channel that has ${title} is dropped`, async (t) => {
    const { world, client, requester, responder, replyTo } = await asked();
    await requester.call(leave, leave === 'basic.cancel' ? { consumerTag: 'r' } : {});
    responder.publish('late', { routingKey: replyTo });
    responder.send('queue.declare', { queue: replyTo, passive: true });
    await responder.expectClosed(404, 'queue.declare', `NOT_FOUND - no queue '${replyTo}' in vhost '/'`);
    t.strictSame(await client.lines(), []);
    t.equal(world.broker.replies.find(replyTo), undefined);
  });
}

void t.test('a requester that does not read its answers loses them, and holds little memory', async (t) => {
  const { world, client, requester, responder, replyTo } = await asked();
  client.transport.hold();
  for (let i = 0; i < 170; i++) responder.publish(Buffer.alloc(1_000_000), { routingKey: replyTo });
  await world.rest();
  t.ok(client.transport.pending < 150_000_000, `${client.transport.pending}`);
  client.transport.take();
  await client.all();
  responder.publish('again', { routingKey: replyTo });
  await requester.expectDelivery({}, 'again');
});

void t.test('a question is refused where nobody waits for the answer', async () => {
  const { world } = await asked();
  const channel = await (await world.connect()).channel(1);
  channel.publish('question', { routingKey: 'q', properties: { replyTo: REPLY_TO } });
  const text = 'PRECONDITION_FAILED - fast reply consumer does not exist';
  await channel.expectClosed(406, 'basic.publish', text);
});

void t.test('a question with headers and CC goes to all of its queues, and leads back', async (t) => {
  const { world, requester, responder } = await asked();
  await responder.call('queue.declare', { queue: 'p' });
  const properties = { replyTo: REPLY_TO, headers: { BCC: ['p'], kept: 'yes' } };
  requester.publish('question', { routingKey: 'q', properties });
  await world.rest();
  for (const queue of ['p', 'q']) {
    const { properties: bytes, headers } = await responder.get({ queue, noAck: true }, {}, 'question');
    t.strictSame(headers, { kept: 'yes' });
    t.match(decodeProperties(bytes, 0, bytes.length).replyTo, /^amq\.rabbitmq\.reply-to\./);
  }
});
