import tap from 'tap';
import {
  checkQueueFlags,
  DEFAULT_QUEUE_OPTIONS,
  parseQueueArguments,
} from '../../../lib/broker/arguments/queue-arguments.js';
import type { FieldTable, FieldValue } from '../../../lib/wire/values.js';
import { args, int, long, NOT_TEXTS, nothing, text } from './fields.js';
import { ROWS } from './queue-argument-rows.js';
import { refusal } from './refusal.js';

const refused = (given: FieldTable): string | undefined => refusal(() => parseQueueArguments(given));

const ON: Readonly<Record<string, FieldTable>> = {
  classic: new Map(),
  quorum: args({ 'x-queue-type': text('quorum') }),
  stream: args({ 'x-queue-type': text('stream') }),
};

for (const row of ROWS) {
  const given = (field: FieldValue): FieldTable => new Map([...ON[row.on]!, [row.argument, field]]);

  if (row.taken.length > 0) {
    void tap.test(`a ${row.on} queue takes ${row.argument} and knows what it asks for`, async (t) => {
      for (const [field, options] of row.taken) t.hasStrict(parseQueueArguments(given(field)), options);
    });
  }
  if (row.refused !== undefined) {
    const cases = row.refused;
    void tap.test(
      `a ${row.on} queue refuses other values of ${row.argument} in RabbitMQ's words`,
      async (t) => {
        for (const [field, reason] of cases) {
          t.equal(
            refused(given(field)),
            `invalid arg '${row.argument}' for queue 'q' in vhost '/': ${reason}`,
          );
        }
      },
    );
  }
}

void tap.test('a queue without arguments is classic, drops its head and shares its consumers', async (t) => {
  t.equal(parseQueueArguments(new Map()), DEFAULT_QUEUE_OPTIONS);
  t.match(DEFAULT_QUEUE_OPTIONS, {
    queueType: 'classic',
    overflow: 'drop-head',
    singleActiveConsumer: false,
  });
  const given = Object.values(DEFAULT_QUEUE_OPTIONS).filter((option) => option !== undefined);
  t.equal(given.length, 3);
});

void tap.test('arguments that RabbitMQ does not know have no effect', async (t) => {
  t.strictSame(
    parseQueueArguments(args({ 'x-ha-policy': text('all'), foo: nothing })),
    DEFAULT_QUEUE_OPTIONS,
  );
});

void tap.test('a dead-letter exchange whose name is no longstr is refused in words of its own', async (t) => {
  for (const field of NOT_TEXTS) {
    t.equal(
      refused(args({ 'x-dead-letter-exchange': field })),
      `invalid type '${field.type}' for arg 'x-dead-letter-exchange' in queue 'q' in vhost '/'`,
    );
  }
});

void tap.test('a dead-letter routing key goes with a dead-letter exchange, in any order', async (t) => {
  const key = { 'x-dead-letter-routing-key': text('k') };
  const exchange = { 'x-dead-letter-exchange': text('') };
  t.match(parseQueueArguments(args({ ...key, ...exchange })), {
    deadLetterExchange: '',
    deadLetterRoutingKey: 'k',
  });
  t.match(parseQueueArguments(args({ ...exchange, ...key })), { deadLetterRoutingKey: 'k' });
});

void tap.test('arguments of other types of queue are refused, whatever their value', async (t) => {
  const foreign = {
    classic: [
      'x-delivery-limit',
      'x-dead-letter-strategy',
      'x-max-age',
      'x-max-in-memory-length',
      'x-max-in-memory-bytes',
      'x-quorum-initial-group-size',
      'x-initial-cluster-size',
      'x-stream-max-segment-size-bytes',
    ],
    quorum: [
      'x-max-priority',
      'x-queue-mode',
      'x-queue-version',
      'x-queue-master-locator',
      'x-max-age',
      'x-initial-cluster-size',
    ],
    stream: [
      'x-message-ttl',
      'x-expires',
      'x-max-length',
      'x-max-priority',
      'x-overflow',
      'x-single-active-consumer',
      'x-delivery-limit',
      'x-dead-letter-routing-key',
      'x-dead-letter-strategy',
      'x-queue-master-locator',
      'x-quorum-initial-group-size',
    ],
  };
  for (const [type, names] of Object.entries(foreign)) {
    for (const name of names) {
      for (const field of [int(1), text('a'), nothing]) {
        t.equal(
          refused(new Map([...ON[type]!, [name, field]])),
          `invalid arg '${name}' for queue 'q' in vhost '/' of queue type rabbit_${type}_queue`,
        );
      }
    }
  }
});

void tap.test('a classic queue takes a leader locator, as RabbitMQ 4 does', async (t) => {
  t.match(parseQueueArguments(args({ 'x-queue-leader-locator': text('balanced') })), {
    leaderLocator: 'balanced',
  });
});

void tap.test('a stream with segments over 3 GB is refused', async (t) => {
  const given = new Map([
    ...ON['stream']!,
    ['x-stream-max-segment-size-bytes', long(3_000_000_001n)] as const,
  ]);
  t.equal(refused(given), 'Exceeded max value for x-stream-max-segment-size-bytes');
});

/** The argument that is complained of. */
function named(fields: Readonly<Record<string, FieldValue>>): string | undefined {
  return /arg '([^']+)'/.exec(refused(args(fields)) ?? '')?.[1];
}

void tap.test('of several faults the one is named that RabbitMQ names', async (t) => {
  const expires = { 'x-expires': int(-1) };
  const overflow = { 'x-overflow': text('x') };
  t.equal(named({ ...overflow, ...expires }), 'x-expires', 'values in the order of the checks');
  t.equal(named({ ...expires, 'x-queue-type': text('x') }), 'x-queue-type', 'the type before other values');
  t.equal(
    named({ 'x-delivery-limit': int(1), ...overflow }),
    'x-overflow',
    'values before foreign arguments',
  );
  t.equal(named({ 'x-max-age': int(1), 'x-delivery-limit': int(1) }), 'x-max-age', 'foreign ones as given');
  t.equal(
    named({ ...expires, 'x-queue-type': text('y'), 'x-dead-letter-exchange': int(1) }),
    'x-dead-letter-exchange',
    'the dead-letter exchange first of all',
  );
});

const flags = (durable: boolean, exclusive: boolean, autoDelete: boolean) => ({
  durable,
  exclusive,
  autoDelete,
});
const property = (name: string): string => `invalid property '${name}' for queue 'q' in vhost '/'`;

void tap.test(
  'quorum queues and streams must be durable and neither exclusive nor auto-delete',
  async (t) => {
    for (const type of ['quorum', 'stream'] as const) {
      t.equal(
        refusal(() => checkQueueFlags(type, flags(true, false, false))),
        undefined,
      );
      t.equal(
        refusal(() => checkQueueFlags(type, flags(false, false, false))),
        property('non-durable'),
      );
      t.equal(
        refusal(() => checkQueueFlags(type, flags(false, true, false))),
        property('exclusive-owner'),
      );
      t.equal(
        refusal(() => checkQueueFlags(type, flags(false, true, true))),
        property('auto-delete'),
      );
    }
    t.equal(
      refusal(() => checkQueueFlags('classic', flags(false, true, true))),
      undefined,
    );
  },
);
