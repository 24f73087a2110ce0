import t from 'tap';
import { brokerError } from '../../lib/base/errors.js';
import { MemoryMetadataStore } from '../../lib/meta/memory-metadata-store.js';
import type { Change } from '../../lib/meta/metadata-store.js';
import { fromPlain } from '../../lib/wire/values.js';
import { methodPayload } from '../../interop-tests/conformance/raw-connection.js';
import { BrokerUnderTest } from '../support/broker-under-test.js';
import { contentBytes } from '../support/protocol-client.js';

/** Applies changes only when told to. */
class SlowMetadataStore extends MemoryMetadataStore {
  isSlow = false;
  #held: (() => void)[] = [];

  override async apply(changes: readonly Change[], absent?: readonly string[]): Promise<boolean> {
    if (this.isSlow) await new Promise<void>((resolve) => this.#held.push(resolve));
    return super.apply(changes, absent);
  }

  goOn(): void {
    for (const resolve of this.#held.splice(0)) resolve();
  }
}

async function slowWorld() {
  const metadata = new SlowMetadataStore();
  const world = await BrokerUnderTest.open({ metadata });
  return { metadata, world };
}

const names = (lines: readonly string[]): string[] =>
  lines.map((line) => line.split(' on channel')[0] as string);

void t.test('while a declaration is under way nothing that follows overtakes it', async (t) => {
  const { metadata, world } = await slowWorld();
  const client = await world.connect();
  const one = await client.channel(1);
  const two = await client.channel(2);
  metadata.isSlow = true;
  one.send('queue.declare', { queue: 'q' });
  one.publish('first', { routingKey: 'q' });
  two.send('basic.qos');
  two.send('queue.declare', { queue: 'q', passive: true });
  t.strictSame(await client.lines(), []);
  t.equal(client.transport.isPaused, true, 'the socket fills up meanwhile');
  metadata.goOn();
  t.strictSame(names(await client.lines()), ['queue.declare-ok', 'basic.qos-ok', 'queue.declare-ok']);
  t.equal(client.transport.isPaused, false);
});

void t.test('declarations in one chunk are done one after the other', async (t) => {
  const { metadata, world } = await slowWorld();
  const client = await world.connect();
  const channel = await client.channel(1);
  metadata.isSlow = true;
  for (const queue of ['a', 'b', 'c']) channel.send('queue.declare', { queue });
  for (const done of [1, 2, 3]) {
    t.equal(world.broker.vhost('/')?.queues.size, done - 1);
    await world.rest();
    metadata.goOn();
    await world.rest();
  }
  t.strictSame(names(await client.lines()), Array(3).fill('queue.declare-ok'));
});

void t.test('an error of a declaration is told before what follows is done', async (t) => {
  const { metadata, world } = await slowWorld();
  const client = await world.connect();
  const channel = await client.channel(1);
  metadata.isSlow = true;
  channel.send('queue.bind', { queue: 'nope', exchange: 'amq.direct' });
  channel.send('basic.qos');
  t.strictSame(names(await client.lines()), ['channel.close']);
});

void t.test('the client closes: close-ok, and then the end', async (t) => {
  const world = await BrokerUnderTest.open();
  const client = await world.connect();
  await client.channel(1);
  client.method(0, 'connection.close', { replyCode: 200 });
  t.strictSame(await client.lines(), ['connection.close-ok on channel 0 {}', 'end of the socket']);
  t.equal(client.transport.isPaused, false, 'so that the end of the other half is noticed');
  client.finish();
  await world.rest();
  t.equal(world.ended.length, 1);
});

void t.test('exclusive queues are gone when close-ok is sent', async (t) => {
  const { metadata, world } = await slowWorld();
  const client = await world.connect();
  const channel = await client.channel(1);
  await channel.call('queue.declare', { queue: 'mine', exclusive: true });
  await channel.call('queue.declare', { queue: 'ours' });
  metadata.isSlow = true;
  client.method(0, 'connection.close');
  t.strictSame(await client.lines(), []);
  metadata.goOn();
  t.match(await client.lines(), [/close-ok/, /end/]);
  t.strictSame([...(world.broker.vhost('/')?.queues.keys() ?? [])], ['ours']);
});

void t.test('exclusive queues go when the socket ends without a word', async (t) => {
  const world = await BrokerUnderTest.open();
  const client = await world.connect();
  const channel = await client.channel(1);
  await channel.call('queue.declare', { queue: 'mine', exclusive: true });
  client.drop();
  await world.rest();
  t.equal(world.broker.vhost('/')?.queues.size, 0);
  t.equal(world.ended.length, 1);
});

void t.test('an exclusive queue goes also if the client left before it was declared', async (t) => {
  const { metadata, world } = await slowWorld();
  const client = await world.connect();
  const channel = await client.channel(1);
  metadata.isSlow = true;
  channel.send('queue.declare', { queue: 'mine', exclusive: true });
  await world.rest();
  client.drop();
  await world.rest();
  t.equal(world.ended.length, 0);
  metadata.isSlow = false;
  metadata.goOn();
  await world.rest();
  t.equal(world.broker.vhost('/')?.queues.size, 0);
  t.equal(world.ended.length, 1);
});

void t.test('a client that does not end the socket after close-ok is dropped after 30 s', async (t) => {
  const world = await BrokerUnderTest.open();
  const client = await world.connect();
  client.method(0, 'connection.close');
  await world.advance(29_999);
  t.equal(client.ended, false);
  await world.advance(1);
  t.equal(client.ended, true);
  t.equal(world.ended.length, 1);
});

void t.test('the broker closes: the client answers, and the socket ends', async (t) => {
  const world = await BrokerUnderTest.open();
  const client = await world.connect({ heartbeat: 10 });
  client.connection.close(brokerError('shutdown'));
  t.match(await client.next(0), {
    name: 'connection.close',
    args: {
      replyCode: 320,
      replyText: "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'",
      classId: 0,
      methodId: 0,
    },
  });
  t.equal(client.transport.isEnded, false);
  client.method(0, 'connection.close-ok');
  await world.rest();
  t.equal(client.transport.isEnded, true);
});

void t.test('a client that does not answer the close is dropped after 30 s', async (t) => {
  const world = await BrokerUnderTest.open();
  const client = await world.connect({ heartbeat: 10 });
  client.connection.close(brokerError('shutdown'));
  client.connection.close(brokerError('shutdown'));
  await world.advance(29_999);
  t.equal(client.ended, false, 'also if it sends no heartbeats');
  await world.advance(1);
  t.equal(client.ended, true);
  t.strictSame(names(await client.lines()), ['connection.close', 'end of the socket'], 'told once');
});

void t.test('after its close the broker looks at close and close-ok only', async (t) => {
  const world = await BrokerUnderTest.open();
  const client = await world.connect();
  const channel = await client.channel(1);
  client.connection.close(brokerError('shutdown'));
  await client.next(0);
  channel.send('queue.declare', { queue: 'q' });
  channel.publish('x', { exchange: 'nope' });
  client.method(0, 'queue.declare');
  client.method(2, 'channel.open');
  client.frame(9, 0, Buffer.from('x'));
  client.frame(1, 0, Buffer.from([0]));
  client.frame(8, 3, Buffer.alloc(0));
  t.strictSame(await client.lines(), []);
  client.method(0, 'connection.close');
  t.strictSame(await client.lines(), ['connection.close-ok on channel 0 {}'], 'both closed at once');
  client.method(0, 'connection.close-ok');
  t.strictSame(await client.lines(), ['end of the socket']);
  t.equal(world.broker.vhost('/')?.queues.size, 0);
});

void t.test('the close is read also while publishers are blocked', async (t) => {
  const world = await BrokerUnderTest.open();
  const client = await world.connect();
  const channel = await client.channel(1);
  world.broker.alarms.set('disk', true);
  channel.publish('x');
  t.strictSame(await client.lines(), ['connection.blocked on channel 0 {"reason":"low on disk"}']);
  channel.send('basic.qos');
  t.strictSame(await client.lines(), []);
  client.connection.close(brokerError('shutdown'));
  t.match(await client.lines(), [/connection\.close /]);
  client.method(0, 'connection.close-ok');
  t.strictSame(await client.lines(), ['end of the socket']);
});

void t.test('connection.unblocked comes to those who were told that they were blocked', async (t) => {
  const world = await BrokerUnderTest.open();
  const publisher = await world.connect();
  const consumer = await world.connect();
  const old = await world.connect({ capabilities: {} });
  world.broker.alarms.set('memory', true);
  for (const client of [publisher, old]) {
    const channel = await client.channel(1);
    channel.publish('x', { routingKey: 'nowhere' });
  }
  t.match(await publisher.lines(), [/connection\.blocked .*low on memory/]);
  t.strictSame(await old.lines(), []);
  t.equal(old.transport.isPaused, true);
  t.equal(consumer.transport.isPaused, false);
  world.broker.alarms.set('disk', true);
  world.broker.alarms.set('memory', false);
  await world.rest();
  t.equal(publisher.transport.isPaused, true, 'one is enough');
  world.broker.alarms.set('disk', false);
  t.match(await publisher.lines(), [/connection\.unblocked/]);
  t.strictSame(await old.lines(), []);
  t.strictSame(await consumer.lines(), []);
  t.equal(old.transport.isPaused, false);
});

for (const [title, bytes] of [
  ['a bad frame end', Buffer.from([1, 0, 1, 0, 0, 0, 0, 0xcd])],
  ['a frame that is too large', Buffer.from([1, 0, 1, 0xff, 0xff, 0xff, 0xff])],
] as const) {
  void t.test(`after ${title} nothing more is read, and the socket ends soon`, async (t) => {
    const world = await BrokerUnderTest.open();
    const client = await world.connect();
    client.bytes(bytes);
    t.match(await client.next(0), {
      name: 'connection.close',
      args: { replyCode: 501, classId: 0, methodId: 0 },
    });
    client.method(0, 'connection.close');
    client.bytes(bytes);
    await world.advance(999);
    t.strictSame(await client.lines(), []);
    t.equal(client.ended, false, 'the client has a moment to read why');
    await world.advance(1);
    t.equal(client.ended, true);
    t.equal(world.log.failures.length, 1);
  });
}

void t.test('a bad frame after another error ends the socket soon too', async (t) => {
  const world = await BrokerUnderTest.open();
  const client = await world.connect();
  client.method(0, 'connection.open');
  t.match(await client.next(0), { name: 'connection.close', args: { replyCode: 504 } });
  client.bytes(Buffer.from([1, 0, 1, 0, 0, 0, 0, 0xcd]));
  await world.advance(1000);
  t.equal(client.ended, true);
});

void t.test('a new secret is taken, and changes nothing', async (t) => {
  const world = await BrokerUnderTest.open();
  const client = await world.connect();
  client.method(0, 'connection.update-secret', { newSecret: Buffer.from('s'), reason: 'renewal' });
  t.strictSame(await client.lines(), ['connection.update-secret-ok on channel 0 {}']);
});

void t.test(
  'a connection is named as RabbitMQ names it, and tells what its client said of itself',
  async (t) => {
    const world = await BrokerUnderTest.open();
    const client = await world.connect({ capabilities: { x: true } });
    t.equal(client.connection.name, '127.0.0.1:50000 -> 127.0.0.1:5672');
    t.strictSame(client.connection.clientProperties, fromPlain({ capabilities: { x: true } }));
  },
);

void t.test('a client that sends answers without reading them is not read any further', async (t) => {
  const world = await BrokerUnderTest.open();
  const client = await world.connect();
  const channel = await client.channel(1);
  await channel.call('queue.declare', { queue: 'q' });
  for (let i = 0; i < 40; i++) channel.publish(Buffer.alloc(1_000_000), { routingKey: 'q' });
  await world.rest();
  client.transport.hold();
  const gets = Array.from({ length: 40 }, () => frameOf('basic.get', { queue: 'q', noAck: true }));
  for (const get of gets) client.bytes(get);
  await world.rest();
  t.equal(client.transport.isPaused, true);
  t.ok(client.transport.pending < 20_000_000, `${client.transport.pending}`);
  t.ok(client.transport.unread > 0);
  client.transport.take();
  const received = await client.all();
  t.equal(client.transport.isPaused, false);
  t.equal(received.filter((one) => one.kind === 'method' && one.name === 'basic.get-ok').length, 40);
});

function frameOf(name: 'basic.get', args: object): Buffer {
  const payload = methodPayload(name, args);
  const head = Buffer.from([1, 0, 1, 0, 0, 0, payload.length]);
  return Buffer.concat([head, payload, Buffer.from([0xce])]);
}

void t.test('what was read late has the time of its reading', async (t) => {
  const { metadata, world } = await slowWorld();
  const client = await world.connect();
  const channel = await client.channel(1);
  await channel.call('queue.declare', { queue: 'q' });
  metadata.isSlow = true;
  client.bytes(
    Buffer.concat([
      Buffer.from([1, 0, 1, 0, 0, 0, methodPayload('queue.declare', { queue: 'other' }).length]),
      methodPayload('queue.declare', { queue: 'other' }),
      Buffer.from([0xce]),
      publishFrames('body', { expiration: '1000' }),
    ]),
  );
  await world.advance(5000);
  metadata.goOn();
  await world.advance(1);
  t.equal(world.broker.vhost('/')?.queue('q')?.messageCount, 1, 'it has not been waiting in the queue');
});

function publishFrames(body: string, properties: { expiration: string }): Buffer {
  const method = methodPayload('basic.publish', { routingKey: 'q' });
  const head = Buffer.from([1, 0, 1, 0, 0, 0, method.length]);
  return Buffer.concat([
    head,
    method,
    Buffer.from([0xce]),
    contentBytes(1, Buffer.from(body), properties, {}, 4088),
  ]);
}

void t.test(
  'an embedded broker that stops while a client is in the middle of its login ends it',
  async (t) => {
    const world = await BrokerUnderTest.open();
    const clients = [world.client(), world.client(), world.client()];
    clients[1]?.bytes(Buffer.from('AMQP\0\0\x09\x01'));
    await clients[2]?.logIn();
    await world.rest();
    for (const { connection } of clients) connection.close(brokerError('shutdown'));
    await world.rest();
    for (const client of clients)
      t.equal(client.transport.isEnded || client.connection.state === 'closing', true);
  },
);
