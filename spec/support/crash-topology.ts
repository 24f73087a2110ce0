import type { Plain } from '../../interop-tests/conformance/fields.js';
import type { QueueTraits } from './crash-queue-book.js';

const none = { priorities: 0, ttl: Infinity, maxLength: Infinity, deadTo: undefined };
const plain = (name: string): QueueTraits => ({ ...none, name });

/** Every queue of the load. Queues with a dead-letter queue stand before it. */
export const QUEUES = {
  /** Publishers, consumers. */
  classic: [plain('classic.0'), plain('classic.1'), plain('classic.2')],
  /** Nobody consumes. */
  backlog: plain('backlog'),
  priority: [
    { ...none, name: 'priority.0', priorities: 5 },
    { ...none, name: 'priority.1', priorities: 10 },
  ],
  fan: [plain('fan.0'), { ...none, name: 'fan.1', priorities: 3 }, plain('fan.2')],
  /** Messages wait here, and go on when they expire: nobody consumes. */
  delay: { ...none, name: 'delay', ttl: 1500, deadTo: 'delay.dead' },
  /** Messages with an expiration of their own. */
  expiring: { ...none, name: 'expiring', deadTo: 'expiring.dead' },
  /** Consumers that reject. */
  work: { ...none, name: 'work', deadTo: 'work.dead' },
  /** Too short for what is published. */
  window: { ...none, name: 'window', maxLength: 200, deadTo: 'window.dead' },
  /** Consumed without acknowledgements. */
  careless: plain('careless'),
  /** Taken by basic.get alone. */
  fetched: plain('fetched'),
  transactionInput: plain('tx.in'),
  transactionOutput: [plain('tx.out.0'), { ...none, name: 'tx.out.1', priorities: 2 }, plain('tx.out.2')],
  purged: plain('purged'),
  /** Deleted and declared again all the time. */
  swapped: plain('swapped'),
  dead: [plain('delay.dead'), plain('expiring.dead'), plain('work.dead'), plain('window.dead')],
} as const;

/** Where consumers publish what tells them that their acknowledgements are safe. */
export const FENCE = 'fence';
/** Fanout exchanges. */
export const FAN = 'fan';
/** Leads to the other one. */
export const FAN_IN = 'fan.in';
export const TRANSACTION_FAN = 'tx.fan';

export function allQueues(): readonly QueueTraits[] {
  return Object.values(QUEUES).flat();
}

export function argumentsOf({ priorities, ttl, maxLength, deadTo }: QueueTraits): Plain {
  return {
    ...(priorities > 0 ? { 'x-max-priority': priorities } : {}),
    ...(ttl < Infinity ? { 'x-message-ttl': ttl } : {}),
    ...(maxLength < Infinity ? { 'x-max-length': maxLength } : {}),
    ...(deadTo === undefined ? {} : { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': deadTo }),
  };
}
