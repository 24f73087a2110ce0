import t from 'tap';
import { FRAME, PROTOCOL_HEADER } from '../../lib/wire/constants.js';
import { METHODS, type MethodName } from '../../lib/wire/methods.js';
import { frame } from '../../interop-tests/conformance/frames.js';
import {
  methodPayload,
  type StepArgs,
  type StepProperties,
} from '../../interop-tests/conformance/raw-connection.js';
import { BrokerUnderTest } from '../support/broker-under-test.js';
import { contentBytes } from '../support/protocol-client.js';
import { mutated } from '../wire/mutation.js';
import { SEED, SeededRandom } from '../wire/seeded-random.js';
import { pieces } from '../wire/splits.js';

t.comment(`WARRENMQ_SEED=${SEED}`);

const method = <N extends MethodName>(channel: number, name: N, args: StepArgs<N> = {}): Buffer =>
  frame(FRAME.method, channel, methodPayload(name, args));

function publish(
  channel: number,
  args: StepArgs<'basic.publish'>,
  body: string,
  properties: StepProperties = {},
) {
  return Buffer.concat([
    method(channel, 'basic.publish', args),
    contentBytes(channel, Buffer.from(body), properties, {}, 4088),
  ]);
}

const HELLO = Buffer.concat([
  PROTOCOL_HEADER,
  method(0, 'connection.start-ok', {
    clientProperties: { product: 'fuzz', capabilities: { consumer_cancel_notify: true } },
    mechanism: 'PLAIN',
    response: Buffer.from('\0guest\0guest'),
    locale: 'en_US',
  }),
  method(0, 'connection.tune-ok', { frameMax: 4096, channelMax: 7, heartbeat: 0 }),
  method(0, 'connection.open', { virtualHost: '/' }),
]);

const everyProperty: StepProperties = {
  contentType: 'text/plain',
  contentEncoding: 'gzip',
  headers: { CC: ['b'], BCC: ['c'], n: 1, t: { x: null } },
  deliveryMode: 2,
  priority: 3,
  correlationId: 'c',
  replyTo: 'r',
  expiration: '60000',
  messageId: 'm',
  timestamp: 5n,
  type: 't',
  userId: 'guest',
  appId: 'a',
};

/** A session that uses much of what there is, as a client would. */
const SESSION: readonly Buffer[] = [
  method(1, 'channel.open'),
  method(1, 'exchange.declare', { exchange: 'x', type: 'topic', arguments: { 'alternate-exchange': 'y' } }),
  method(1, 'exchange.declare', { exchange: 'y', type: 'headers' }),
  method(1, 'exchange.bind', { source: 'x', destination: 'y', routingKey: '#' }),
  method(1, 'queue.declare', { queue: 'a', arguments: { 'x-max-length': 5, 'x-dead-letter-exchange': 'x' } }),
  method(1, 'queue.bind', { queue: 'a', exchange: 'x', routingKey: 'k.*' }),
  method(1, 'queue.bind', { queue: 'a', exchange: 'y', arguments: { 'x-match': 'any', n: 1 } }),
  method(1, 'confirm.select'),
  publish(1, { exchange: 'x', routingKey: 'k.1' }, 'hello', everyProperty),
  publish(1, { routingKey: 'nowhere', mandatory: true }, ''),
  publish(1, { routingKey: 'a' }, 'x'.repeat(5000)),
  method(2, 'channel.open'),
  method(2, 'basic.qos', { prefetchCount: 2 }),
  method(2, 'basic.consume', { queue: 'a', consumerTag: 'c', arguments: { 'x-priority': 1 } }),
  frame(FRAME.heartbeat, 0, Buffer.alloc(0)),
  method(2, 'basic.ack', { deliveryTag: 1, multiple: false }),
  method(2, 'basic.nack', { deliveryTag: 2, multiple: true, requeue: true }),
  method(3, 'channel.open'),
  method(3, 'tx.select'),
  publish(3, { routingKey: 'a' }, 'tx'),
  method(3, 'tx.commit'),
  method(3, 'basic.get', { queue: 'a' }),
  method(3, 'basic.reject', { deliveryTag: 1, requeue: true }),
  method(3, 'tx.rollback'),
  method(2, 'basic.recover', { requeue: true }),
  method(2, 'basic.cancel', { consumerTag: 'c' }),
  method(1, 'queue.purge', { queue: 'a' }),
  method(1, 'queue.unbind', { queue: 'a', exchange: 'x', routingKey: 'k.*' }),
  method(1, 'queue.delete', { queue: 'a' }),
  method(1, 'exchange.delete', { exchange: 'x' }),
  method(1, 'channel.close'),
  method(0, 'connection.close'),
];

