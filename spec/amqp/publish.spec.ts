import t from 'tap';
import { FRAME } from '../../lib/wire/constants.js';
import { Channel } from '../../interop-tests/conformance/channel.js';
import { frame, type Received } from '../../interop-tests/conformance/frames.js';
import {
  methodPayload,
  propertyBytes,
  type StepProperties,
} from '../../interop-tests/conformance/raw-connection.js';
import { BrokerUnderTest } from '../support/broker-under-test.js';
import { contentBytes, type ProtocolClient } from '../support/protocol-client.js';
import { SEED, SeededRandom } from '../wire/seeded-random.js';

t.comment(`WARRENMQ_SEED=${SEED}`);

const random = new SeededRandom(SEED);

/** A channel and a queue `q`. */
async function withQueue(queueArguments: object = {}) {
  const world = await BrokerUnderTest.open({ settings: { maxMessageSize: 300_000 } });
  const client = await world.connect();
  const channel = await client.channel(1);
  await channel.call('queue.declare', { queue: 'q', arguments: { ...queueArguments } });
  return { world, client, channel };
}

interface Sent {
  readonly properties: Buffer;
  readonly body: Buffer;
  /** Octets of body in a frame. */
  readonly slice: number;
}

const PROPERTIES: readonly StepProperties[] = [
  {},
  { deliveryMode: 1 },
  {
    contentType: '',
    contentEncoding: 'gzip',
    headers: { text: 'ü', nested: { list: [1, 2n ** 40n, null, true, 1.5], at: new Date(0) } },
    deliveryMode: 2,
    priority: 255,
    correlationId: 'c'.repeat(255),
    replyTo: 'r',
    expiration: '60000',
    messageId: 'm',
    timestamp: 2n ** 64n - 1n,
    type: 't',
    userId: 'guest',
    appId: 'a',
    clusterId: '',
  },
];

function anySent(): Sent {
  const slice = random.pick([1, 100, 4088, 131_064]);
  const size = Math.min(random.pick([0, 1, slice - 1, slice, slice + 1, 3 * slice, 5000]), 200_000);
  const properties = propertyBytes(random.pick(PROPERTIES));
  return { properties, body: random.bytes(slice === 1 ? Math.min(size, 200) : size), slice };
}

const bytesOf = ({ properties, body, slice }: Sent): Buffer =>
  Buffer.concat([
    frame(FRAME.method, 1, methodPayload('basic.publish', { routingKey: 'q' })),
    contentBytes(1, body, properties, {}, slice),
  ]);

/** Properties and body of each content, as hexadecimal digits. */
function contents(received: readonly Received[]): string[] {
  const found: string[] = [];
  for (const one of received) {
    if (one.kind === 'header') found.push(`${one.properties.toString('hex')} `);
    else if (one.kind === 'body') found[found.length - 1] += one.bytes.toString('hex');
  }
  return found;
}

async function delivered(
  client: ProtocolClient,
  channel: Channel<ProtocolClient>,
  chunks: readonly Buffer[],
) {
  for (const chunk of chunks) client.bytes(Buffer.from(chunk));
  await client.all();
  channel.send('basic.consume', { queue: 'q', consumerTag: 'c', noAck: true });
  const found = contents(await client.all());
  await channel.call('basic.cancel', { consumerTag: 'c' });
  return found;
}

void t.test('properties and body are delivered byte for byte, however the bytes were cut', async (t) => {
  const { client, channel } = await withQueue();
  for (let round = 0; round < 12; round++) {
    const sent = Array.from({ length: 12 }, anySent);
    const wanted = sent.map(
      ({ properties, body }) => `${properties.toString('hex')} ${body.toString('hex')}`,
    );
    const stream = Buffer.concat(sent.map(bytesOf));
    const longest = random.pick([200, 3000, 65_536]);
    const chunks: Buffer[] = [];
    for (let at = 0; at < stream.length; at += chunks.at(-1)?.length ?? 0)
      chunks.push(stream.subarray(at, at + 1 + random.below(longest)));
    t.ok((await delivered(client, channel, [stream])).join() === wanted.join(), 'in one chunk');
    t.ok((await delivered(client, channel, chunks)).join() === wanted.join(), `in ${chunks.length} chunks`);
  }
});

