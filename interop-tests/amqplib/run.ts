/** The common checks with amqplib's promise API. */
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import amqp, {
  type ChannelModel,
  type ConsumeMessage,
  type Message,
  type RecoveringChannelModel,
} from 'amqplib';
import { eventually } from '../../spec/support/eventually.js';
import {
  at,
  BROKER_URL,
  bigBody,
  includes,
  MESSAGES,
  manyBodies,
  PREFIX,
  refused,
  remark,
  restartBroker,
  runChecks,
  Skip,
  urlWithBadPassword,
} from '../support/interop.js';
import { body, closesChannel, drain, get, holds, ownQueue, withChannel, withConnection } from './channels.js';

async function connect(): Promise<void> {
  await withConnection(async ({ connection }) => {
    const { product, version, capabilities } = connection.serverProperties;
    remark(`server ${product} ${version}`);
    includes(capabilities, { publisher_confirms: true, consumer_cancel_notify: true, 'basic.nack': true });
  });
  await refused(amqp.connect(urlWithBadPassword()), ({ message }) => {
    assert.match(message, /403 \(ACCESS-REFUSED\) with message "ACCESS_REFUSED - Login was refused/);
  });
}

const declare = () =>
  withChannel(async (channel, connection) => {
    const [direct, topic, fanout, headers] = ['direct', 'topic', 'fanout', 'headers'].map(
      (kind) => PREFIX + kind,
    );
    assert.ok(direct && topic && fanout && headers);
    const transient = { autoDelete: true, durable: false };
    await channel.assertExchange(direct, 'direct', transient);
    await channel.assertExchange(topic, 'topic', transient);
    await channel.assertExchange(fanout, 'fanout', transient);
    await channel.assertExchange(headers, 'headers', transient);
    const one = await ownQueue(channel, 'one');
    const two = await ownQueue(channel, 'two');
    const three = await ownQueue(channel, 'three');
    await channel.bindQueue(one, topic, 'a.*.c');
    await channel.bindQueue(two, topic, 'a.#');
    await channel.bindQueue(three, headers, '', { 'x-match': 'all', kind: 'order', size: 3 });
    await channel.bindQueue(three, direct, 'to three');
    await channel.bindQueue(one, fanout, '');
    await channel.bindExchange(fanout, direct, 'to fanout');
    channel.publish(topic, 'a.b.c', Buffer.from('both'));
    channel.publish(topic, 'a', Buffer.from('only two'));
    channel.publish(direct, 'to fanout', Buffer.from('through two exchanges'));
    channel.publish(direct, 'to three', Buffer.from('direct'));
    channel.publish(headers, '', Buffer.from('matched'), { headers: { kind: 'order', size: 3, more: 1 } });
    channel.publish(headers, '', Buffer.from('unmatched'), { headers: { kind: 'order', size: 4 } });
    assert.deepEqual(await drain(channel, one), ['both', 'through two exchanges']);
    assert.deepEqual(await drain(channel, two), ['both', 'only two']);
    assert.deepEqual(await drain(channel, three), ['direct', 'matched']);
    await channel.unbindQueue(two, topic, 'a.#');
    channel.publish(topic, 'a.b.c', Buffer.from('after unbind'));
    assert.deepEqual(await drain(channel, one), ['after unbind']);
    assert.deepEqual(await drain(channel, two), []);
    await closesChannel(connection, 404, `NOT_FOUND - no queue '${PREFIX}missing'`, (other) =>
      other.checkQueue(`${PREFIX}missing`),
    );
    await closesChannel(connection, 406, "PRECONDITION_FAILED - inequivalent arg 'auto_delete'", (other) =>
      other.assertQueue(one, { exclusive: true, durable: false, autoDelete: true }),
    );
    assert.match((await channel.assertQueue('', { exclusive: true })).queue, /^amq\.gen-/);
    channel.sendToQueue(two, Buffer.from('left'));
    assert.equal((await channel.deleteQueue(two)).messageCount, 1);
  });

const tenThousand = () =>
  withChannel(async (channel, connection) => {
    const queue = await ownQueue(channel, 'many');
    for (const text of manyBodies()) channel.sendToQueue(queue, Buffer.from(text));
    await channel.prefetch(500);
    const seen: string[] = [];
    const receive = (message: ConsumeMessage | null) => {
      assert.ok(message !== null && !message.fields.redelivered);
      seen.push(body(message));
      channel.ack(message);
    };
    const { consumerTag } = await channel.consume(queue, receive);
    await eventually(`${MESSAGES} messages`, () => seen.length >= MESSAGES, 60_000);
    await channel.cancel(consumerTag);
    assert.deepEqual(seen, manyBodies());
    await channel.close();
    await holds(await connection.createChannel(), queue, 0);
  });

const confirms = () =>
  withConnection(async (connection) => {
    const channel = await connection.createConfirmChannel();
    const queue = await ownQueue(channel, 'confirmed');
    let acked = 0;
    for (let index = 0; index < 1_000; index += 1) {
      channel.sendToQueue(queue, Buffer.from(String(index)), { persistent: true }, (error) => {
        if (error === null) acked += 1;
      });
    }
    await channel.waitForConfirms();
    assert.equal(acked, 1_000);
    await holds(channel, queue, 1_000);
  });

const returns = () =>
  withConnection(async (connection) => {
    const channel = await connection.createConfirmChannel();
    const returned: Message[] = [];
    channel.on('return', (message: Message) => returned.push(message));
    const queue = await ownQueue(channel, 'returns');
    channel.sendToQueue(queue, Buffer.from('routed'), { mandatory: true });
    channel.sendToQueue(`${PREFIX}nobody`, Buffer.from('unroutable'), { mandatory: true, messageId: 'm1' });
    await channel.waitForConfirms();
    // Nothing to wait for: a return comes before the confirm.
    assert.equal(returned.length, 1);
    const message = at(returned, 0);
    includes(message.fields, {
      replyCode: 312,
      replyText: 'NO_ROUTE',
      exchange: '',
      routingKey: `${PREFIX}nobody`,
    });
    assert.deepEqual([body(message), message.properties.messageId], ['unroutable', 'm1']);
    assert.deepEqual(await drain(channel, queue), ['routed']);
  });

const requeue = () =>
  withChannel(async (channel) => {
    const queue = await ownQueue(channel, 'requeue');
    for (const text of ['a', 'b', 'c']) channel.sendToQueue(queue, Buffer.from(text));
    const first = await get(channel, queue);
    assert.deepEqual([body(first), first.fields.redelivered, first.fields.messageCount], ['a', false, 2]);
    channel.reject(first, true);
    const again = await get(channel, queue);
    assert.deepEqual([body(again), again.fields.redelivered], ['a', true]);
    channel.ack(again);
    assert.equal(body(await get(channel, queue)), 'b');
    channel.nack(await get(channel, queue), true, true);
    const [b, c] = [await get(channel, queue), await get(channel, queue)];
    assert.deepEqual([body(b), b.fields.redelivered, body(c), c.fields.redelivered], ['b', true, 'c', true]);
    await channel.recover();
    assert.equal(body(await get(channel, queue)), 'b');
    channel.ackAll();
    channel.reject(await get(channel, queue), false);
    assert.equal(await channel.get(queue), false);
  });

const qos = () =>
  withChannel(async (channel) => {
    const queue = await ownQueue(channel, 'qos');
    for (let index = 0; index < 10; index += 1) channel.sendToQueue(queue, Buffer.from(String(index)));
    await channel.prefetch(3);
    const got: ConsumeMessage[] = [];
    await channel.consume(queue, (message) => message !== null && got.push(message));
    const delivered = async (count: number) => {
      await eventually(`${count} deliveries`, () => got.length >= count);
      await holds(channel, queue, 10 - count);
      assert.equal(got.length, count);
      return at(got, count - 1);
    };
    await delivered(3);
    channel.ack(at(got, 0));
    channel.ack(await delivered(4), true);
    await delivered(7);
    assert.deepEqual(got.map(body), ['0', '1', '2', '3', '4', '5', '6']);
  });

/** amqplib's way to choose a type that it would not choose itself. */
const typed = (type: string, value: unknown) => ({ '!': type, value });

const headers = () =>
  withChannel(async (channel) => {
    const sent = {
      string: 'Grüße, 世界',
      empty: '',
      long: 'x'.repeat(10_000),
      bytes: Buffer.from([0, 255, 128]),
      true: true,
      false: false,
      byte: -128,
      short: -32_768,
      int: -2_147_483_648,
      long64: -9_007_199_254_740_991,
      double: 2.718281828459045e-100,
      timestamp: typed('timestamp', 4_102_444_800),
      decimal: typed('decimal', { places: 3, digits: 12_345 }),
      null: null,
      array: ['one', 2, null, [true, { deep: 'er' }]],
      table: { inner: { innermost: 1 }, empty: {} },
    };
    const asTyped = {
      uint8: typed('uint8', 255),
      uint16: typed('uint16', 65_535),
      uint32: typed('uint32', 4_294_967_295),
      float: typed('float', 1.5),
    };
    const properties = {
      contentType: 'application/octet-stream',
      contentEncoding: 'identity',
      deliveryMode: 2,
      priority: 7,
      correlationId: 'correlation',
      replyTo: 'reply to',
      expiration: '3600000',
      messageId: 'message',
      timestamp: 1_700_000_000,
      type: 'type',
      userId: new URL(BROKER_URL).username,
      appId: 'app',
    };
    const queue = await ownQueue(channel, 'headers');
    channel.sendToQueue(queue, Buffer.from('body'), { ...properties, headers: { ...sent, ...asTyped } });
    const received = (await get(channel, queue)).properties;
    const plain = { uint8: 255, uint16: 65_535, uint32: 4_294_967_295, float: 1.5 };
    assert.deepEqual(received.headers, { ...sent, ...plain });
    assert.deepEqual(
      { ...received, headers: undefined },
      { ...properties, headers: undefined, clusterId: undefined },
    );
  });

const fiveMb = () =>
  withChannel(async (channel) => {
    const queue = await ownQueue(channel, 'big');
    channel.sendToQueue(queue, bigBody());
    channel.sendToQueue(queue, Buffer.alloc(0));
    assert.ok((await get(channel, queue)).content.equals(bigBody()), 'the body came back changed');
    assert.equal((await get(channel, queue)).content.length, 0);
  });

const exclusive = () =>
  withConnection(async (other) => {
    const mine = await amqp.connect(BROKER_URL);
    const channel = await mine.createChannel();
    const queue = await ownQueue(channel, 'exclusive');
    const locked = 'RESOURCE_LOCKED - cannot obtain exclusive access to locked queue';
    await closesChannel(other, 405, locked, (ch) =>
      ch.assertQueue(queue, { exclusive: true, durable: false }),
    );
    await closesChannel(other, 405, locked, (ch) => ch.consume(queue, () => {}));
    assert.equal((await channel.checkQueue(queue)).messageCount, 0);
    await mine.close();
    await eventually('the queue goes with its connection', async () => {
      const probe = await other.createChannel();
      const closed = once(probe, 'error');
      await refused(probe.checkQueue(queue), () => {});
      const [error] = await closed;
      return error.code === 404;
    });
  });

const DURABLE = `${PREFIX}durable`;
/** amqplib's own recovery: a connection that comes back by itself and sets itself up again. */
let recovering: RecoveringChannelModel | undefined;

async function reconnect(): Promise<void> {
  await withConnection(async (connection) => {
    const channel = await connection.createConfirmChannel();
    await channel.assertExchange(DURABLE, 'fanout');
    await channel.assertQueue(DURABLE);
    await channel.bindQueue(DURABLE, DURABLE, '');
    channel.publish(DURABLE, '', Buffer.from('kept'), { persistent: true, headers: { n: 1 } });
    await channel.waitForConfirms();
  });
  const got: string[] = [];
  const setup = async (model: ChannelModel) => {
    const channel = await model.createChannel();
    const queue = await ownQueue(channel, 'after');
    await channel.consume(queue, (message) => message !== null && got.push(body(message)), { noAck: true });
  };
  recovering = await amqp.connect(BROKER_URL, { recovery: { maxDelay: 500, setup } });
  recovering.on('error', (error: Error) => remark(`connection error: ${error.message}`));
  let disconnects = 0;
  recovering.on('disconnect', () => disconnects++);
  await restartBroker();
  await eventually('the end of the old connection', () => disconnects > 0);
  const channel = await recovering.createChannel();
  channel.sendToQueue(`${PREFIX}after`, Buffer.from('after the restart'));
  await eventually('a message through the recovered connection', () => got.length > 0);
  assert.deepEqual(got, ['after the restart']);
}

async function durable(): Promise<void> {
  assert.ok(recovering, 'there is no recovered connection');
  const channel = await recovering.createChannel();
  try {
    await channel.checkExchange(DURABLE);
    channel.publish(DURABLE, '', Buffer.from('through the old binding'));
    const message = await get(channel, DURABLE);
    assert.deepEqual([body(message), message.fields.redelivered], ['kept', false]);
    assert.deepEqual([message.properties.deliveryMode, message.properties.headers], [2, { n: 1 }]);
    assert.equal(body(await get(channel, DURABLE)), 'through the old binding');
  } finally {
    const clean = await recovering.createChannel();
    await clean.deleteQueue(DURABLE);
    await clean.deleteExchange(DURABLE);
    await recovering.close();
  }
}

const rpc = () =>
  withConnection(async (connection) => {
    const server = await connection.createChannel();
    const client = await connection.createChannel();
    const queue = await ownQueue(server, 'rpc');
    const serve = (question: ConsumeMessage | null) => {
      const { replyTo, correlationId } = question?.properties ?? {};
      assert.match(String(replyTo), /^amq\.rabbitmq\.reply-to\./);
      server.sendToQueue(String(replyTo), Buffer.from(`answer to ${question?.content.toString()}`), {
        correlationId,
      });
    };
    await server.consume(queue, serve, { noAck: true });
    const replies = new Map<string, string>();
    const collect = (answer: ConsumeMessage | null) => {
      if (answer !== null) replies.set(String(answer.properties.correlationId), body(answer));
    };
    await client.consume('amq.rabbitmq.reply-to', collect, { noAck: true });
    const numbers = Array.from({ length: 50 }, (_, index) => String(index));
    for (const number of numbers) {
      client.sendToQueue(queue, Buffer.from(number), {
        replyTo: 'amq.rabbitmq.reply-to',
        correlationId: number,
      });
    }
    await eventually('50 replies', () => replies.size >= 50);
    assert.deepEqual(replies, new Map(numbers.map((number) => [number, `answer to ${number}`])));
  });

async function tx(): Promise<void> {
  throw new Skip('amqplib has no tx methods');
}

await runChecks([
  connect,
  declare,
  tenThousand,
  confirms,
  returns,
  requeue,
  qos,
  headers,
  fiveMb,
  tx,
  exclusive,
  reconnect,
  durable,
  rpc,
]);
