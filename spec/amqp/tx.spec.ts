import t from 'tap';
import type { Channel } from '../../interop-tests/conformance/channel.js';
import { BrokerUnderTest } from '../support/broker-under-test.js';
import type { ProtocolClient } from '../support/protocol-client.js';
import { SlowMessageStore } from '../support/slow-message-store.js';

/** A transactional channel with the queue `q`; a store that commits at once, unless `slow`. */
async function transactional(messages?: SlowMessageStore) {
  const world = await BrokerUnderTest.open(messages === undefined ? {} : { messages });
  const client = await world.connect();
  const channel = await client.channel(1);
  const other = await client.channel(2);
  await channel.call('queue.declare', { queue: 'q' });
  await channel.call('tx.select');
  return { world, client, channel, other };
}

const ready = async (channel: Channel<ProtocolClient>): Promise<number> =>
  (await channel.call('queue.declare', { queue: 'q', passive: true })).messageCount;

void t.test('publishes are seen after the commit, in order, and not before', async (t) => {
  const { channel, other } = await transactional();
  for (const body of ['a', 'b']) channel.publish(body, { routingKey: 'q' });
  t.equal(await ready(other), 0);
  await channel.call('tx.commit');
  await other.holds('q', ['a', 'b']);
  await channel.call('tx.commit');
  t.equal(await ready(other), 0, 'once only');
});

void t.test('publishes that are rolled back are forgotten', async (t) => {
  const { channel, other } = await transactional();
  channel.publish('a', { routingKey: 'q' });
  await channel.call('tx.rollback');
  await channel.call('tx.commit');
  t.equal(await ready(other), 0);
});

void t.test('acknowledgements count after the commit', async (t) => {
  const { world, channel, other } = await transactional();
  for (const body of ['a', 'b', 'c']) other.publish(body, { routingKey: 'q' });
  for (const body of ['a', 'b', 'c']) await channel.get({ queue: 'q' }, {}, body);
  const queue = world.broker.vhost('/')?.queue('q');
  channel.send('basic.ack', { deliveryTag: 2, multiple: true });
  channel.send('basic.nack', { deliveryTag: 3, requeue: true });
  await world.rest();
  t.equal(queue?.unackedCount, 3);
  t.equal(await ready(other), 0);
  await channel.call('tx.commit');
  t.equal(queue?.unackedCount, 0);
  await other.holds('q', ['c']);
});

void t.test('after a rollback what was acknowledged is outstanding under its old tag', async (t) => {
  const { client, channel, other } = await transactional();
  for (const body of ['a', 'b', 'c']) other.publish(body, { routingKey: 'q' });
  for (const body of ['a', 'b', 'c']) await channel.get({ queue: 'q' }, {}, body);
  channel.send('basic.ack', { deliveryTag: 2, multiple: true });
  channel.send('basic.reject', { deliveryTag: 3, requeue: false });
  await channel.call('tx.rollback');
  t.strictSame(await client.lines(), []);
  channel.send('basic.ack', { deliveryTag: 1 });
  channel.send('basic.reject', { deliveryTag: 2, requeue: true });
  channel.send('basic.ack', { deliveryTag: 3 });
  await channel.call('tx.commit');
  await other.holds('q', ['b']);
});

void t.test('a delivery is settled once in a transaction', async () => {
  const { channel, other } = await transactional();
  other.publish('a', { routingKey: 'q' });
  await channel.get({ queue: 'q' });
  channel.send('basic.ack', { deliveryTag: 1 });
  channel.send('basic.ack', { deliveryTag: 1 });
  await channel.expectClosed(406, 'basic.ack', 'PRECONDITION_FAILED - unknown delivery tag 1');
  await other.get({ queue: 'q' }, { redelivered: true }, 'a');
});

for (const [title, leave] of [
  ['the channel closes', (channel) => channel.call('channel.close')],
  ['the channel fails', (channel) => channel.send('queue.purge', { queue: 'nope' })],
  ['the connection drops', (channel) => channel.raw.drop()],
] as readonly (readonly [string, (channel: Channel<ProtocolClient>) => unknown])[]) {
  void t.test(`when ${title} in the middle of a transaction, it has never been`, async () => {
    const { world, client, channel } = await transactional();
    const bystander = await (await world.connect()).channel(1);
    for (const body of ['a', 'b']) bystander.publish(body, { routingKey: 'q' });
    await world.rest();
    await channel.get({ queue: 'q' });
    await channel.get({ queue: 'q' });
    channel.send('basic.ack', { deliveryTag: 1 });
    channel.publish('c', { routingKey: 'q' });
    await leave(channel);
    await client.all();
    await bystander.holds('q', ['a', 'b']);
  });
}

