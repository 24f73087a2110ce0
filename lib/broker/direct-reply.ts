import { randomBytes } from 'node:crypto';
import type { Message } from '../store/message.js';

/** The queue that a client consumes from, and names in reply_to, to get answers without a queue. [RMQ direct reply-to] */
export const REPLY_QUEUE = 'amq.rabbitmq.reply-to';
const PREFIX = `${REPLY_QUEUE}.`;

/** Where answers go. Implemented by the channel that asked. */
export interface ReplyTarget {
  reply(message: Message): void;
}

/** Channels that wait for answers, by the token that stands in their requests' reply_to. */
export class ReplyRegistry {
  readonly #targets = new Map<string, ReplyTarget>();

  /** Returns the routing key that leads to `target` until `remove`. It cannot be guessed. */
  add(target: ReplyTarget): string {
    const key = PREFIX + randomBytes(18).toString('base64url');
    this.#targets.set(key, target);
    return key;
  }

  remove(key: string): void {
    this.#targets.delete(key);
  }

  find(key: string): ReplyTarget | undefined {
    return this.#targets.get(key);
  }
}

/** Whether a routing key, or the name of a queue, is one that `ReplyRegistry.add` could have made. */
export function isReplyKey(name: string): boolean {
  return name.startsWith(PREFIX);
}
