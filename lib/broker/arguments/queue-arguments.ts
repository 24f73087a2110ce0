import { type FieldTable, type FieldValue, integerValue } from '../../wire/values.js';
import { ArgumentError } from './argument-error.js';
import {
  readBoolean,
  readCount,
  readLenientMillis,
  readMillis,
  readName,
  readOneOf,
  readPositiveCount,
  readPositiveMillis,
  readText,
} from './argument-values.js';
import { stringTerm } from './erlang-term.js';
import { QUEUE_TYPE_NAMES, QUEUE_TYPES, type QueueType, queueTypeOf, takesArgument } from './queue-type.js';

export type Overflow = 'drop-head' | 'reject-publish' | 'reject-publish-dlx';
export type LeaderLocator = 'client-local' | 'balanced' | 'least-leaders' | 'random';

/** What a queue's arguments ask for. Undefined: not given. */
export interface QueueOptions {
  readonly queueType: QueueType;
  readonly overflow: Overflow;
  readonly singleActiveConsumer: boolean;
  /** A queue that nobody uses for so long is deleted. Milliseconds, above 0. */
  readonly expires: number | undefined;
  /** Milliseconds; 0 delivers at once or not at all. */
  readonly messageTtl: number | undefined;
  readonly deadLetterExchange: string | undefined;
  /** Only with a dead-letter exchange. Undefined: the message's own keys. */
  readonly deadLetterRoutingKey: string | undefined;
  readonly deadLetterStrategy: 'at-most-once' | 'at-least-once' | undefined;
  /** Ready messages. */
  readonly maxLength: number | undefined;
  /** Bytes of bodies of ready messages. */
  readonly maxLengthBytes: number | undefined;
  /** RabbitMQ's hints of what to keep in memory; checked, without effect here. */
  readonly maxInMemoryLength: number | undefined;
  readonly maxInMemoryBytes: number | undefined;
  /** 0 to 255. Undefined: not a priority queue. */
  readonly maxPriority: number | undefined;
  /** Checked, without effect: every queue here pages to disk. */
  readonly queueMode: 'default' | 'lazy' | undefined;
  readonly queueVersion: number | undefined;
  /** Replicas wanted of a quorum queue or a stream, above 0. */
  readonly initialGroupSize: number | undefined;
  readonly initialClusterSize: number | undefined;
  /** Redeliveries; negative: no limit. */
  readonly deliveryLimit: number | undefined;
  /** How long a delivery may stay unacknowledged. Milliseconds, above 0. */
  readonly consumerTimeout: number | undefined;
  /** Milliseconds. */
  readonly maxAge: number | undefined;
  /** Bytes. */
  readonly maxSegmentSize: number | undefined;
  readonly leaderLocator: LeaderLocator | undefined;
}

/** The largest segment of a stream, bytes. */
const MAX_SEGMENT_SIZE = 3_000_000_000;

/** The options of a queue declared without arguments. */
export const DEFAULT_QUEUE_OPTIONS: QueueOptions = optionsOf('classic', new Map());

/** Throws ArgumentError for the first fault. Arguments that RabbitMQ does not know have no effect. */
export function parseQueueArguments(args: FieldTable): QueueOptions {
  if (args.size === 0) return DEFAULT_QUEUE_OPTIONS;
  const deadLetterExchange = args.get('x-dead-letter-exchange');
  if (deadLetterExchange !== undefined) readName('x-dead-letter-exchange', deadLetterExchange);
  checkQueueType(args.get('x-queue-type'));
  const type = queueTypeOf(args);
  const options = optionsOf(type, args);
  for (const name of args.keys()) {
    if (!takesArgument(type, name)) throw new ArgumentError(name, QUEUE_TYPES[type], 'queueType');
  }
  if (options.maxSegmentSize !== undefined && options.maxSegmentSize > MAX_SEGMENT_SIZE) {
    const name = 'x-stream-max-segment-size-bytes';
    throw new ArgumentError(name, `Exceeded max value for ${name}`, 'plain');
  }
  return options;
}

/** Quorum queues and streams are durable and belong to everybody. Throws ArgumentError. */
export function checkQueueFlags(
  type: QueueType,
  flags: { readonly durable: boolean; readonly exclusive: boolean; readonly autoDelete: boolean },
): void {
  if (type === 'classic') return;
  if (flags.autoDelete) throw new ArgumentError('auto-delete', 'true', 'property');
  if (flags.exclusive) throw new ArgumentError('exclusive-owner', 'true', 'property');
  if (!flags.durable) throw new ArgumentError('non-durable', 'true', 'property');
}

type Reader<V> = (name: string, field: FieldValue, args: FieldTable) => V;

