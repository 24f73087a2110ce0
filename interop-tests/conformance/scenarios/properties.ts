import { Channel } from '../channel.js';
import { same } from '../expectation.js';
import {
  binary,
  byte,
  decimal,
  double,
  float,
  long,
  short,
  timestamp,
  unsignedByte,
  unsignedInt,
  unsignedShort,
} from '../fields.js';
import type { StepProperties } from '../raw-connection.js';
import { scenario } from '../scenario.js';

/** Each property alone, then all of them: bytes in are bytes out. */
const EACH: Record<string, StepProperties> = {
  'content-type': { contentType: 'application/json' },
  'content-encoding': { contentEncoding: 'gzip' },
  headers: { headers: { a: 1 } },
  'empty headers': { headers: {} },
  'delivery-mode 1': { deliveryMode: 1 },
  'delivery-mode 2': { deliveryMode: 2 },
  priority: { priority: 200 },
  'correlation-id': { correlationId: 'é✓' },
  'reply-to': { replyTo: 'somewhere' },
  expiration: { expiration: '3600000' },
  'message-id': { messageId: 'm'.repeat(255) },
  timestamp: { timestamp: 2n ** 63n + 5n },
  type: { type: 'order' },
  'app-id': { appId: 'app' },
  'cluster-id': { clusterId: 'cluster' },
};

const ALL: StepProperties = Object.assign({}, ...Object.values(EACH));

for (const [name, properties] of Object.entries({ ...EACH, 'all properties': ALL, 'no property': {} })) {
  scenario(`a message with ${name} is delivered byte for byte`, async (s) => {
    const channel = await s.channel();
    const queue = await s.queue(channel);
    channel.publish('body', { routingKey: queue, properties });
    channel.publish('body', { routingKey: queue, properties });
    Channel.sameProperties(await channel.get({ queue, noAck: true }, {}, 'body'), properties);
    await channel.call('basic.consume', { queue, noAck: true, consumerTag: 'c' });
    Channel.sameProperties(await channel.expectDelivery({ consumerTag: 'c' }, 'body'), properties);
  });
}

scenario('headers of every type are delivered byte for byte', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  const headers = {
    bool: true,
    byte: byte(-5),
    unsignedByte: unsignedByte(250),
    short: short(-300),
    unsignedShort: unsignedShort(60_000),
    int: -70_000,
    unsignedInt: unsignedInt(4_000_000_000),
    long: long(-(2n ** 62n)),
    float: float(1.5),
    double: double(-2.25),
    decimal: decimal(2, 12_345),
    text: 'text ✓',
    binary: binary('\0\x01'),
    array: [1, 'two', null, [true], { three: 3 }],
    timestamp: timestamp(1_700_000_000n),
    table: { inner: { deep: [1, 2, 3] } },
    void: null,
  };
  channel.publish('body', { routingKey: queue, properties: { headers } });
  Channel.sameProperties(await channel.get({ queue, noAck: true }, {}, 'body'), { headers });
});

scenario('header text that is not UTF-8 is delivered byte for byte', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  const bytes = Buffer.from('200000000009016153000000026fff', 'hex');
  bytes.writeUInt32BE(bytes.length - 6, 2);
  channel.publish('body', { routingKey: queue, properties: bytes });
  Channel.sameProperties(await channel.get({ queue, noAck: true }, {}, 'body'), bytes);
});

scenario('an empty body is delivered without a body frame', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('', { routingKey: queue });
  const message = await channel.get({ queue, noAck: true });
  same('bytes', message.bytes.length, 0);
  await channel.quiet();
});

scenario('a body of exactly one frame is delivered whole', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  for (const size of [131_063, 131_064, 131_065]) {
    channel.publish(Buffer.alloc(size, size & 0xff), { routingKey: queue });
    const message = await channel.get({ queue, noAck: true });
    same('body', message.bytes.equals(Buffer.alloc(size, size & 0xff)), true);
  }
});