void t.test('commit-ok comes when everything is safe', async (t) => {
  const messages = new SlowMessageStore();
  const { client, channel } = await transactional(messages);
  channel.publish('a', { routingKey: 'q', properties: { deliveryMode: 2 } });
  channel.send('tx.commit');
  channel.send('basic.qos');
  t.strictSame(await client.lines(), []);
  messages.commit();
  t.match(await client.lines(), [/^tx.commit-ok/, /^basic.qos-ok/]);
});

void t.test('a connection that closes while a commit is awaited is closed at once', async (t) => {
  const messages = new SlowMessageStore();
  const { world, client, channel } = await transactional(messages);
  channel.publish('a', { routingKey: 'q', properties: { deliveryMode: 2 } });
  channel.send('tx.commit');
  await world.rest();
  client.drop();
  await world.rest();
  t.equal(world.ended.length, 1);
  messages.commit();
  await world.rest();
  t.strictSame(world.log.defects, []);
});

/** So many transient publishes are too many for one turn. */
const MANY = 30_000;

/** Commits MANY publishes; stops after the first turn of it. */
async function midCommit() {
  const parts = await transactional();
  const { world, channel } = parts;
  const bystander = await (await world.connect()).channel(1);
  for (let i = 0; i < MANY; i++) channel.publish(`${i}`, { routingKey: 'q' });
  await world.rest();
  channel.send('tx.commit');
  world.deliver();
  await new Promise((resolve) => setImmediate(resolve));
  const queue = world.broker.vhost('/')!.queue('q')!;
  return { ...parts, queue, bystander };
}

void t.test('a large commit of transient messages leaves the others their turns', async (t) => {
  const { world, client, other, queue, bystander } = await midCommit();
  t.ok(queue.messageCount > 0 && queue.messageCount < MANY, `${queue.messageCount} are published`);
  bystander.send('basic.qos');
  world.deliver();
  world.runTurn();
  t.equal(bystander.raw.transport.taken().length, 12, 'it was answered');
  t.ok(queue.messageCount < MANY);
  t.match(await client.lines(), [/^tx.commit-ok/]);
  t.equal(queue.messageCount, MANY);
  await other.get({ queue: 'q' }, {}, '0');
});

void t.test('a commit that has begun is carried through, also without its client', async (t) => {
  const { world, client, queue } = await midCommit();
  client.drop();
  await world.rest();
  t.equal(queue.messageCount, MANY);
  t.equal(world.ended.length, 1);
  t.strictSame(world.log.defects, []);
});

void t.test('a commit ends with its channel even when nothing gets safe', async (t) => {
  const messages = new SlowMessageStore();
  const { world, client, channel, other } = await transactional(messages);
  other.publish('a', { routingKey: 'q', properties: { deliveryMode: 2 } });
  await channel.get({ queue: 'q' });
  for (let i = 0; i < MANY; i++) channel.publish('', { routingKey: 'q' });
  channel.send('basic.ack', { deliveryTag: 1 });
  await world.rest();
  channel.send('tx.commit');
  world.deliver();
  client.drop();
  await world.rest();
  t.equal(world.ended.length, 1);
  t.strictSame(world.log.defects, []);
});

void t.test('a queue that is deleted in the middle of a large commit is left out of the rest', async (t) => {
  const { world, client, queue, bystander } = await midCommit();
  bystander.send('queue.delete', { queue: 'q' });
  t.match(await client.lines(), [/^tx.commit-ok/]);
  t.equal(queue.isDeleted, true);
  t.strictSame(world.log.defects, []);
});

void t.test('unroutable mandatory messages come back at the commit, before commit-ok', async (t) => {
  const { client, channel } = await transactional();
  channel.publish('a', { routingKey: 'nowhere', mandatory: true });
  t.strictSame(await client.lines(), []);
  channel.send('tx.commit');
  t.match(await client.lines(), [/^basic.return/, /^content header/, /^body/, /^tx.commit-ok/]);
});

void t.test('a publish that cannot be is refused when it is sent', async () => {
  const { channel } = await transactional();
  channel.publish('a', { exchange: 'nope' });
  await channel.expectClosed(404, 'basic.publish', "NOT_FOUND - no exchange 'nope' in vhost '/'");
});

void t.test('a queue that is deleted before the commit is left out', async () => {
  const { channel, other } = await transactional();
  other.publish('a', { routingKey: 'q' });
  await channel.get({ queue: 'q' });
  channel.publish('b', { routingKey: 'q' });
  channel.send('basic.ack', { deliveryTag: 1 });
  await other.call('queue.delete', { queue: 'q' });
  await channel.call('tx.commit');
});

void t.test('a consumer has its credit back at the commit', async (t) => {
  const { client, channel, other } = await transactional();
  await channel.call('basic.qos', { prefetchCount: 1 });
  await channel.call('basic.consume', { queue: 'q', consumerTag: 'c' });
  for (const body of ['a', 'b']) other.publish(body, { routingKey: 'q' });
  await channel.expectDelivery({}, 'a');
  channel.send('basic.ack', { deliveryTag: 1 });
  t.strictSame(await client.lines(), []);
  await channel.call('tx.commit');
  await channel.expectDelivery({}, 'b');
});