/** Read in this order, so that of several faults the client hears of the same one as from RabbitMQ. */
function optionsOf(type: QueueType, args: FieldTable): QueueOptions {
  const read = <V>(name: string, reader: Reader<V>): V | undefined => {
    const field = takesArgument(type, name) ? args.get(name) : undefined;
    return field === undefined ? undefined : reader(name, field, args);
  };
  return {
    queueType: type,
    expires: read('x-expires', readPositiveMillis),
    messageTtl: read('x-message-ttl', readMillis),
    deadLetterExchange: read('x-dead-letter-exchange', readText),
    deadLetterRoutingKey: read('x-dead-letter-routing-key', readDeadLetterKey),
    deadLetterStrategy: read('x-dead-letter-strategy', readDeadLetterStrategy),
    maxLength: read('x-max-length', readCount),
    maxLengthBytes: read('x-max-length-bytes', readCount),
    maxInMemoryLength: read('x-max-in-memory-length', readCount),
    maxInMemoryBytes: read('x-max-in-memory-bytes', readCount),
    maxPriority: read('x-max-priority', readMaxPriority),
    overflow: read('x-overflow', readOverflow) ?? 'drop-head',
    queueMode: read('x-queue-mode', readQueueMode),
    queueVersion: read('x-queue-version', readQueueVersion),
    singleActiveConsumer: read('x-single-active-consumer', readBoolean) ?? false,
    initialGroupSize: read('x-quorum-initial-group-size', readPositiveCount),
    maxAge: read('x-max-age', readMaxAge),
    maxSegmentSize: read('x-stream-max-segment-size-bytes', readCount),
    initialClusterSize: read('x-initial-cluster-size', readPositiveCount),
    leaderLocator: read('x-queue-leader-locator', readLeaderLocator),
    deliveryLimit: read('x-delivery-limit', readDeliveryLimit),
    consumerTimeout: read('x-consumer-timeout', readLenientMillis),
  };
}

function checkQueueType(field: FieldValue | undefined): void {
  if (field === undefined) return;
  readOneOf('x-queue-type', field, QUEUE_TYPE_NAMES, (type) =>
    stringTerm("unsupported queue type '", type, "'"),
  );
}

const DEAD_LETTER_STRATEGIES = ['at-most-once', 'at-least-once'] as const;
const OVERFLOWS = ['drop-head', 'reject-publish', 'reject-publish-dlx'] as const;
const QUEUE_MODES = ['default', 'lazy'] as const;
const LEADER_LOCATORS = ['client-local', 'balanced', 'least-leaders', 'random'] as const;

function readDeadLetterStrategy(name: string, field: FieldValue): (typeof DEAD_LETTER_STRATEGIES)[number] {
  return readOneOf(name, field, DEAD_LETTER_STRATEGIES, () => 'invalid_dlx_strategy');
}

function readOverflow(name: string, field: FieldValue): Overflow {
  return readOneOf(name, field, OVERFLOWS, () => 'invalid_overflow');
}

function readQueueMode(name: string, field: FieldValue): (typeof QUEUE_MODES)[number] {
  return readOneOf(name, field, QUEUE_MODES, (mode) => stringTerm("unsupported queue mode '", mode, "'"));
}

function readLeaderLocator(name: string, field: FieldValue): LeaderLocator {
  return readOneOf(name, field, LEADER_LOCATORS, () => 'invalid_queue_locator_arg');
}

function readDeadLetterKey(name: string, field: FieldValue, args: FieldTable): string {
  const key = readText(name, field);
  if (!args.has('x-dead-letter-exchange')) throw new ArgumentError(name, 'routing_key_but_no_dlx_defined');
  return key;
}

function readMaxPriority(name: string, field: FieldValue): number {
  const priority = readCount(name, field);
  if (priority > 255) throw new ArgumentError(name, `{max_value_exceeded,${integerValue(field)}}`);
  return priority;
}

function readQueueVersion(name: string, field: FieldValue): number {
  const version = readCount(name, field);
  if (version === 1 || version === 2) return version;
  throw new ArgumentError(name, `"unsupported queue version '${integerValue(field)}'"`);
}

/** RabbitMQ 3.x takes any value; one that is no integer never limits anything. */
function readDeliveryLimit(_name: string, field: FieldValue): number | undefined {
  const limit = integerValue(field);
  return limit === undefined ? undefined : Number(limit);
}

const DAY_MS = 86_400_000;
const AGE_UNITS_MS: Readonly<Record<string, number>> = {
  Y: 365 * DAY_MS,
  M: 30 * DAY_MS,
  D: DAY_MS,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
};

function readMaxAge(name: string, field: FieldValue): number {
  const [, amount, unit] = /^(\d+)([YMDhms])$/.exec(readText(name, field)) ?? [];
  const age = Number(amount ?? 0) * (AGE_UNITS_MS[unit ?? ''] ?? 0);
  if (age === 0) throw new ArgumentError(name, 'invalid_max_age');
  return age;
}
