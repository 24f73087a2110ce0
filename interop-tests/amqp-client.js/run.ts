/** The common checks with CloudAMQP's amqp-client.js. */
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { type AMQPMessage, AMQPSession } from '@cloudamqp/amqp-client';
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
  restartBroker,
  runChecks,
  urlWithBadPassword,
} from '../support/interop.js';
import {
  closesChannel,
  drain,
  get,
  holds,
  ownQueue,
  newClient,
  withChannel,
  withConnection,
} from './channels.js';

async function connect(): Promise<void> {
  await withConnection(async (connection) => {
    assert.equal(connection.closed, false);
    assert.ok(connection.channelMax > 0 && connection.frameMax >= 8192);
  });
  await refused(newClient(urlWithBadPassword()).connect(), ({ message }) => {
    assert.match(message, /ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN.*\(403\)/);
  });
}

const declare = () =>
  withChannel(async (channel, connection) => {
    const exchanges = { direct: '', topic: '', fanout: '', headers: '' };
    for (const kind of ['direct', 'topic', 'fanout', 'headers'] as const) {
      exchanges[kind] = PREFIX + kind;
      await channel.exchangeDeclare(exchanges[kind], kind, { autoDelete: true, durable: false });
    }
    const { direct, topic, fanout, headers: byHeaders } = exchanges;
    const one = await ownQueue(channel, 'one');
    const two = await ownQueue(channel, 'two');
    const three = await ownQueue(channel, 'three');
    await channel.queueBind(one, topic, 'a.*.c');
    await channel.queueBind(two, topic, 'a.#');
    await channel.queueBind(three, byHeaders, '', { 'x-match': 'all', kind: 'order', size: 3 });
    await channel.queueBind(three, direct, 'to three');
    await channel.queueBind(one, fanout, '');
    await channel.exchangeBind(fanout, direct, 'to fanout');
    await channel.basicPublish(topic, 'a.b.c', 'both');
    await channel.basicPublish(topic, 'a', 'only two');
    await channel.basicPublish(direct, 'to fanout', 'through two exchanges');
    await channel.basicPublish(direct, 'to three', 'direct');
    await channel.basicPublish(byHeaders, '', 'matched', { headers: { kind: 'order', size: 3, more: 1 } });
    await channel.basicPublish(byHeaders, '', 'unmatched', { headers: { kind: 'order', size: 4 } });
    assert.deepEqual(await drain(channel, one), ['both', 'through two exchanges']);
    assert.deepEqual(await drain(channel, two), ['both', 'only two']);
    assert.deepEqual(await drain(channel, three), ['direct', 'matched']);
    await channel.queueUnbind(two, topic, 'a.#');
    await channel.basicPublish(topic, 'a.b.c', 'after unbind');
    assert.deepEqual(await drain(channel, one), ['after unbind']);
    assert.deepEqual(await drain(channel, two), []);
    await closesChannel(connection, 404, `NOT_FOUND - no queue '${PREFIX}missing'`, (other) =>
      other.queueDeclare(`${PREFIX}missing`, { passive: true }),
    );
    await closesChannel(connection, 406, "PRECONDITION_FAILED - inequivalent arg 'auto_delete'", (other) =>
      other.queueDeclare(one, { exclusive: true, durable: false, autoDelete: true }),
    );
    assert.match((await channel.queueDeclare('', { exclusive: true })).name, /^amq\.gen-/);
    await channel.basicPublish('', two, 'left');
    assert.equal((await channel.queueDelete(two)).messageCount, 1);
  });

const tenThousand = () =>
  withChannel(async (channel, connection) => {
    const queue = await ownQueue(channel, 'many');
    for (const text of manyBodies()) await channel.basicPublish('', queue, text);
    await channel.prefetch(500);
    const seen: (string | null)[] = [];
    const consumer = await channel.basicConsume(queue, { noAck: false }, async (message) => {
      assert.equal(message.redelivered, false);
      seen.push(message.bodyString());
      await message.ack();
    });
    await eventually(`${MESSAGES} messages`, () => seen.length >= MESSAGES, 60_000);
    await consumer.cancel();
    assert.deepEqual(seen, manyBodies());
    await channel.close();
    await holds(await connection.channel(), queue, 0);
  });

const confirms = () =>
  withChannel(async (channel) => {
    const queue = await ownQueue(channel, 'confirmed');
    await channel.confirmSelect();
    const numbers = Array.from({ length: 1_000 }, (_, index) => index);
    const tags = numbers.map((number) =>
      channel.basicPublish('', queue, String(number), { deliveryMode: 2 }),
    );
    assert.deepEqual(
      await Promise.all(tags),
      numbers.map((number) => number + 1),
    );
    await holds(channel, queue, 1_000);
  });

