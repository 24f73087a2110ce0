import { brokerError, type ErrorName } from '../../lib/base/errors.js';
import { FRAME, PROTOCOL_HEADER } from '../../lib/wire/constants.js';
import type { MethodName } from '../../lib/wire/methods.js';
import type { Channel } from '../../interop-tests/conformance/channel.js';
import { methodPayload, type StepArgs } from '../../interop-tests/conformance/raw-connection.js';
import type { BrokerUnderTest } from '../support/broker-under-test.js';
import type { ProtocolClient } from '../support/protocol-client.js';

/** What a script of an error has to work with. */
export interface Stage {
  readonly world: BrokerUnderTest;
  /** Its connection is open, unless the row begins with the handshake. */
  readonly client: ProtocolClient;
  /** Channel 1 of the client. */
  readonly channel: Channel<ProtocolClient>;
}

export interface ErrorRow {
  readonly kind: ErrorName;
  /** Triggers the error; nothing may have come before it that was not taken. */
  readonly script: (stage: Stage) => unknown;
  /** `silence`: the client is told nothing, and the socket ends. */
  readonly on: 'channel' | 'connection' | 'silence';
  readonly code: number;
  readonly text: string;
  /** The method that is blamed; one that nobody knows by its ids. */
  readonly by: MethodName | 'none' | Readonly<Record<'classId' | 'methodId', number>>;
  /** Begins with a client that has sent nothing. */
  readonly fromHandshake?: boolean;
  /** Nothing the client did is to blame: the log is silent. */
  readonly isNoFault?: boolean;
}

const send =
  <N extends MethodName>(name: N, args: StepArgs<N> = {}) =>
  ({ channel }: Stage): void =>
    channel.send(name, args);

const publish =
  (step: Parameters<Channel['publish']>[1]) =>
  ({ channel }: Stage): void =>
    channel.publish('body', step);

const frame =
  (type: number, payload: Buffer | readonly number[]) =>
  ({ client }: Stage): void =>
    client.frame(type, 1, Buffer.from(payload));

/** Declares `q` first. */
const withQueue =
  (then: (stage: Stage) => unknown, args: StepArgs<'queue.declare'> = {}) =>
  async (stage: Stage): Promise<void> => {
    await stage.channel.call('queue.declare', { queue: 'q', ...args });
    await then(stage);
  };

/** `then` on a connection of the user `limited`, who may do nothing; the script's own client is guest's. */
async function asLimited({ world }: Stage): Promise<ProtocolClient> {
  const none = { configure: '', write: '', read: '' };
  await world.users.putUser({ name: 'limited', password: 'secret', tags: [] });
  await world.users.setPermissions('limited', '/', none);
  return world.client();
}

const LOCKED =
  "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q' in vhost '/'. It could be originally declared on another " +
  'connection or the exclusive property value does not match that of the original declaration.';