function inPieces(bytes: Buffer, random: SeededRandom): Buffer[] {
  return pieces(bytes, random.pick([1, 30, 300, 5000, 5000]), random);
}

/** Sends the chunks of each of `cases` on a connection of its own; says what went wrong. */
async function survive(
  cases: number,
  make: (random: SeededRandom) => readonly Buffer[],
): Promise<{ wrong: string[]; closed: number }> {
  const wrong: string[] = [];
  let closed = 0;
  let world = await BrokerUnderTest.open();
  for (let at = 0; at < cases; at++) {
    const complain = (what: unknown): unknown =>
      wrong.push(`case ${at}: ${what instanceof Error ? what.stack : String(what)}`);
    if (at % 50 === 0) world = await BrokerUnderTest.open();
    const client = world.client();
    try {
      for (const chunk of make(new SeededRandom((SEED + at) | 0))) client.bytes(chunk);
      const received = await client.all();
      if (received.some((one) => one.kind === 'method' && one.name === 'connection.close')) closed++;
      client.drop();
      await world.rest();
    } catch (error) {
      complain(error);
    }
    for (const defect of [...world.log.defects, ...world.failures]) complain(defect);
    world.log.defects.length = world.failures.length = 0;
    if (world.ended.length !== 1) complain('the connection has not ended');
    if (world.budget.taken !== 0) complain(`${world.budget.taken} channels are open`);
    if (world.connections.taken !== 0) complain(`${world.connections.taken} connections are counted`);
    for (const queue of world.broker.vhost('/')?.queues.values() ?? []) {
      if (queue.unackedCount !== 0) complain(`${queue.unackedCount} messages are unacknowledged`);
      if (queue.consumerCount !== 0) complain(`${queue.consumerCount} consumers are left`);
      if (queue.definition.exclusive) complain('an exclusive queue is left');
    }
    world.ended.length = 0;
    world.forgetClients();
    if (wrong.length > 5) break;
  }
  return { wrong, closed };
}

void t.test('a session is served however its bytes are cut', async (t) => {
  const { wrong, closed } = await survive(40, (random) =>
    inPieces(Buffer.concat([HELLO, ...SESSION]), random),
  );
  t.strictSame(wrong, []);
  t.equal(closed, 0);
});

void t.test('random bytes are refused, before and after the handshake', async (t) => {
  const { wrong } = await survive(500, (random) => {
    const noise = random.bytes(random.below(400));
    const before = random.pick([Buffer.alloc(0), PROTOCOL_HEADER, HELLO]);
    return inPieces(Buffer.concat([before, noise]), random);
  });
  t.strictSame(wrong, []);
});

void t.test('a damaged session harms nobody', async (t) => {
  const { wrong, closed } = await survive(900, (random) => {
    const at = random.below(SESSION.length);
    const damaged = [
      ...SESSION.slice(0, at),
      mutated(SESSION[at] as Buffer, random),
      ...SESSION.slice(at + 1),
    ];
    return inPieces(Buffer.concat([HELLO, ...damaged]), random);
  });
  t.strictSame(wrong, []);
  t.ok(closed > 200, `${closed} of them were refused`);
});

