import type { FieldTable, FieldValue } from '../../wire/values.js';
import { ArgumentError } from './argument-error.js';
import { readBoolean, readInteger, readLenientMillis } from './argument-values.js';
import { QUEUE_TYPES, type QueueType } from './queue-type.js';

export interface ConsumerOptions {
  /** The highest with credit is served first; 0 unless given, negative ones come last. */
  readonly priority: number;
  /** The consumer wants to be cancelled when the queue's leader changes. */
  readonly cancelOnFailover: boolean;
  /** How long a delivery may stay unacknowledged. Milliseconds, above 0. Undefined: as the queue or the broker has it. */
  readonly timeout: number | undefined;
}

/** Arguments that only some types of queue take. Any other one has no effect. */
const TAKEN: Readonly<Record<string, readonly QueueType[]>> = {
  'x-priority': ['classic', 'quorum'],
  'x-cancel-on-ha-failover': ['classic'],
  'x-stream-offset': ['stream'],
};

/** Throws ArgumentError for the first fault. */
export function parseConsumerArguments(args: FieldTable, type: QueueType): ConsumerOptions {
  const options = {
    priority: read('x-priority', readInteger) ?? 0,
    cancelOnFailover: read('x-cancel-on-ha-failover', readBoolean) ?? false,
    timeout: read('x-consumer-timeout', readLenientMillis),
  };
  for (const name of args.keys()) {
    if (TAKEN[name]?.includes(type) === false) throw new ArgumentError(name, QUEUE_TYPES[type], 'queueType');
  }
  return options;

  function read<V>(name: string, reader: (name: string, field: FieldValue) => V): V | undefined {
    const field = args.get(name);
    return field === undefined || TAKEN[name]?.includes(type) === false ? undefined : reader(name, field);
  }
}