/** Everything the broker refuses, and what the client is told. Each kind of the catalogue has at least one row. */
export const ERROR_ROWS: readonly ErrorRow[] = [
  {
    kind: 'malformedFrame',
    script: frame(5, Buffer.from('abc')),
    on: 'connection',
    code: 501,
    text: 'FRAME_ERROR - type 5, all octets = <<"abc">>: unknown_frame',
    by: 'none',
  },
  {
    kind: 'malformedMethod',
    script: frame(FRAME.method, methodPayload('queue.declare', { queue: 'abc' }).subarray(0, 9)),
    on: 'connection',
    code: 501,
    text: 'FRAME_ERROR - cannot decode <<0,0,3,97,98>>',
    by: 'queue.declare',
  },
  {
    kind: 'unknownMethod',
    script: frame(FRAME.method, [0, 60, 0, 99]),
    on: 'connection',
    code: 540,
    text: 'NOT_IMPLEMENTED - unknown method 60.99',
    by: { classId: 60, methodId: 99 },
  },
  {
    kind: 'commandInvalid',
    script: send('queue.declare-ok'),
    on: 'connection',
    code: 503,
    text: 'COMMAND_INVALID - unimplemented method',
    by: 'queue.declare-ok',
  },
  {
    kind: 'unexpectedFrame',
    script: frame(FRAME.body, Buffer.from('abc')),
    on: 'connection',
    code: 505,
    text: 'UNEXPECTED_FRAME - expected method frame, got non method frame instead',
    by: 'none',
  },
  {
    kind: 'channelError',
    script: send('channel.open'),
    on: 'connection',
    code: 504,
    text: "CHANNEL_ERROR - second 'channel.open' seen",
    by: 'channel.open',
  },
  {
    kind: 'shutdown',
    script: ({ client }) => client.connection.close(brokerError('shutdown')),
    on: 'connection',
    code: 320,
    text: "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'",
    by: 'none',
    isNoFault: true,
  },
  {
    kind: 'vhostDeleted',
    script: ({ client }) => client.connection.close(brokerError('vhostDeleted', '/')),
    on: 'connection',
    code: 320,
    text: "CONNECTION_FORCED - vhost '/' is deleted",
    by: 'none',
    isNoFault: true,
  },
  {
    kind: 'loginRefused',
    script: async ({ client }) => {
      client.bytes(PROTOCOL_HEADER);
      await client.next(0);
      client.startOk({ password: 'wrong' });
    },
    on: 'connection',
    code: 403,
    text: 'ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile.',
    by: 'none',
    fromHandshake: true,
  },
  {
    kind: 'tuneRefused',
    script: async ({ client }) => {
      await client.logIn();
      client.method(0, 'connection.tune-ok', { frameMax: 4095, channelMax: 1 });
    },
    on: 'silence',
    code: 530,
    text: 'NOT_ALLOWED - negotiated frame_max = 4095 is lower than the minimum allowed value (4096)',
    by: 'none',
    fromHandshake: true,
  },
  {
    kind: 'vhostNotFound',
    script: async ({ client }) => {
      await client.logIn();
      client.method(0, 'connection.tune-ok', { frameMax: 4096, channelMax: 1 });
      client.method(0, 'connection.open', { virtualHost: 'nope' });
    },
    on: 'connection',
    code: 530,
    text: 'NOT_ALLOWED - vhost nope not found',
    by: 'connection.open',
    fromHandshake: true,
  },
  {
    kind: 'vhostRefused',
    script: async ({ client, world }) => {
      await world.users.putUser({ name: 'limited', password: 'secret', tags: [] });
      await client.logIn({ user: 'limited', password: 'secret' });
      client.method(0, 'connection.tune-ok', { frameMax: 4096, channelMax: 1 });
      client.method(0, 'connection.open', { virtualHost: '/' });
    },
    on: 'connection',
    code: 530,
    text: "NOT_ALLOWED - access to vhost '/' refused for user 'limited'",
    by: 'connection.open',
    fromHandshake: true,
  },
  {
    kind: 'limitReached',
    script: async ({ client }) => {
      for (let number = 2; number <= 10; number++) await client.channel(number);
      client.method(11, 'channel.open');
    },
    on: 'connection',
    code: 530,
    text: 'NOT_ALLOWED - number of channels opened (10) has reached the negotiated channel_max (10)',
    by: 'none',
  },
  {
    kind: 'connectionLimit',
    script: async ({ client, world }) => {
      while (!world.connections.isSpent) await world.connect();
      await client.logIn();
      client.method(0, 'connection.tune-ok', { frameMax: 4096, channelMax: 1 });
      client.method(0, 'connection.open', { virtualHost: '/' });
    },
    on: 'connection',
    code: 530,
    text: 'NOT_ALLOWED - connection refused: node connection limit (3) is reached',
    by: 'connection.open',
    fromHandshake: true,
  },
  {
    kind: 'consumerLimit',
    script: withQueue(async ({ channel }) => {
      await channel.call('basic.consume', { queue: 'q' });
      await channel.call('basic.consume', { queue: 'q' });
      channel.send('basic.consume', { queue: 'q' });
    }),
    on: 'connection',
    code: 530,
    text: 'NOT_ALLOWED - reached maximum (2) of consumers per channel',
    by: 'basic.consume',
  },
  {
    kind: 'consumerTagInUse',
    script: withQueue(async ({ channel }) => {
      await channel.call('basic.consume', { queue: 'q', consumerTag: 't' });
      channel.send('basic.consume', { queue: 'q', consumerTag: 't' });
    }),
    on: 'connection',
    code: 530,
    text: "NOT_ALLOWED - attempt to reuse consumer tag 't'",
    by: 'basic.consume',
  },
  {
    kind: 'notImplemented',
    script: publish({ immediate: true }),
    on: 'connection',
    code: 540,
    text: 'NOT_IMPLEMENTED - immediate=true',
    by: 'basic.publish',
  },
  {
    kind: 'malformedContent',
    script: publish({ properties: Buffer.from([0x80, 0]) }),
    on: 'connection',
    code: 541,
    text: 'INTERNAL_ERROR',
    by: 'none',
  },
  {
    kind: 'internalError',
    script: ({ world, channel }) => {
      Object.defineProperty(world.broker.vhost('/'), 'queue', { value: undefined });
      channel.send('queue.declare', { queue: 'q', passive: true });
    },
    on: 'connection',
    code: 541,
    text: 'INTERNAL_ERROR',
    by: 'none',
  },
  {
    kind: 'noExchange',
    script: publish({ exchange: 'nope' }),
    on: 'channel',
    code: 404,
    text: "NOT_FOUND - no exchange 'nope' in vhost '/'",
    by: 'basic.publish',
  },
  {
    kind: 'noQueue',
    script: send('basic.get', { queue: 'nope' }),
    on: 'channel',
    code: 404,
    text: "NOT_FOUND - no queue 'nope' in vhost '/'",
    by: 'basic.get',
  },
  {
    kind: 'noPreviousQueue',
    script: send('basic.consume'),
    on: 'channel',
    code: 404,
    text: 'NOT_FOUND - no previously declared queue',
    by: 'basic.consume',
  },
  {
    kind: 'accessRefused',
    script: async (stage) => {
      const limited = await asLimited(stage);
      Object.assign(stage, { client: limited });
      await limited.open({ user: 'limited', password: 'secret' });
      Object.assign(stage, { channel: await limited.channel(1) });
      stage.channel.send('queue.declare', { queue: 'q' });
    },
    on: 'channel',
    code: 403,
    text: "ACCESS_REFUSED - access to queue 'q' in vhost '/' refused for user 'limited'",
    by: 'queue.declare',
  },
  {
    kind: 'topicRefused',
    script: async ({ world, channel }) => {
      await world.users.setTopicPermissions('guest', '/', 'amq.topic', { write: '^a', read: '.*' });
      channel.publish('body', { exchange: 'amq.topic', routingKey: 'b.c' });
    },
    on: 'channel',
    code: 403,
    text: "ACCESS_REFUSED - access to topic 'b.c' in exchange 'amq.topic' in vhost '/' refused for user 'guest'",
    by: 'basic.publish',
  },
  {
    kind: 'reservedName',
    script: send('queue.declare', { queue: 'amq.mine' }),
    on: 'channel',
    code: 403,
    text: "ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.*'",
    by: 'queue.declare',
  },
  {
    kind: 'defaultExchange',
    script: withQueue(send('queue.bind', { queue: 'q', exchange: '' })),
    on: 'channel',
    code: 403,
    text: 'ACCESS_REFUSED - operation not permitted on the default exchange',
    by: 'queue.bind',
  },
  {
    kind: 'predeclaredExchange',
    script: send('exchange.delete', { exchange: 'amq.direct' }),
    on: 'channel',
    code: 403,
    text: "ACCESS_REFUSED - deletion of system exchange 'amq.direct' in vhost '/' not allowed",
    by: 'exchange.delete',
  },
  {
    kind: 'internalExchange',
    script: publish({ exchange: 'amq.rabbitmq.trace' }),
    on: 'channel',
    code: 403,
    text: "ACCESS_REFUSED - cannot publish to internal exchange 'amq.rabbitmq.trace' in vhost '/'",
    by: 'basic.publish',
  },
  {
    kind: 'exclusiveUse',
    script: withQueue(async ({ channel }) => {
      await channel.call('basic.consume', { queue: 'q', exclusive: true });
      channel.send('basic.consume', { queue: 'q' });
    }),
    on: 'channel',
    code: 403,
    text: "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use",
    by: 'basic.consume',
  },
  {
    kind: 'queueLocked',
    script: async ({ world, channel }) => {
      const owner = await (await world.connect()).channel(1);
      await owner.call('queue.declare', { queue: 'q', exclusive: true });
      channel.send('queue.purge', { queue: 'q' });
    },
    on: 'channel',
    code: 405,
    text: LOCKED,
    by: 'queue.purge',
  },
  {
    kind: 'inequivalent',
    script: withQueue(send('queue.declare', { queue: 'q', durable: true })),
    on: 'channel',
    code: 406,
    text: "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q' in vhost '/': received 'true' but current is 'false'",
    by: 'queue.declare',
  },
  {
    kind: 'unknownExchangeType',
    script: send('exchange.declare', { exchange: 'x', type: 'nope' }),
    on: 'channel',
    code: 406,
    text: "PRECONDITION_FAILED - unknown exchange type 'nope'",
    by: 'exchange.declare',
  },
  {
    kind: 'invalidArgument',
    script: send('queue.declare', { queue: 'q', arguments: { 'x-message-ttl': -1 } }),
    on: 'channel',
    code: 406,
    text: "PRECONDITION_FAILED - invalid arg 'x-message-ttl' for queue 'q' in vhost '/': {value_negative,-1}",
    by: 'queue.declare',
  },
  {
    kind: 'inUse',
    script: withQueue(async ({ channel }) => {
      await channel.call('basic.consume', { queue: 'q' });
      channel.send('queue.delete', { queue: 'q', ifUnused: true });
    }),
    on: 'channel',
    code: 406,
    text: "PRECONDITION_FAILED - queue 'q' in vhost '/' in use",
    by: 'queue.delete',
  },
  {
    kind: 'notEmpty',
    script: withQueue(({ channel }) => {
      channel.publish('body', { routingKey: 'q' });
      channel.send('queue.delete', { queue: 'q', ifEmpty: true });
    }),
    on: 'channel',
    code: 406,
    text: "PRECONDITION_FAILED - queue 'q' in vhost '/' not empty",
    by: 'queue.delete',
  },
  {
    kind: 'unknownDeliveryTag',
    script: send('basic.reject', { deliveryTag: 7 }),
    on: 'channel',
    code: 406,
    text: 'PRECONDITION_FAILED - unknown delivery tag 7',
    by: 'basic.reject',
  },
  {
    kind: 'messageTooLarge',
    script: ({ channel }) => channel.publish(Buffer.alloc(1001), { exchange: 'nope' }),
    on: 'channel',
    code: 406,
    text: 'PRECONDITION_FAILED - message size 1001 is larger than configured max size 1000',
    by: 'basic.publish',
  },
  {
    kind: 'userIdMismatch',
    script: publish({ properties: { userId: 'bob' } }),
    on: 'channel',
    code: 406,
    text: "PRECONDITION_FAILED - user_id property set to 'bob' but authenticated user was 'guest'",
    by: 'basic.publish',
  },
  {
    kind: 'invalidExpiration',
    script: publish({ properties: { expiration: '1.5' } }),
    on: 'channel',
    code: 406,
    text: 'PRECONDITION_FAILED - invalid expiration \'1.5\': {leftover_string,".5"}',
    by: 'basic.publish',
  },
  {
    kind: 'invalidHeader',
    script: publish({ properties: { headers: { CC: 'q' } } }),
    on: 'channel',
    code: 406,
    text: 'PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,"CC",longstr}',
    by: 'basic.publish',
  },
  {
    kind: 'notTransactional',
    script: send('tx.commit'),
    on: 'channel',
    code: 406,
    text: 'PRECONDITION_FAILED - channel is not transactional',
    by: 'tx.commit',
  },
  {
    kind: 'partialCommit',
    script: withQueue(
      async ({ channel }) => {
        await channel.call('tx.select');
        for (const body of ['a', 'b']) channel.publish(body, { routingKey: 'q' });
        channel.send('tx.commit');
      },
      { arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } },
    ),
    on: 'channel',
    code: 406,
    text: 'PRECONDITION_FAILED - partial tx completion',
    by: 'tx.commit',
  },
  {
    kind: 'txToConfirm',
    script: async ({ channel }) => {
      await channel.call('tx.select');
      channel.send('confirm.select');
    },
    on: 'channel',
    code: 406,
    text: 'PRECONDITION_FAILED - cannot switch from tx to confirm mode',
    by: 'confirm.select',
  },
  {
    kind: 'confirmToTx',
    script: async ({ channel }) => {
      await channel.call('confirm.select');
      channel.send('tx.select');
    },
    on: 'channel',
    code: 406,
    text: 'PRECONDITION_FAILED - cannot switch from confirm to tx mode',
    by: 'tx.select',
  },
  {
    kind: 'replyConsumerAcks',
    script: send('basic.consume', { queue: 'amq.rabbitmq.reply-to' }),
    on: 'channel',
    code: 406,
    text: 'PRECONDITION_FAILED - reply consumer cannot acknowledge',
    by: 'basic.consume',
  },
  {
    kind: 'replyConsumerSet',
    script: async ({ channel }) => {
      await channel.call('basic.consume', { queue: 'amq.rabbitmq.reply-to', noAck: true });
      channel.send('basic.consume', { queue: 'amq.rabbitmq.reply-to', noAck: true });
    },
    on: 'channel',
    code: 406,
    text: 'PRECONDITION_FAILED - reply consumer already set',
    by: 'basic.consume',
  },
  {
    kind: 'noReplyConsumer',
    script: publish({ properties: { replyTo: 'amq.rabbitmq.reply-to' } }),
    on: 'channel',
    code: 406,
    text: 'PRECONDITION_FAILED - fast reply consumer does not exist',
    by: 'basic.publish',
  },
  {
    kind: 'consumerTimeout',
    script: withQueue(async ({ world, channel }) => {
      channel.publish('body', { routingKey: 'q' });
      await channel.get({ queue: 'q' });
      await world.advance(2_000_000);
    }),
    on: 'channel',
    code: 406,
    text:
      'PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 1800000 ms. ' +
      'This timeout value can be configured, see consumers doc guide to learn more',
    by: 'none',
  },
];
