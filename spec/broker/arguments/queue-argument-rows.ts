import type { QueueOptions } from '../../../lib/broker/arguments/queue-arguments.js';
import type { FieldValue } from '../../../lib/wire/values.js';
import {
  bool,
  byte,
  double,
  int,
  long,
  NOT_INTEGERS,
  NOT_TEXTS,
  nothing,
  short,
  text,
  unsignedByte,
} from './fields.js';

/** One queue argument: on which type of queue, what it takes for which values, and what is refused why. */
export interface Row {
  readonly argument: string;
  readonly on: 'classic' | 'quorum' | 'stream';
  readonly taken: readonly (readonly [FieldValue, Partial<QueueOptions>])[];
  /** Value, and the reason in RabbitMQ's words. */
  readonly refused?: readonly (readonly [FieldValue, string])[];
}

const notIntegers = NOT_INTEGERS.map((field) => [field, `"expected integer, got ${field.type}"`] as const);
const notTexts = NOT_TEXTS.map((field) => [field, `{unacceptable_type,${field.type}}`] as const);
const negatives = [
  [int(-1), '{value_negative,-1}'],
  [short(-3), '{value_negative,-3}'],
  [byte(-1), '{value_negative,-1}'],
  [long(-(2n ** 63n)), '{value_negative,-9223372036854775808}'],
] as const;
const tooLong = [
  [long(315_360_000_001n), '{value_too_large,315360000001}'],
  [long(2n ** 62n), '{value_too_large,4611686018427387904}'],
] as const;
const zero = [[int(0), '{value_zero,0}']] as const;