void t.test('single octets give the same messages as one chunk', async (t) => {
  const { client, channel } = await withQueue();
  const stream = Buffer.concat(
    PROPERTIES.map((p) => bytesOf({ properties: propertyBytes(p), body: random.bytes(50), slice: 20 })),
  );
  const octets = Array.from(stream, (octet) => Buffer.from([octet]));
  t.strictSame(await delivered(client, channel, octets), await delivered(client, channel, [stream]));
});

void t.test('a header table is delivered as it came, also in a form that nobody would write', async (t) => {
  const { client, channel } = await withQueue();
  // A key twice, a key that is not UTF-8, a boolean of 7, a short string of RabbitMQ's 's' (a 16-bit integer).
  const table = Buffer.from('\x01aI\0\0\0\x01\x01aI\0\0\0\x02\x02\xff\xfet\x07\x01ss\0\x05', 'latin1');
  const properties = Buffer.concat([Buffer.from([0x20, 0, 0, 0, 0, table.length]), table]);
  const sent = { properties, body: Buffer.from('x'), slice: 10 };
  t.strictSame(await delivered(client, channel, [bytesOf(sent)]), [`${properties.toString('hex')} 78`]);
});

void t.test('a routing key may be any bytes, and comes back', async (t) => {
  const { client } = await withQueue();
  const payload = Buffer.concat([Buffer.from([0, 60, 0, 40, 0, 0, 0, 3, 0xff, 0, 0xfe, 1])]);
  client.frame(FRAME.method, 1, payload);
  client.content(1, Buffer.from('x'));
  await client.all().then((received) => {
    t.match(received[0], { name: 'basic.return', args: { routingKey: '\udcff\0\udcfe' } });
  });
});

void t.test('the same key finds its way after every change of what it leads to', async (t) => {
  const { client, channel } = await withQueue();
  const send = async (): Promise<number> => {
    channel.publish('x', { exchange: 'amq.direct', routingKey: 'k', mandatory: true });
    const returned = (await client.all()).some((one) => one.kind === 'method' && one.name === 'basic.return');
    const { messageCount } = await channel.call('queue.purge', { queue: 'q' });
    return returned ? -1 : messageCount;
  };
  t.equal(await send(), -1);
  await channel.call('queue.bind', { queue: 'q', exchange: 'amq.direct', routingKey: 'k' });
  t.equal(await send(), 1);
  t.equal(await send(), 1);
  await channel.call('queue.unbind', { queue: 'q', exchange: 'amq.direct', routingKey: 'k' });
  t.equal(await send(), -1);
  await channel.call('queue.bind', { queue: 'q', exchange: 'amq.direct', routingKey: 'k' });
  await channel.call('queue.delete', { queue: 'q' });
  await channel.call('queue.declare', { queue: 'q' });
  t.equal(await send(), -1);
});

void t.test('permissions that are taken away hold for the next publish', async () => {
  const { world, channel } = await withQueue();
  channel.publish('one', { routingKey: 'q' });
  await world.rest();
  await world.users.setPermissions('guest', '/', { configure: '.*', write: '^$', read: '.*' });
  channel.publish('two', { routingKey: 'q' });
  const text = "ACCESS_REFUSED - access to exchange 'amq.default' in vhost '/' refused for user 'guest'";
  await channel.expectClosed(403, 'basic.publish', text);
  await channel.holds('q', ['one']);
});

void t.test('an exchange with a name that begins like the last one is another', async () => {
  const { channel } = await withQueue();
  channel.publish('1', { exchange: 'amq.direct', routingKey: 'q' });
  channel.publish('2', { exchange: 'amq.direc', routingKey: 'tq' });
  await channel.expectClosed(404, 'basic.publish', "NOT_FOUND - no exchange 'amq.direc' in vhost '/'");
});

void t.test('CC and BCC are further routing keys, and BCC is not delivered', async (t) => {
  const { client, channel } = await withQueue();
  for (const queue of ['b', 'c']) await channel.call('queue.declare', { queue });
  const headers = { CC: ['b', 'q', 'nope'], BCC: ['c', 'c'], x: 'kept' };
  channel.publish('x', { routingKey: 'q', properties: { headers, messageId: '1' } });
  await client.all();
  for (const queue of ['q', 'b', 'c']) {
    const message = await channel.get({ queue, noAck: true }, { routingKey: 'q', messageCount: 0 }, 'x');
    t.strictSame(message.headers, { CC: ['b', 'q', 'nope'], x: 'kept' });
  }
});