void t.test('a damaged handshake harms nobody', async (t) => {
  const { wrong } = await survive(400, (random) =>
    inPieces(Buffer.concat([mutated(HELLO, random), ...SESSION.slice(0, 3)]), random),
  );
  t.strictSame(wrong, []);
});

void t.test('frames of a session in any order, left out and repeated, harm nobody', async (t) => {
  const { wrong } = await survive(300, (random) => {
    const opened = [1, 2, 3].map((channel) => method(channel, 'channel.open'));
    const shuffled = Array.from({ length: 40 }, () => random.pick(SESSION.slice(0, -1)));
    return inPieces(Buffer.concat([HELLO, ...opened, ...shuffled]), random);
  });
  t.strictSame(wrong, []);
});

const NAMES = ['', 'a', 'b', 'c', 'x', 'y', 'amq.direct', 'amq.topic', 'amq.rabbitmq.reply-to', 'amq.x'];
const TABLES: readonly Record<string, unknown>[] = [
  {},
  {},
  { 'x-message-ttl': 0 },
  { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
  { 'x-max-length': 1, 'x-overflow': 'reject-publish-dlx', 'x-dead-letter-exchange': '' },
  { 'x-max-priority': 3 },
  { 'x-dead-letter-exchange': 'x', 'x-dead-letter-routing-key': 'a' },
  { 'x-single-active-consumer': true },
  { 'x-match': 'any', a: 1 },
  { 'alternate-exchange': 'y' },
  { 'x-priority': 2 },
  { 'x-expires': 1 },
  { 'x-queue-type': 'quorum', 'x-delivery-limit': 1 },
];
const PROPERTIES: readonly StepProperties[] = [
  {},
  {},
  { deliveryMode: 2 },
  { headers: { CC: ['a', 'b'] } },
  { headers: { BCC: ['c'] }, priority: 200 },
  { expiration: '0' },
  { expiration: 'x' },
  { replyTo: 'amq.rabbitmq.reply-to' },
  { userId: 'guest' },
  everyProperty,
];
const CLIENT_METHODS = (Object.keys(METHODS) as MethodName[]).filter(
  (name) => METHODS[name].from !== 'server' && !name.startsWith('connection.') && name !== 'basic.publish',
);

/** A method with arguments that often mean something. */
function anyMethod(random: SeededRandom): Buffer {
  const channel = 1 + random.below(3);
  if (random.below(3) === 0) {
    const args = {
      exchange: random.pick(NAMES),
      routingKey: random.pick(NAMES),
      mandatory: random.below(3) === 0,
    };
    const known = random.below(4) > 0 ? { ...args, exchange: random.pick(['', 'amq.direct']) } : args;
    return publish(channel, known, 'body'.repeat(random.below(3)), random.pick(PROPERTIES));
  }
  const name = random.pick(CLIENT_METHODS);
  const args: Record<string, unknown> = {};
  for (const [field, domain] of METHODS[name].fields) {
    if (field === 'type') args[field] = random.pick(['direct', 'fanout', 'topic', 'headers', 'nope']);
    else if (field === 'consumerTag') args[field] = random.pick(['', 's', 't', 'u']);
    else if (field === 'prefetchSize') args[field] = 0;
    else if (field === 'passive' || field === 'active' || field === 'requeue')
      args[field] = random.below(5) > 0;
    else if (domain === 'shortstr') args[field] = random.pick(NAMES);
    else if (domain === 'bit') args[field] = random.below(4) === 0;
    else if (domain === 'table') args[field] = random.pick(TABLES);
    else args[field] = random.below(4);
  }
  return method(channel, name, args);
}

void t.test('whatever methods come in whatever order, all is given back in the end', async (t) => {
  const { wrong } = await survive(600, (random) => {
    const opened = [1, 2, 3].map((channel) => method(channel, 'channel.open'));
    const steps = Array.from({ length: 60 }, () => anyMethod(random));
    return inPieces(Buffer.concat([HELLO, ...opened, ...steps]), random);
  });
  t.strictSame(wrong, []);
});