const returns = () =>
  withChannel(async (channel) => {
    const queue = await ownQueue(channel, 'returns');
    const returned: AMQPMessage[] = [];
    channel.onReturn = (message) => returned.push(message);
    await channel.confirmSelect();
    await channel.basicPublish('', queue, 'routed', {}, true);
    await channel.basicPublish('', `${PREFIX}nobody`, 'unroutable', { messageId: 'm1' }, true);
    // Nothing to wait for: a return comes before the confirm.
    assert.equal(returned.length, 1);
    const message = at(returned, 0);
    includes(message, { replyCode: 312, replyText: 'NO_ROUTE', exchange: '', routingKey: `${PREFIX}nobody` });
    assert.deepEqual([message.bodyString(), message.properties.messageId], ['unroutable', 'm1']);
    assert.deepEqual(await drain(channel, queue), ['routed']);
  });

const requeue = () =>
  withChannel(async (channel) => {
    const queue = await ownQueue(channel, 'requeue');
    for (const text of ['a', 'b', 'c']) await channel.basicPublish('', queue, text);
    const first = await get(channel, queue);
    assert.deepEqual([first.bodyString(), first.redelivered, first.messageCount], ['a', false, 2]);
    await first.reject(true);
    const again = await get(channel, queue);
    assert.deepEqual([again.bodyString(), again.redelivered], ['a', true]);
    await again.ack();
    assert.equal((await get(channel, queue)).bodyString(), 'b');
    await (await get(channel, queue)).nack(true, true);
    const [b, c] = [await get(channel, queue), await get(channel, queue)];
    assert.deepEqual([b.bodyString(), b.redelivered, c.bodyString(), c.redelivered], ['b', true, 'c', true]);
    await channel.basicRecover(true);
    assert.equal((await get(channel, queue)).bodyString(), 'b');
    await (await get(channel, queue)).ack(true);
    assert.equal(await channel.basicGet(queue), null);
  });

const qos = () =>
  withChannel(async (channel) => {
    const queue = await ownQueue(channel, 'qos');
    for (let index = 0; index < 10; index += 1) await channel.basicPublish('', queue, String(index));
    await channel.prefetch(3);
    const got: AMQPMessage[] = [];
    await channel.basicConsume(queue, { noAck: false }, (message) => {
      got.push(message);
    });
    const delivered = async (count: number) => {
      await eventually(`${count} deliveries`, () => got.length >= count);
      await holds(channel, queue, 10 - count);
      assert.equal(got.length, count);
      return at(got, count - 1);
    };
    await delivered(3);
    await at(got, 0).ack();
    await (await delivered(4)).ack(true);
    await delivered(7);
    assert.deepEqual(
      got.map((message) => message.bodyString()),
      ['0', '1', '2', '3', '4', '5', '6'],
    );
  });

const headers = () =>
  withChannel(async (channel) => {
    const sent = {
      string: 'Grüße, 世界',
      empty: '',
      // amqp-client.js writes properties into 4 KiB.
      long: 'x'.repeat(3_000),
      bytes: new Uint8Array([0, 255, 128]),
      true: true,
      false: false,
      int: -2_147_483_648,
      long64: -9_007_199_254_740_991,
      float: 1.5,
      double: 1_099_511_627_776.5,
      date: new Date('2100-01-01T00:00:00Z'),
      null: null,
      array: ['one', 2, null, [true, { deep: 'er' }]],
      table: { inner: { innermost: 1 }, empty: {} },
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
      timestamp: new Date(1_700_000_000_000),
      type: 'type',
      userId: new URL(BROKER_URL).username,
      appId: 'app',
      headers: sent,
    };
    const queue = await ownQueue(channel, 'headers');
    await channel.basicPublish('', queue, 'body', properties);
    const received = (await get(channel, queue)).properties;
    assert.deepEqual(received, properties);
  });

const fiveMb = () =>
  withChannel(async (channel) => {
    const queue = await ownQueue(channel, 'big');
    await channel.basicPublish('', queue, bigBody());
    await channel.basicPublish('', queue, '');
    const { body, bodySize } = await get(channel, queue);
    assert.ok(body instanceof Uint8Array && bodySize === body.length);
    assert.ok(bigBody().equals(body), 'the body came back changed');
    assert.equal((await get(channel, queue)).bodySize, 0);
  });