void t.test('faults are found in RabbitMQ’s order', async () => {
  const { channel } = await withQueue();
  const all: StepProperties = { userId: 'bob', expiration: 'soon', headers: { CC: 1 } };
  const cases: readonly (readonly [StepProperties, string | undefined, RegExp | string])[] = [
    [all, 'nope', "NOT_FOUND - no exchange 'nope' in vhost '/'"],
    [all, '', "PRECONDITION_FAILED - user_id property set to 'bob' but authenticated user was 'guest'"],
    [{ ...all, userId: 'guest' }, '', "PRECONDITION_FAILED - invalid expiration 'soon': no_integer"],
    [
      { ...all, userId: 'guest', expiration: '1' },
      '',
      'PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,"CC",signedint}',
    ],
  ];
  for (const [properties, exchange = '', text] of cases) {
    channel.publish('x', { exchange, routingKey: 'q', properties });
    await channel.expectClosed(
      String(text).startsWith('NOT_FOUND') ? 404 : 406,
      'basic.publish',
      String(text),
    );
  }
  const tooLarge = Buffer.alloc(300_001);
  channel.publish(tooLarge, { exchange: 'nope', properties: all });
  await channel.expectClosed(
    406,
    'basic.publish',
    'PRECONDITION_FAILED - message size 300001 is larger than configured max size 300000',
  );
  channel.publish(tooLarge, { exchange: 'nope', immediate: true });
  await channel.expectConnectionClosed(540, 'basic.publish', 'NOT_IMPLEMENTED - immediate=true');
});

void t.test('a message of exactly the largest size is taken', async () => {
  const { channel } = await withQueue();
  const body = Buffer.alloc(300_000, 'x');
  channel.publish(body, { routingKey: 'q' });
  await channel.get({ queue: 'q' }, {}, body.toString());
});

for (const [title, expiration, text] of [
  ['', '', "'': no_integer"],
  ['a word', 'abc', "'abc': no_integer"],
  ['a negative number', '-1', "'-1': {value_negative,-1}"],
  ['a fraction', '1.5', '\'1.5\': {leftover_string,".5"}'],
  ['a space', ' 1', "' 1': no_integer"],
  ['a trailing space', '1 ', '\'1 \': {leftover_string," "}'],
  ['more than ten years', '315360000001', "'315360000001': {value_too_large,315360000001}"],
  ['a hexadecimal number', '0x1', '\'0x1\': {leftover_string,"x1"}'],
] as const) {
  void t.test(`an expiration that is ${title || 'empty'} is refused`, async () => {
    const { channel } = await withQueue();
    channel.publish('x', { routingKey: 'q', properties: { expiration } });
    await channel.expectClosed(406, 'basic.publish', `PRECONDITION_FAILED - invalid expiration ${text}`);
  });
}

for (const expiration of ['0', '00012', '+5', '315360000000']) {
  void t.test(`an expiration of ${expiration} is taken`, async (t) => {
    const { client, channel } = await withQueue();
    channel.publish('x', { routingKey: 'q', properties: { expiration } });
    t.strictSame(await client.lines(), []);
  });
}

for (const [title, properties] of [
  ['flags that are cut off', Buffer.from([0x80])],
  ['no flags', Buffer.alloc(0)],
  ['a property that is cut off', Buffer.from([0x80, 0, 5, 0x61])],
  ['bytes after the last property', Buffer.from([0x10, 0, 2, 0])],
  ['a header table that is longer than its frame', Buffer.from([0x20, 0, 0, 0, 0, 9, 1])],
  ['a header of an unknown type', Buffer.from([0x20, 0, 0, 0, 0, 3, 1, 0x61, 0x3f])],
] as const) {
  void t.test(`a content header with ${title} closes the connection with 541`, async () => {
    const { channel } = await withQueue();
    channel.publish('x', { routingKey: 'q', properties });
    await channel.expectConnectionClosed(541, 'none', 'INTERNAL_ERROR');
  });
}

void t.test('a message is not confirmed, returned or kept when its publish is cut off', async (t) => {
  const { world, client, channel } = await withQueue();
  channel.send('basic.publish', { routingKey: 'q', mandatory: true });
  client.content(1, Buffer.from('half'), {}, { bodySize: 5n });
  await client.all();
  client.drop();
  await world.rest();
  t.equal(world.broker.vhost('/')?.queue('q')?.messageCount, 0);
  t.strictSame(world.log.defects, []);
});
