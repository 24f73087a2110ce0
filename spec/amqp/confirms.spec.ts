import t from 'tap';
import { BrokerUnderTest } from '../support/broker-under-test.js';
import { SlowMessageStore } from '../support/slow-message-store.js';

const PERSISTENT = { deliveryMode: 2 };

/** A channel in confirm mode with the queue `q`, on a store that commits when told to. */
async function confirming(queueArguments: object = {}) {
  const messages = new SlowMessageStore();
  const world = await BrokerUnderTest.open({ messages });
  const client = await world.connect();
  const channel = await client.channel(1);
  await channel.call('queue.declare', { queue: 'q', durable: true, arguments: { ...queueArguments } });
  await channel.call('confirm.select');
  return { messages, world, client, channel };
}

const ack = (deliveryTag: number, multiple: boolean): string =>
  `basic.ack on channel 1 {"deliveryTag":${deliveryTag},"multiple":${multiple}}`;

void t.test('a persistent message is confirmed when it is safe, and not before', async (t) => {
  const { messages, client, channel } = await confirming();
  channel.publish('a', { routingKey: 'q', properties: PERSISTENT });
  t.strictSame(await client.lines(), []);
  messages.commit();
  t.strictSame(await client.lines(), [ack(1, false)]);
});

void t.test('what is published in one turn is confirmed together', async (t) => {
  const { client, channel } = await confirming();
  for (const body of ['a', 'b', 'c']) channel.publish(body, { routingKey: 'q' });
  t.strictSame(await client.lines(), [ack(3, true)]);
  channel.publish('d', { routingKey: 'q' });
  t.strictSame(await client.lines(), [ack(4, false)]);
});

void t.test('a transient message is not confirmed before the persistent one it follows', async (t) => {
  const { messages, client, channel } = await confirming();
  channel.publish('a', { routingKey: 'q', properties: PERSISTENT });
  channel.publish('b', { routingKey: 'q' });
  t.strictSame(await client.lines(), []);
  messages.commit();
  t.strictSame(await client.lines(), [ack(2, true)]);
});

void t.test('batches are confirmed as they become safe', async (t) => {
  const { messages, client, channel } = await confirming();
  for (const body of ['a', 'b', 'c']) {
    channel.publish(body, { routingKey: 'q', properties: PERSISTENT });
    await client.lines();
    if (body === 'b') messages.nextBatch();
  }
  messages.commit(1);
  t.strictSame(await client.lines(), [ack(2, true)]);
  messages.commit();
  t.strictSame(await client.lines(), [ack(3, false)]);
});

void t.test('a message that reaches no queue is confirmed at once', async (t) => {
  const { client, channel } = await confirming();
  channel.publish('a', { routingKey: 'nowhere', properties: PERSISTENT });
  t.strictSame(await client.lines(), [ack(1, false)]);
});

void t.test('a mandatory message comes back before it is confirmed', async (t) => {
  const { client, channel } = await confirming();
  channel.publish('a', { routingKey: 'q' });
  channel.publish('b', { routingKey: 'nowhere', mandatory: true });
  channel.publish('c', { routingKey: 'q' });
  t.strictSame(await client.lines(), [
    'basic.return on channel 1 {"replyCode":312,"replyText":"NO_ROUTE","exchange":"","routingKey":"nowhere"}',
    'content header on channel 1, class 60, body size 1, properties 0000',
    'body on channel 1 "b"',
    ack(3, true),
  ]);
});

void t.test('a message that a full queue refuses is confirmed with nack', async (t) => {
  const { client, channel } = await confirming({ 'x-max-length': 1, 'x-overflow': 'reject-publish' });
  for (const body of ['a', 'b']) channel.publish(body, { routingKey: 'q' });
  t.match(await client.all(), [
    { name: 'basic.ack', args: { deliveryTag: 1, multiple: false } },
    { name: 'basic.nack', args: { deliveryTag: 2, multiple: false, requeue: true } },
  ]);
  t.equal((await channel.call('queue.purge', { queue: 'q' })).messageCount, 1);
});

void t.test('a queue that is deleted before the commit takes no confirm along', async (t) => {
  const { messages, client, channel } = await confirming();
  channel.publish('a', { routingKey: 'q', properties: PERSISTENT });
  await client.lines();
  await channel.call('queue.delete', { queue: 'q' });
  messages.commit();
  t.strictSame(await client.lines(), [ack(1, false)]);
});

void t.test('what is safe is confirmed before the channel closes for an error', async (t) => {
  const { client, channel } = await confirming();
  channel.publish('a', { routingKey: 'q' });
  channel.publish('b', { exchange: 'nope' });
  t.match(await client.lines(), [ack(1, false), /^channel.close/]);
});

void t.test('what is safe is confirmed before close-ok', async (t) => {
  const { client, channel } = await confirming();
  channel.publish('a', { routingKey: 'q' });
  channel.send('channel.close');
  t.match(await client.lines(), [ack(1, false), /^channel.close-ok/]);
});

void t.test('a closed channel confirms nothing, though it becomes safe', async (t) => {
  const { messages, client, channel } = await confirming();
  channel.publish('a', { routingKey: 'q', properties: PERSISTENT });
  channel.send('channel.close');
  t.match(await client.lines(), [/^channel.close-ok/]);
  messages.commit();
  t.strictSame(await client.lines(), []);
});

void t.test('a channel that is being closed confirms nothing', async (t) => {
  const { messages, client, channel } = await confirming();
  channel.publish('a', { routingKey: 'q', properties: PERSISTENT });
  channel.publish('b', { exchange: 'nope' });
  t.match(await client.lines(), [/^channel.close/]);
  messages.commit();
  t.strictSame(await client.lines(), []);
});

void t.test('confirm.select again changes nothing, and may go without an answer', async (t) => {
  const { client, channel } = await confirming();
  channel.publish('a', { routingKey: 'q' });
  await client.lines();
  await channel.call('confirm.select');
  channel.send('confirm.select', { nowait: true });
  channel.publish('b', { routingKey: 'q' });
  t.strictSame(await client.lines(), [ack(2, false)]);
});

void t.test('without confirm.select nothing is confirmed', async (t) => {
  const client = await (await BrokerUnderTest.open()).connect();
  const channel = await client.channel(1);
  channel.publish('a', { routingKey: 'q' });
  t.strictSame(await client.lines(), []);
});

void t.test('channels count their publishes apart from each other', async (t) => {
  const { client, channel } = await confirming();
  const other = await client.channel(2);
  await other.call('confirm.select');
  channel.publish('a', { routingKey: 'q' });
  channel.publish('b', { routingKey: 'q' });
  other.publish('c', { routingKey: 'q' });
  t.strictSame(await client.lines(), [
    ack(2, true),
    'basic.ack on channel 2 {"deliveryTag":1,"multiple":false}',
  ]);
});
