import { type FieldTable, textValue } from '../../wire/values.js';

/** RabbitMQ's types of queue, and what it calls them in its error texts. */
export const QUEUE_TYPES = {
  classic: 'rabbit_classic_queue',
  quorum: 'rabbit_quorum_queue',
  stream: 'rabbit_stream_queue',
} as const;

export type QueueType = keyof typeof QUEUE_TYPES;

export const QUEUE_TYPE_NAMES = ['classic', 'quorum', 'stream'] as const satisfies readonly QueueType[];

/** The type that valid arguments ask for. */
export function queueTypeOf(args: FieldTable): QueueType {
  const text = textValue(args.get('x-queue-type'));
  return QUEUE_TYPE_NAMES.find((type) => type === text) ?? 'classic';
}

/** Arguments that each type of queue takes, in the order in which a second declaration is compared with the first. */
export const COMPARED_ARGUMENTS: Readonly<Record<QueueType, readonly string[]>> = {
  classic: [
    'x-expires',
    'x-message-ttl',
    'x-dead-letter-exchange',
    'x-dead-letter-routing-key',
    'x-max-length',
    'x-max-length-bytes',
    'x-max-priority',
    'x-overflow',
    'x-queue-mode',
    'x-queue-version',
    'x-single-active-consumer',
    'x-queue-type',
    'x-queue-master-locator',
  ],
  quorum: [
    'x-dead-letter-exchange',
    'x-dead-letter-routing-key',
    'x-dead-letter-strategy',
    'x-expires',
    'x-max-length',
    'x-max-length-bytes',
    'x-max-in-memory-length',
    'x-max-in-memory-bytes',
    'x-overflow',
    'x-single-active-consumer',
    'x-queue-type',
    'x-quorum-initial-group-size',
    'x-delivery-limit',
    'x-message-ttl',
    'x-queue-leader-locator',
  ],
  stream: [
    'x-max-length-bytes',
    'x-queue-type',
    'x-max-age',
    'x-stream-max-segment-size-bytes',
    'x-initial-cluster-size',
    'x-queue-leader-locator',
  ],
};

/** Taken as well, but free to differ in a second declaration. RabbitMQ takes the locator on classic queues since 4.0. */
const UNCOMPARED_ARGUMENTS: Readonly<Record<QueueType, readonly string[]>> = {
  classic: ['x-queue-leader-locator'],
  quorum: [],
  stream: [],
};

const KNOWN_ARGUMENTS: ReadonlySet<string> = new Set(Object.values(COMPARED_ARGUMENTS).flat());

/** False for an argument that only other types of queue take. One that no type knows is taken by all, and has no effect. */
export function takesArgument(type: QueueType, name: string): boolean {
  if (!KNOWN_ARGUMENTS.has(name)) return true;
  return COMPARED_ARGUMENTS[type].includes(name) || UNCOMPARED_ARGUMENTS[type].includes(name);
}
