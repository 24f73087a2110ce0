import type { Message } from '../store/message.js';
import type { MessageStore, QueueStore } from '../store/message-store.js';
import type { Queue } from './queue.js';

/** In place of a batch: a full queue did not take the message, and its publisher has to know. */
export const REFUSED = -1;

/**
 * Puts the message into each queue, but for those that are full and refuse. Returns the commit batch to wait for
 * before anyone is told that the message is safe (SAFE for none), or REFUSED if a queue refused it.
 */
export function publish(messages: MessageStore, message: Message, queues: readonly Queue[]): number {
  const only = queues.length === 1 ? (queues[0] as Queue) : undefined;
  if (only?.isPlain) {
    const batch = messages.append(message, only.levels);
    only.arrived(message);
    return batch;
  }
  return publishToMany(messages, message, queues);
}

function publishToMany(messages: MessageStore, message: Message, queues: readonly Queue[]): number {
  const open: Queue[] = [];
  const stores: QueueStore[] = [];
  for (const queue of queues) {
    if (queue.refuse(message)) continue;
    open.push(queue);
    stores.push(queue.levelOf(message));
  }
  const batch = messages.append(message, stores);
  for (const queue of open) queue.arrived(message);
  return open.length < queues.length ? REFUSED : batch;
}
