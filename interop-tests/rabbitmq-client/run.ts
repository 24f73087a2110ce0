/** The common checks with rabbitmq-client. */
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import amqp from 'amqplib';
import { type AsyncMessage, Connection, ConsumerStatus, type ReturnedMessage } from 'rabbitmq-client';
import { eventually } from '../../spec/support/eventually.js';
import {
  at,
  BROKER_URL,
  bigBody,
  includes,
  MESSAGES,
  manyBodies,
  PREFIX,
  restartBroker,
  runChecks,
  urlWithBadPassword,
} from '../support/interop.js';
import {
  closesChannel,
  drain,
  get,
  holds,
  newConnection,
  ownQueue,
  withChannel,
  withConnection,
} from './channels.js';

async function connect(): Promise<void> {
  await withConnection((connection) => connection.onConnect(20_000));
  const wrong = new Connection(urlWithBadPassword());
  const [error] = await once(wrong, 'error').catch((reason: unknown) => [reason]);
  wrong.unsafeDestroy();
  includes(error, { code: 'ACCESS_REFUSED' });
  assert.match(String(error), /Login was refused using authentication mechanism PLAIN/);
}

const declare = () =>
  withChannel(async (channel, connection) => {
    const exchanges = { direct: '', topic: '', fanout: '', headers: '' };
    for (const type of ['direct', 'topic', 'fanout', 'headers'] as const) {
      exchanges[type] = PREFIX + type;
      await channel.exchangeDeclare({ exchange: exchanges[type], type, autoDelete: true });
    }
    const { direct, topic, fanout, headers: byHeaders } = exchanges;
    const one = await ownQueue(channel, 'one');
    const two = await ownQueue(channel, 'two');
    const three = await ownQueue(channel, 'three');
    const matching = { 'x-match': 'all', kind: 'order', size: 3 };
    await channel.queueBind({ queue: one, exchange: topic, routingKey: 'a.*.c' });
    await channel.queueBind({ queue: two, exchange: topic, routingKey: 'a.#' });
    await channel.queueBind({ queue: three, exchange: byHeaders, arguments: matching });
    await channel.queueBind({ queue: three, exchange: direct, routingKey: 'to three' });
    await channel.queueBind({ queue: one, exchange: fanout });
    await channel.exchangeBind({ destination: fanout, source: direct, routingKey: 'to fanout' });
    await channel.basicPublish({ exchange: topic, routingKey: 'a.b.c' }, 'both');
    await channel.basicPublish({ exchange: topic, routingKey: 'a' }, 'only two');
    await channel.basicPublish({ exchange: direct, routingKey: 'to fanout' }, 'through two exchanges');
    await channel.basicPublish({ exchange: direct, routingKey: 'to three' }, 'direct');
    await channel.basicPublish(
      { exchange: byHeaders, headers: { kind: 'order', size: 3, more: 1 } },
      'matched',
    );
    await channel.basicPublish({ exchange: byHeaders, headers: { kind: 'order', size: 4 } }, 'unmatched');
    assert.deepEqual(await drain(channel, one), ['both', 'through two exchanges']);
    assert.deepEqual(await drain(channel, two), ['both', 'only two']);
    assert.deepEqual(await drain(channel, three), ['direct', 'matched']);
    await channel.queueUnbind({ queue: two, exchange: topic, routingKey: 'a.#' });
    await channel.basicPublish({ exchange: topic, routingKey: 'a.b.c' }, 'after unbind');
    assert.deepEqual(await drain(channel, one), ['after unbind']);
    assert.deepEqual(await drain(channel, two), []);
    await closesChannel(connection, 'NOT_FOUND', `no queue '${PREFIX}missing' in vhost '/'`, (other) =>
      other.queueDeclare({ queue: `${PREFIX}missing`, passive: true }),
    );
    await closesChannel(connection, 'PRECONDITION_FAILED', "inequivalent arg 'auto_delete'", (other) =>
      other.queueDeclare({ queue: one, exclusive: true, autoDelete: true }),
    );
    assert.match((await channel.queueDeclare({ exclusive: true })).queue, /^amq\.gen-/);
    await channel.basicPublish(two, 'left');
    assert.equal((await channel.queueDelete({ queue: two })).messageCount, 1);
  });

const tenThousand = () =>
  withChannel(async (channel, connection) => {
    const queue = await ownQueue(channel, 'many');
    for (const text of manyBodies()) await channel.basicPublish(queue, text);
    const seen: unknown[] = [];
    const options = { queue, queueOptions: { passive: true }, qos: { prefetchCount: 500 }, concurrency: 1 };
    const consumer = connection.createConsumer(options, (message) => {
      assert.equal(message.redelivered, false);
      seen.push(message.body);
      return ConsumerStatus.ACK;
    });
    await eventually(`${MESSAGES} messages`, () => seen.length >= MESSAGES, 60_000);
    await consumer.close();
    assert.deepEqual(seen, manyBodies());
    assert.equal(consumer.stats.acknowledged, MESSAGES);
    await holds(channel, queue, 0);
  });