/** As asked of a running RabbitMQ. */
export const ROWS: readonly Row[] = [
  {
    argument: 'x-expires',
    on: 'classic',
    taken: [
      [int(1), { expires: 1 }],
      [unsignedByte(200), { expires: 200 }],
      [long(315_360_000_000n), { expires: 315_360_000_000 }],
    ],
    refused: [...zero, ...negatives, ...tooLong, ...notIntegers],
  },
  {
    argument: 'x-message-ttl',
    on: 'classic',
    taken: [
      [int(0), { messageTtl: 0 }],
      [long(60_000n), { messageTtl: 60_000 }],
    ],
    refused: [...negatives, ...tooLong, ...notIntegers],
  },
  {
    argument: 'x-max-length',
    on: 'classic',
    taken: [
      [int(0), { maxLength: 0 }],
      [long(2n ** 62n), { maxLength: 2 ** 62 }],
    ],
    refused: [...negatives, ...notIntegers],
  },
  {
    argument: 'x-max-length-bytes',
    on: 'classic',
    taken: [[int(5), { maxLengthBytes: 5 }]],
    refused: [...negatives, ...notIntegers],
  },
  {
    argument: 'x-max-priority',
    on: 'classic',
    taken: [
      [int(0), { maxPriority: 0 }],
      [int(255), { maxPriority: 255 }],
    ],
    refused: [
      [int(256), '{max_value_exceeded,256}'],
      [long(2n ** 62n), '{max_value_exceeded,4611686018427387904}'],
      ...negatives,
      ...notIntegers,
    ],
  },
  {
    argument: 'x-dead-letter-exchange',
    on: 'classic',
    taken: [
      [text(''), { deadLetterExchange: '' }],
      [text('dlx'), { deadLetterExchange: 'dlx' }],
    ],
  },
  {
    argument: 'x-dead-letter-routing-key',
    on: 'classic',
    taken: [],
    refused: [[text('k'), 'routing_key_but_no_dlx_defined'], ...notTexts],
  },
  {
    argument: 'x-overflow',
    on: 'classic',
    taken: [
      [text('drop-head'), { overflow: 'drop-head' }],
      [text('reject-publish'), { overflow: 'reject-publish' }],
      [text('reject-publish-dlx'), { overflow: 'reject-publish-dlx' }],
    ],
    refused: [[text(''), 'invalid_overflow'], [text('Drop-Head'), 'invalid_overflow'], ...notTexts],
  },
  {
    argument: 'x-queue-type',
    on: 'classic',
    taken: [
      [text('classic'), { queueType: 'classic' }],
      [text('quorum'), { queueType: 'quorum' }],
      [text('stream'), { queueType: 'stream' }],
    ],
    refused: [
      [text(''), `"unsupported queue type ''"`],
      [text('Classic'), `"unsupported queue type 'Classic'"`],
      [text('café'), `"unsupported queue type 'café'"`],
      [text('a\nb'), `"unsupported queue type 'a\\nb'"`],
      [
        text('\u0001'),
        '[117,110,115,117,112,112,111,114,116,101,100,32,113,117,101,117,101,32,116,121,112,101,32,39,1,39]',
      ],
      ...notTexts,
    ],
  },
  {
    argument: 'x-queue-mode',
    on: 'classic',
    taken: [
      [text('lazy'), { queueMode: 'lazy' }],
      [text('default'), { queueMode: 'default' }],
    ],
    refused: [[text('foo'), `"unsupported queue mode 'foo'"`], ...notTexts],
  },
  {
    argument: 'x-queue-version',
    on: 'classic',
    taken: [
      [int(1), { queueVersion: 1 }],
      [int(2), { queueVersion: 2 }],
    ],
    refused: [
      [int(0), `"unsupported queue version '0'"`],
      [long(2n ** 62n), `"unsupported queue version '4611686018427387904'"`],
      ...negatives,
      ...notIntegers,
    ],
  },
  {
    argument: 'x-single-active-consumer',
    on: 'classic',
    taken: [
      [bool(true), { singleActiveConsumer: true }],
      [bool(false), { singleActiveConsumer: false }],
    ],
    refused: [
      [text('true'), '{unacceptable_type,longstr}'],
      [int(1), '{unacceptable_type,signedint}'],
      [nothing, '{unacceptable_type,void}'],
    ],
  },
  {
    argument: 'x-queue-master-locator',
    on: 'classic',
    // Any value, as in RabbitMQ: one that it does not know places the queue on the node of the client.
    taken: [
      [text('min-masters'), {}],
      [text('nearest'), {}],
      [int(5), {}],
      [nothing, {}],
    ],
    refused: [],
  },
  {
    argument: 'x-consumer-timeout',
    on: 'classic',
    taken: [
      [int(60_000), { consumerTimeout: 60_000 }],
      [int(-1), { consumerTimeout: undefined }],
      [text('soon'), { consumerTimeout: undefined }],
      [double(1.5), { consumerTimeout: undefined }],
      [nothing, { consumerTimeout: undefined }],
    ],
  },
  {
    argument: 'x-queue-leader-locator',
    on: 'quorum',
    taken: [
      [text('client-local'), { leaderLocator: 'client-local' }],
      [text('balanced'), { leaderLocator: 'balanced' }],
      [text('least-leaders'), { leaderLocator: 'least-leaders' }],
    ],
    refused: [[text('foo'), 'invalid_queue_locator_arg'], ...notTexts],
  },
  {
    argument: 'x-delivery-limit',
    on: 'quorum',
    taken: [
      [int(5), { deliveryLimit: 5 }],
      [int(0), { deliveryLimit: 0 }],
      [int(-1), { deliveryLimit: -1 }],
      [text('a'), { deliveryLimit: undefined }],
    ],
  },
  {
    argument: 'x-dead-letter-strategy',
    on: 'quorum',
    taken: [
      [text('at-most-once'), { deadLetterStrategy: 'at-most-once' }],
      [text('at-least-once'), { deadLetterStrategy: 'at-least-once' }],
    ],
    refused: [[text('foo'), 'invalid_dlx_strategy'], ...notTexts],
  },
  {
    argument: 'x-quorum-initial-group-size',
    on: 'quorum',
    taken: [[int(3), { initialGroupSize: 3 }]],
    refused: [...zero, ...negatives, ...notIntegers],
  },
  {
    argument: 'x-max-in-memory-length',
    on: 'quorum',
    taken: [[int(3), { maxInMemoryLength: 3 }]],
    refused: [...negatives, ...notIntegers],
  },
  {
    argument: 'x-max-in-memory-bytes',
    on: 'quorum',
    taken: [[int(3), { maxInMemoryBytes: 3 }]],
    refused: [...negatives, ...notIntegers],
  },
  {
    argument: 'x-initial-cluster-size',
    on: 'stream',
    taken: [[int(3), { initialClusterSize: 3 }]],
    refused: [...zero, ...negatives, ...notIntegers],
  },
  {
    argument: 'x-max-age',
    on: 'stream',
    taken: [
      [text('1s'), { maxAge: 1000 }],
      [text('2m'), { maxAge: 120_000 }],
      [text('1h'), { maxAge: 3_600_000 }],
      [text('3D'), { maxAge: 259_200_000 }],
      [text('1M'), { maxAge: 2_592_000_000 }],
      [text('1Y'), { maxAge: 31_536_000_000 }],
    ],
    refused: [
      [text('1x'), 'invalid_max_age'],
      [text('1.5h'), 'invalid_max_age'],
      [text('0D'), 'invalid_max_age'],
      [text('h'), 'invalid_max_age'],
      [text(''), 'invalid_max_age'],
      ...notTexts,
    ],
  },
  {
    argument: 'x-stream-max-segment-size-bytes',
    on: 'stream',
    taken: [[long(3_000_000_000n), { maxSegmentSize: 3_000_000_000 }]],
    refused: [...negatives, ...notIntegers],
  },
];
