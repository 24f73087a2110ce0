import t from 'tap';
import { amqpMessageCodec } from '../../lib/amqp/message-codec.js';
import { type DeadLetter, deadLetter, isCycle } from '../../lib/broker/dead-letter.js';
import type { DeadLetterReason } from '../../lib/broker/queue.js';
import { composeMessage, type Message, type MessageFacts, messageAt } from '../../lib/store/message.js';
import { type BasicProperties, decodeProperties, encodeProperties } from '../../lib/wire/properties.js';
import { fromPlain, toPlain } from '../../lib/wire/values.js';
import { bodyOf } from '../support/messages.js';
import { TestTopology } from './test-topology.js';

const NOW = 1_700_000_123_456;
const TIME = 1_700_000_123;

interface Publication extends Partial<MessageFacts> {
  readonly exchange?: string;
  readonly routingKey?: string;
  readonly body?: string;
}

function published(properties: BasicProperties = {}, publication: Publication = {}): Message {
  const { exchange = '', routingKey = 'q', body = 'a', ...facts } = publication;
  return composeMessage(exchange, routingKey, encodeProperties(properties), Buffer.from(body), {
    persistent: properties.deliveryMode === 2,
    priority: properties.priority ?? 0,
    expiration: -1,
    arrivedAt: NOW - 1000,
    ...facts,
  });
}

/** The message's letter when it dies in queue `name`. */
function death(
  message: Message,
  reason: DeadLetterReason = 'rejected',
  { name = 'q', now = NOW, ...args }: { name?: string; now?: number; [argument: string]: unknown } = {},
): DeadLetter {
  const queue = new TestTopology().addQueue(name, { 'x-dead-letter-exchange': 'dlx', ...args });
  return deadLetter(amqpMessageCodec, queue, message, reason, now);
}

const propertiesOf = ({ bytes, properties, propertiesEnd }: Message): BasicProperties =>
  decodeProperties(bytes, properties, propertiesEnd);

const headersOf = (letter: DeadLetter): Record<string, unknown> =>
  toPlain(propertiesOf(letter.message).headers ?? new Map());

void t.test('a dead letter tells where, why and when it died', async (t) => {
  const letter = death(published({ headers: fromPlain({ h: 1 }) }));
  t.strictSame(
    { ...headersOf(letter) },
    {
      h: 1,
      'x-death': [
        Object.assign(Object.create(null), {
          count: 1,
          reason: 'rejected',
          queue: 'q',
          time: TIME,
          exchange: '',
          'routing-keys': ['q'],
        }),
      ],
      'x-first-death-exchange': '',
      'x-first-death-queue': 'q',
      'x-first-death-reason': 'rejected',
      'x-last-death-exchange': '',
      'x-last-death-queue': 'q',
      'x-last-death-reason': 'rejected',
    },
  );
});

void t.test('its entry has RabbitMQ’s types and order', async (t) => {
  const [entry] = death(published({ expiration: '60000' })).deaths;
  t.same(
    [...entry!].map(([name, { type }]) => `${name} ${type}`),
    [
      'count long',
      'reason longstr',
      'queue longstr',
      'time timestamp',
      'exchange longstr',
      'routing-keys array',
      'original-expiration longstr',
    ],
  );
});

void t.test('body and all other properties stay as they were', async (t) => {
  const properties: BasicProperties = {
    contentType: 'text/plain',
    contentEncoding: 'gzip',
    deliveryMode: 2,
    priority: 4,
    correlationId: 'c',
    replyTo: 'r',
    messageId: 'm',
    timestamp: 7n,
    type: 't',
    userId: 'u',
    appId: 'a',
    clusterId: 'k',
  };
  const { message } = death(published(properties, { body: 'the body' }));
  const { headers: _, ...kept } = propertiesOf(message);
  t.strictSame(kept, properties);
  t.equal(bodyOf(message), 'the body');
  t.same([message.persistent, message.priority, message.expiration, message.arrivedAt], [true, 4, -1, NOW]);
});

void t.test('a message without a body has none as a letter', async (t) => {
  t.equal(death(published({}, { body: '' })).message.bodyLength, 0);
});

void t.test('it does not expire again, but remembers that it would have', async (t) => {
  const { message, deaths } = death(published({ expiration: '1500' }, { expiration: 1500 }), 'expired');
  t.equal(propertiesOf(message).expiration, undefined);
  t.equal(message.expiration, -1);
  t.match(toPlain(deaths[0]!), { reason: 'expired', 'original-expiration': '1500' });
});

void t.test('it goes to the queue’s exchange with its own keys', async (t) => {
  const given = published({ headers: fromPlain({ CC: ['c1', 'c2'] }) }, { exchange: 'x', routingKey: 'k' });
  const letter = death(given);
  t.equal(letter.exchange, 'dlx');
  t.same(letter.routingKeys, ['k', 'c1', 'c2']);
  t.same([letter.message.exchange, letter.message.routingKey], ['dlx', 'k']);
  t.same(headersOf(letter)['CC'], ['c1', 'c2']);
  t.match(toPlain(letter.deaths[0]!), { exchange: 'x', 'routing-keys': ['k', 'c1', 'c2'] });
});

void t.test('or with the key that the queue has for it, and without CC', async (t) => {
  const given = published({ headers: fromPlain({ CC: ['c1'] }) }, { exchange: 'x', routingKey: 'k' });
  const letter = death(given, 'rejected', { 'x-dead-letter-routing-key': 'dead' });
  t.same(letter.routingKeys, ['dead']);
  t.equal(letter.message.routingKey, 'dead');
  t.notOk('CC' in headersOf(letter));
  t.match(toPlain(letter.deaths[0]!), { 'routing-keys': ['k', 'c1'] });
});