const confirms = () =>
  withChannel(async (channel, connection) => {
    const queue = await ownQueue(channel, 'confirmed');
    const publisher = connection.createPublisher({ confirm: true });
    const numbers = Array.from({ length: 1_000 }, (_, index) => index);
    const confirmed = numbers.map((number) =>
      publisher.send({ routingKey: queue, durable: true }, String(number)),
    );
    await Promise.all(confirmed);
    await holds(channel, queue, 1_000);
    await publisher.close();
  });

const returns = () =>
  withChannel(async (channel, connection) => {
    const queue = await ownQueue(channel, 'returns');
    const returned: ReturnedMessage[] = [];
    const publisher = connection.createPublisher({ confirm: true });
    publisher.on('basic.return', (message) => returned.push(message));
    await publisher.send({ routingKey: queue, mandatory: true }, 'routed');
    await publisher.send({ routingKey: `${PREFIX}nobody`, mandatory: true, messageId: 'm1' }, 'unroutable');
    // This client puts a returned message together later than it takes the confirm that follows.
    await eventually('the returned message', () => returned.length > 0);
    assert.equal(returned.length, 1);
    includes(at(returned, 0), {
      replyCode: 312,
      replyText: 'NO_ROUTE',
      exchange: '',
      routingKey: `${PREFIX}nobody`,
      body: 'unroutable',
      messageId: 'm1',
    });
    assert.deepEqual(await drain(channel, queue), ['routed']);
    await publisher.close();
  });

const requeue = () =>
  withChannel(async (channel, connection) => {
    const queue = await ownQueue(channel, 'requeue');
    for (const text of ['a', 'b', 'c']) await channel.basicPublish(queue, text);
    const first = await get(channel, queue);
    includes(first, { body: 'a', redelivered: false, messageCount: 2 });
    channel.basicNack({ deliveryTag: first.deliveryTag, requeue: true });
    const again = await get(channel, queue);
    includes(again, { body: 'a', redelivered: true });
    channel.basicAck({ deliveryTag: again.deliveryTag });
    includes(await get(channel, queue), { body: 'b' });
    channel.basicNack({ deliveryTag: (await get(channel, queue)).deliveryTag, multiple: true });
    const seen: unknown[] = [];
    const consumer = connection.createConsumer(
      { queue, queueOptions: { passive: true }, concurrency: 1 },
      ({ body, redelivered }) => {
        seen.push([body, redelivered]);
        return seen.length === 1 ? ConsumerStatus.REQUEUE : ConsumerStatus.DROP;
      },
    );
    await eventually('b twice and c', () => seen.length >= 3);
    await consumer.close();
    assert.deepEqual(seen.map(String).toSorted(), ['b,true', 'b,true', 'c,true']);
    assert.equal(await channel.basicGet(queue), undefined);
  });

const qos = () =>
  withChannel(async (channel) => {
    const queue = await ownQueue(channel, 'qos');
    for (let index = 0; index < 10; index += 1) await channel.basicPublish(queue, String(index));
    await channel.basicQos({ prefetchCount: 3 });
    const got: AsyncMessage[] = [];
    await channel.basicConsume({ queue }, (message) => got.push(message));
    const delivered = async (count: number) => {
      await eventually(`${count} deliveries`, () => got.length >= count);
      await holds(channel, queue, 10 - count);
      assert.equal(got.length, count);
      return at(got, count - 1);
    };
    await delivered(3);
    channel.basicAck({ deliveryTag: at(got, 0).deliveryTag });
    channel.basicAck({ deliveryTag: (await delivered(4)).deliveryTag, multiple: true });
    await delivered(7);
    assert.deepEqual(
      got.map((message) => message.body),
      ['0', '1', '2', '3', '4', '5', '6'],
    );
  });

const headers = () =>
  withChannel(async (channel) => {
    const sent = {
      string: 'Grüße, 世界',
      empty: '',
      // This client asks for frames of 8 KiB, and properties are one frame.
      long: 'x'.repeat(3_000),
      true: true,
      false: false,
      byte: -128,
      short: -32_768,
      int: -2_147_483_648,
      long64: -9_007_199_254_740_991,
      double: 2.718281828459045e-100,
      null: null,
      array: ['one', 2, null, [true, { deep: 'er' }]],
      table: { inner: { innermost: 1 }, empty: {} },
    };
    const properties = {
      contentType: 'application/octet-stream',
      contentEncoding: 'identity',
      priority: 7,
      correlationId: 'correlation',
      replyTo: 'reply to',
      expiration: '3600000',
      messageId: 'message',
      timestamp: 1_700_000_000,
      type: 'type',
      userId: new URL(BROKER_URL).username,
      appId: 'app',
      clusterId: 'cluster',
      headers: sent,
    };
    const queue = await ownQueue(channel, 'headers');
    await channel.basicPublish({ ...properties, routingKey: queue, durable: true }, Buffer.from('body'));
    includes(await get(channel, queue), { ...properties, durable: true });
  });

async function publishInSmallFrames(queue: string): Promise<void> {
  const connection = await amqp.connect(`${BROKER_URL}?frameMax=4096`);
  const publisher = await connection.createConfirmChannel();
  publisher.sendToQueue(queue, bigBody());
  await publisher.waitForConfirms();
  await connection.close();
}

