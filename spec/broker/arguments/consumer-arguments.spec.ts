import tap from 'tap';
import { parseConsumerArguments } from '../../../lib/broker/arguments/consumer-arguments.js';
import type { QueueType } from '../../../lib/broker/arguments/queue-type.js';
import type { FieldTable } from '../../../lib/wire/values.js';
import { args, bool, int, long, NOT_INTEGERS, nothing, short, text } from './fields.js';
import { refusal } from './refusal.js';

const refused = (given: FieldTable, type: QueueType = 'classic'): string | undefined =>
  refusal(() => parseConsumerArguments(given, type));

const timeout = (given: FieldTable): number | undefined => parseConsumerArguments(given, 'classic').timeout;

void tap.test('a consumer without arguments has priority 0 and follows its queue', async (t) => {
  t.strictSame(parseConsumerArguments(new Map(), 'classic'), {
    priority: 0,
    cancelOnFailover: false,
    timeout: undefined,
  });
});

void tap.test('x-priority is an integer of any type and sign', async (t) => {
  for (const [field, priority] of [
    [int(10), 10],
    [short(-5), -5],
    [long(-5n), -5],
  ] as const) {
    t.match(parseConsumerArguments(args({ 'x-priority': field }), 'classic'), { priority });
    t.match(parseConsumerArguments(args({ 'x-priority': field }), 'quorum'), { priority });
  }
  for (const field of NOT_INTEGERS) {
    t.equal(
      refused(args({ 'x-priority': field })),
      `invalid arg 'x-priority' for queue 'q' in vhost '/': "expected integer, got ${field.type}"`,
    );
  }
});

void tap.test('x-cancel-on-ha-failover is a bool', async (t) => {
  t.match(parseConsumerArguments(args({ 'x-cancel-on-ha-failover': bool(true) }), 'classic'), {
    cancelOnFailover: true,
  });
  for (const field of [int(1), text('true'), nothing]) {
    t.equal(
      refused(args({ 'x-cancel-on-ha-failover': field })),
      `invalid arg 'x-cancel-on-ha-failover' for queue 'q' in vhost '/': {unacceptable_type,${field.type}}`,
    );
  }
});

void tap.test(
  'x-consumer-timeout is a positive number of milliseconds; anything else has no effect',
  async (t) => {
    t.equal(timeout(args({ 'x-consumer-timeout': int(5000) })), 5000);
    for (const field of [int(0), int(-1), text('5000'), bool(true), nothing]) {
      t.equal(timeout(args({ 'x-consumer-timeout': field })), undefined);
    }
  },
);

void tap.test('what the type of queue does not support is refused, whatever its value', async (t) => {
  const unsupported: readonly [QueueType, string][] = [
    ['classic', 'x-stream-offset'],
    ['quorum', 'x-stream-offset'],
    ['quorum', 'x-cancel-on-ha-failover'],
    ['stream', 'x-priority'],
    ['stream', 'x-cancel-on-ha-failover'],
  ];
  for (const [type, name] of unsupported) {
    for (const field of [int(1), bool(true), nothing]) {
      t.equal(
        refused(args({ [name]: field }), type),
        `invalid arg '${name}' for queue 'q' in vhost '/' of queue type rabbit_${type}_queue`,
      );
    }
  }
  t.equal(refused(args({ 'x-stream-offset': text('first') }), 'stream'), undefined);
});

void tap.test('of two faults x-priority is named first, and unknown arguments never', async (t) => {
  const given = args({ 'x-foo': nothing, 'x-cancel-on-ha-failover': int(1), 'x-priority': bool(true) });
  t.match(refused(given), /invalid arg 'x-priority'/);
  t.equal(refused(args({ 'x-foo': nothing, 'x-credit': int(1) })), undefined);
});