void t.test(
  'dying again in the same queue for the same reason is counted, the first time stays',
  async (t) => {
    let letter = death(published(), 'rejected', { now: NOW });
    for (let i = 1; i <= 3; i++) letter = death(letter.message, 'rejected', { now: NOW + i * 10_000 });
    t.equal(letter.deaths.length, 1);
    t.match(toPlain(letter.deaths[0]!), { count: 4, time: TIME, exchange: '', 'routing-keys': ['q'] });
  },
);

void t.test('every queue and reason has an entry of its own, the latest in front', async (t) => {
  let letter = death(published(), 'rejected', { name: 'a' });
  letter = death(letter.message, 'expired', { name: 'b' });
  letter = death(letter.message, 'expired', { name: 'a' });
  letter = death(letter.message, 'rejected', { name: 'a' });
  t.same(
    letter.deaths.map((entry) => {
      const { queue, reason, count } = toPlain(entry);
      return [queue, reason, count];
    }),
    [
      ['a', 'rejected', 2],
      ['a', 'expired', 1],
      ['b', 'expired', 1],
    ],
  );
  t.match(headersOf(letter), {
    'x-first-death-queue': 'a',
    'x-first-death-reason': 'rejected',
    'x-first-death-exchange': '',
    'x-last-death-queue': 'a',
    'x-last-death-reason': 'rejected',
    'x-last-death-exchange': 'dlx',
  });
});

void t.test('the first death is that of the history, not what a client says it was', async (t) => {
  const fresh = death(published({ headers: fromPlain({ 'x-first-death-queue': 'mine' }) }));
  t.equal(headersOf(fresh)['x-first-death-queue'], 'q');
  const old = { 'x-death': [{ queue: 'z', reason: 'expired', count: 1 }] };
  t.notOk('x-first-death-queue' in headersOf(death(published({ headers: fromPlain(old) }))));
});

/** The count after one more death of a message whose history says `count`. */
function counted(count: unknown): unknown {
  const history = { 'x-death': [{ count, queue: 'q', reason: 'rejected' }] };
  return toPlain(death(published({ headers: fromPlain(history) })).deaths[0]!)['count'];
}

void t.test(
  'a history that a client has published again is counted on, whatever its integers are',
  async (t) => {
    t.equal(counted(7), 8);
    t.equal(counted(100_000_000_000), 100_000_000_001);
    t.equal(counted(undefined), 1);
    t.equal(counted('seven'), 1);
    t.doesNotThrow(() => counted(0x7fff_ffff_ffff_ffffn));
  },
);

void t.test('entries of the same queue and reason become one', async (t) => {
  const entry = { queue: 'q', reason: 'rejected' };
  const history = {
    'x-death': [
      { count: 7, ...entry },
      { queue: 'z', reason: 'expired' },
      { count: 2, ...entry },
    ],
  };
  const { deaths } = death(published({ headers: fromPlain(history) }));
  t.same(
    deaths.map((one) => toPlain(one)['queue']),
    ['q', 'z'],
  );
  t.equal(toPlain(deaths[0]!)['count'], 8);
});

void t.test('what is no history is replaced by one', async (t) => {
  for (const other of ['mine', 5, null, {}, [1, 'a'], []]) {
    const { deaths } = death(published({ headers: fromPlain({ 'x-death': other }) }));
    t.equal(deaths.length, 1);
    t.match(toPlain(deaths[0]!), { count: 1, queue: 'q' });
  }
});

void t.test('keys of any bytes are told as they are', async (t) => {
  const routingKey = 'k\udcff';
  const { deaths, message } = death(published({}, { routingKey }));
  const keys = deaths[0]?.get('routing-keys');
  t.equal(message.routingKey, routingKey);
  t.same(keys, { type: 'array', value: [{ type: 'longstr', value: Buffer.from([0x6b, 0xff]) }] });
});

void t.test('names that are longer than a delivery can tell are cut', async (t) => {
  const long = 'ü'.repeat(200);
  const letter = death(published({}, { body: 'a' }), 'rejected', {
    'x-dead-letter-exchange': long,
    'x-dead-letter-routing-key': long,
  });
  t.same([letter.exchange, letter.routingKeys], [long, [long]]);
  const { message } = letter;
  const read = messageAt(message.bytes, message.start, message.end, message);
  t.equal(Buffer.byteLength(read.exchange.replaceAll(/\udcc3/gu, '')), 254);
  t.equal(read.end, message.end);
  t.equal(bodyOf(read), 'a');
});

const entryOf = (queue: string, reason: string): ReturnType<typeof fromPlain> => fromPlain({ queue, reason });

void t.test('a letter that would come to the same queue by itself is in a cycle', async (t) => {
  const deaths = [entryOf('b', 'expired'), entryOf('a', 'maxlen'), entryOf('c', 'expired')];
  t.same(
    ['a', 'b', 'c', 'd'].map((queue) => isCycle(deaths, queue)),
    [true, true, true, false],
  );
  t.equal(isCycle([], 'a'), false);
});

void t.test('a rejection on the way means that somebody wanted it so', async (t) => {
  const deaths = [entryOf('b', 'expired'), entryOf('a', 'rejected'), entryOf('c', 'expired')];
  t.same(
    ['a', 'b', 'c'].map((queue) => isCycle(deaths, queue)),
    [false, true, false],
  );
});