const fiveMb = () =>
  withChannel(async (channel) => {
    const queue = await ownQueue(channel, 'big');
    await channel.basicPublish(queue, bigBody());
    await channel.basicPublish(queue, Buffer.alloc(0));
    assert.ok(bigBody().equals((await get(channel, queue)).body), 'the body came back changed');
    assert.equal((await get(channel, queue)).body.length, 0);
    // This client counts on full frames of the size that it negotiated, however the publisher has cut the body.
    await publishInSmallFrames(queue);
    assert.ok(bigBody().equals((await get(channel, queue)).body), 'a body in other frames came back changed');
  });

const tx = () =>
  withChannel(async (channel, connection) => {
    const other = await connection.acquire();
    const queue = await ownQueue(channel, 'tx');
    await channel.txSelect();
    await channel.basicPublish(queue, 'a');
    await channel.basicPublish(queue, 'b');
    await holds(other, queue, 0);
    await channel.txCommit();
    await holds(other, queue, 2);
    await channel.basicPublish(queue, 'c');
    await channel.txRollback();
    await holds(other, queue, 2);
    const { deliveryTag } = await get(channel, queue);
    channel.basicAck({ deliveryTag });
    await channel.txRollback();
    channel.basicAck({ deliveryTag });
    await channel.txCommit();
    channel.basicAck({ deliveryTag: (await get(channel, queue)).deliveryTag });
    await channel.txRollback();
    await channel.close();
    await holds(other, queue, 1);
    includes(await get(other, queue), { body: 'b', redelivered: true });
  });

const exclusive = () =>
  withConnection(async (other) => {
    const mine = newConnection();
    const channel = await mine.acquire();
    const queue = await ownQueue(channel, 'exclusive');
    const locked = 'cannot obtain exclusive access to locked queue';
    await closesChannel(other, 'RESOURCE_LOCKED', locked, (ch) =>
      ch.queueDeclare({ queue, exclusive: true }),
    );
    await closesChannel(other, 'RESOURCE_LOCKED', locked, (ch) => ch.basicConsume({ queue }, () => {}));
    assert.equal((await channel.queueDeclare({ queue, passive: true })).messageCount, 0);
    await channel.close();
    await mine.close();
    await eventually('the queue goes with its connection', () =>
      other.queueDeclare({ queue, passive: true }).then(
        () => false,
        (error: Error) => 'code' in error && error.code === 'NOT_FOUND',
      ),
    );
  });

const DURABLE = `${PREFIX}durable`;

const reconnect = () =>
  withChannel(async (channel, connection) => {
    await channel.exchangeDeclare({ exchange: DURABLE, type: 'fanout', durable: true });
    await channel.queueDeclare({ queue: DURABLE, durable: true });
    await channel.queueBind({ queue: DURABLE, exchange: DURABLE });
    await channel.confirmSelect();
    await channel.basicPublish({ exchange: DURABLE, durable: true, headers: { n: 1 } }, 'kept');
    const queue = `${PREFIX}after`;
    const got: unknown[] = [];
    const consumer = connection.createConsumer({ queue, queueOptions: { exclusive: true } }, ({ body }) => {
      got.push(body);
    });
    await once(consumer, 'ready');
    consumer.on('error', () => {});
    const readyAgain = once(consumer, 'ready');
    await restartBroker();
    await readyAgain;
    const publisher = connection.createPublisher({ confirm: true });
    await publisher.send(queue, 'after the restart');
    await eventually('a message to the recovered consumer', () => got.length > 0);
    assert.deepEqual(got, ['after the restart']);
    await consumer.close();
  });

const durable = () =>
  withChannel(async (channel, connection) => {
    try {
      await channel.exchangeDeclare({ exchange: DURABLE, passive: true });
      await channel.basicPublish({ exchange: DURABLE }, 'through the old binding');
      includes(await get(channel, DURABLE), {
        body: 'kept',
        redelivered: false,
        durable: true,
        headers: { n: 1 },
      });
      includes(await get(channel, DURABLE), { body: 'through the old binding' });
    } finally {
      await connection.queueDelete({ queue: DURABLE });
      await connection.exchangeDelete({ exchange: DURABLE });
    }
  });

const rpc = () =>
  withConnection(async (connection) => {
    const queue = `${PREFIX}rpc`;
    const replyTo = new Set<string | undefined>();
    const server = connection.createConsumer(
      { queue, queueOptions: { exclusive: true } },
      (question, reply) => {
        replyTo.add(question.replyTo);
        return reply(`answer to ${question.body}`);
      },
    );
    await once(server, 'ready');
    const client = connection.createRPCClient({ timeout: 20_000 });
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    const answers = await Promise.all(numbers.map((number) => client.send(queue, String(number))));
    assert.deepEqual(
      answers.map((answer) => answer.body),
      numbers.map((number) => `answer to ${number}`),
    );
    assert.match([...replyTo].join(), /^amq\.rabbitmq\.reply-to\.[^,]+$/);
    await client.close();
    await server.close();
  });

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