const tx = () =>
  withChannel(async (channel, connection) => {
    const other = await connection.channel();
    const queue = await ownQueue(channel, 'tx');
    await channel.txSelect();
    await channel.basicPublish('', queue, 'a');
    await channel.basicPublish('', queue, 'b');
    await holds(other, queue, 0);
    await channel.txCommit();
    await holds(other, queue, 2);
    await channel.basicPublish('', queue, 'c');
    await channel.txRollback();
    await holds(other, queue, 2);
    const { deliveryTag } = await get(channel, queue);
    await channel.basicAck(deliveryTag);
    await channel.txRollback();
    await channel.basicAck(deliveryTag);
    await channel.txCommit();
    await (await get(channel, queue)).ack();
    await channel.txRollback();
    await channel.close();
    await holds(other, queue, 1);
    const back = await get(other, queue);
    assert.deepEqual([back.bodyString(), back.redelivered], ['b', true]);
  });

const exclusive = () =>
  withConnection(async (other) => {
    const mine = await newClient(BROKER_URL).connect();
    const channel = await mine.channel();
    const queue = await ownQueue(channel, 'exclusive');
    const locked = 'RESOURCE_LOCKED - cannot obtain exclusive access to locked queue';
    const params = { exclusive: true, durable: false };
    await closesChannel(other, 405, locked, (ch) => ch.queueDeclare(queue, params));
    await closesChannel(other, 405, locked, (ch) => ch.basicConsume(queue, {}, () => {}));
    assert.equal((await channel.queueDeclare(queue, { passive: true })).messageCount, 0);
    await mine.close();
    await eventually('the queue goes with its connection', async () => {
      const probe = (await other.channel()).queueDeclare(queue, { passive: true });
      return probe.then(
        () => false,
        (error: Error) => error.message.includes('NOT_FOUND'),
      );
    });
  });

const DURABLE = `${PREFIX}durable`;

async function reconnect(): Promise<void> {
  await withChannel(async (channel) => {
    await channel.exchangeDeclare(DURABLE, 'fanout', { durable: true });
    await channel.queueDeclare(DURABLE, { durable: true });
    await channel.queueBind(DURABLE, DURABLE, '');
    await channel.confirmSelect();
    await channel.basicPublish(DURABLE, '', 'kept', { deliveryMode: 2, headers: { n: 1 } });
  });
  // A session comes back by itself; what it sets up again is the application's part.
  const events = new EventTarget();
  const session = await AMQPSession.connect(BROKER_URL, {
    reconnectInterval: 100,
    maxReconnectInterval: 500,
    logger: null,
    onconnect: () => events.dispatchEvent(new Event('connected')),
  });
  const connectedAgain = once(events, 'connected');
  await restartBroker();
  await connectedAgain;
  const queue = await session.queue(`${PREFIX}after`, { exclusive: true, durable: false });
  await queue.publish('after the restart');
  assert.equal((await queue.get())?.bodyString(), 'after the restart');
  await session.stop();
}

const durable = () =>
  withChannel(async (channel, connection) => {
    try {
      await channel.exchangeDeclare(DURABLE, 'fanout', { passive: true });
      await channel.basicPublish(DURABLE, '', 'through the old binding');
      const message = await get(channel, DURABLE);
      assert.deepEqual([message.bodyString(), message.redelivered], ['kept', false]);
      includes(message.properties, { deliveryMode: 2, headers: { n: 1 } });
      assert.equal((await get(channel, DURABLE)).bodyString(), 'through the old binding');
    } finally {
      const clean = await connection.channel();
      await clean.queueDelete(DURABLE);
      await clean.exchangeDelete(DURABLE);
    }
  });

async function rpc(): Promise<void> {
  const session = await AMQPSession.connect(BROKER_URL, { logger: null });
  try {
    const queue = await session.queue(`${PREFIX}rpc`, { exclusive: true, durable: false });
    const replyTo = new Set<string | undefined>();
    await session.rpcServer(queue.name, (question) => {
      replyTo.add(question.properties.replyTo);
      return `answer to ${question.bodyString()}`;
    });
    const client = await session.rpcClient();
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    const answers = await Promise.all(numbers.map((number) => client.call(queue.name, String(number))));
    assert.deepEqual(
      answers.map((answer) => answer.bodyString()),
      numbers.map((number) => `answer to ${number}`),
    );
    assert.match([...replyTo].join(), /^amq\.rabbitmq\.reply-to\.[^,]+$/);
  } finally {
    await session.stop();
  }
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