void t.test('direct replies wait for no commit', async () => {
  const { channel, other } = await transactional();
  await other.call('basic.consume', { queue: 'amq.rabbitmq.reply-to', noAck: true, consumerTag: 'r' });
  other.publish('question', { routingKey: 'q', properties: { replyTo: 'amq.rabbitmq.reply-to' } });
  const { properties } = await channel.get({ queue: 'q', noAck: true }, {}, 'question');
  channel.publish('answer', { routingKey: properties.toString('latin1', 3, 3 + (properties[2] ?? 0)) });
  await other.expectDelivery({ consumerTag: 'r' }, 'answer');
});

const SMALL = { 'x-max-length': 1, 'x-overflow': 'reject-publish' };

for (const [mode, deliveryMode] of [
  ['transient', 1],
  ['persistent', 2],
] as const) {
  void t.test(`a commit of ${mode} messages does all but what a full queue refuses, and fails`, async (t) => {
    const { world, channel, other } = await transactional();
    await other.call('queue.declare', { queue: 'small', arguments: SMALL });
    other.publish('held', { routingKey: 'q' });
    await channel.get({ queue: 'q' }, {}, 'held');
    for (const routingKey of ['small', 'small', 'q']) {
      channel.publish(routingKey, { routingKey, properties: { deliveryMode } });
    }
    channel.send('basic.ack', { deliveryTag: 1 });
    channel.send('tx.commit');
    await channel.expectClosed(406, 'tx.commit', 'PRECONDITION_FAILED - partial tx completion');
    await other.holds('small', ['small']);
    await other.holds('q', ['q']);
    t.equal(world.broker.vhost('/')?.queue('q')?.unackedCount, 0);
  });
}

void t.test('a queue that refuses counts the octets of its transaction', async () => {
  const { channel, other } = await transactional();
  const limits = { 'x-max-length-bytes': 5, 'x-overflow': 'reject-publish' };
  await other.call('queue.declare', { queue: 'small', arguments: limits });
  for (const body of ['abc', 'def', 'g']) {
    channel.publish(body, { routingKey: 'small', properties: { deliveryMode: 2 } });
  }
  channel.send('tx.commit');
  await channel.expectClosed(406, 'tx.commit', 'PRECONDITION_FAILED - partial tx completion');
  await other.holds('small', ['abc', 'g']);
});

void t.test('a queue whose consumer waits refuses nothing of a transaction', async () => {
  const { channel, other } = await transactional();
  await other.call('queue.declare', { queue: 'small', arguments: SMALL });
  await other.call('basic.consume', { queue: 'small', consumerTag: 'c', noAck: true });
  for (const body of ['a', 'b', 'c']) {
    channel.publish(body, { routingKey: 'small', properties: { deliveryMode: 2 } });
  }
  await channel.call('tx.commit');
  for (const body of ['a', 'b', 'c']) await other.expectDelivery({}, body);
});

void t.test('a partial commit is told when everything else is safe', async (t) => {
  const messages = new SlowMessageStore();
  const { client, channel, other } = await transactional(messages);
  await other.call('queue.declare', { queue: 'small', arguments: SMALL });
  for (const body of ['a', 'b']) {
    channel.publish(body, { routingKey: 'small', properties: { deliveryMode: 2 } });
  }
  channel.send('tx.commit');
  t.strictSame(await client.lines(), []);
  messages.commit();
  t.match(await client.lines(), [/^channel.close/]);
});

void t.test('a mandatory message whose queues are gone at the commit comes back', async (t) => {
  for (const deliveryMode of [1, 2]) {
    const { client, channel, other } = await transactional();
    channel.publish('a', { routingKey: 'q', mandatory: true, properties: { deliveryMode } });
    await other.call('queue.delete', { queue: 'q' });
    channel.send('tx.commit');
    t.match(await client.lines(), [/^basic.return/, /^content header/, /^body/, /^tx.commit-ok/]);
  }
});

void t.test('tx and confirms exclude each other, and commit needs tx', async () => {
  const { channel, other } = await transactional();
  channel.send('confirm.select');
  await channel.expectClosed(
    406,
    'confirm.select',
    'PRECONDITION_FAILED - cannot switch from tx to confirm mode',
  );
  await other.call('confirm.select');
  other.send('tx.select');
  await other.expectClosed(406, 'tx.select', 'PRECONDITION_FAILED - cannot switch from confirm to tx mode');
  for (const method of ['tx.commit', 'tx.rollback'] as const) {
    other.send(method);
    await other.expectClosed(406, method, 'PRECONDITION_FAILED - channel is not transactional');
  }
});
