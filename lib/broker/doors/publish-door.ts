import { brokerError } from '../../base/errors.js';
import type { Message } from '../../store/message.js';
import { SAFE } from '../../store/message-store.js';
import type { FieldTable } from '../../wire/values.js';
import type { AuthorizedVhost } from '../authorized-vhost.js';
import { isReplyKey, type ReplyTarget } from '../direct-reply.js';
import { publish } from '../publish.js';
import type { Queue } from '../queue.js';
import { route } from '../router.js';

/** Where messages of one exchange and routing key go, and that this user may send them there. */
export interface PublishRoute {
  readonly exchange: string;
  readonly routingKey: string;
  /** Where the message goes if its headers have no say. */
  readonly queues: readonly Queue[];
  /** Headers have a say: `queues` is not the answer. */
  readonly readsHeaders: boolean;
  /** The channel that a direct reply goes to; undefined with `isReply` where it is gone. */
  readonly reply: ReplyTarget | undefined;
  readonly isReply: boolean;
  readonly vhostVersion: number;
  readonly usersVersion: number;
}

/** Routes remembered per connection; clients can make up any number of routing keys. */
const ROUTES_LIMIT = 2048;
/** A route to so many queues counts as one more. */
const QUEUES_PER_ROUTE = 64;

/** Publishing, with every check. */
export class PublishDoor {
  readonly #door: AuthorizedVhost;
  /** By exchange, then by routing key. */
  readonly #routes = new Map<string, Map<string, PublishRoute>>();
  #count = 0;
  #newest: PublishRoute | undefined;

  constructor(door: AuthorizedVhost) {
    this.#door = door;
  }

  /** Routes that are remembered. */
  get routeCount(): number {
    let count = 0;
    for (const byKey of this.#routes.values()) count += byKey.size;
    return count;
  }

  /** Throws noExchange, internalExchange, accessRefused, topicRefused. */
  route(exchange: string, routingKey: string): PublishRoute {
    const known = this.#routes.get(exchange)?.get(routingKey);
    if (known !== undefined && this.isCurrent(known)) return known;
    const fresh = this.#resolve(exchange, routingKey);
    if (!fresh.isReply) this.#remember(fresh);
    return fresh;
  }

  isCurrent(known: PublishRoute): boolean {
    const { vhost, broker } = this.#door;
    return known.vhostVersion === vhost.version && known.usersVersion === broker.users.version;
  }

  /** The queues of a message whose headers have a say, or that names further routing keys. */
  routeBy(
    known: PublishRoute,
    extraKeys: readonly string[],
    headers: FieldTable | undefined,
  ): readonly Queue[] {
    for (const key of extraKeys) this.#door.requireTopic('write', known.exchange, key);
    return route(this.#door.vhost, known.exchange, [known.routingKey, ...extraKeys], headers).queues;
  }

  /** Returns the commit batch to wait for, SAFE, or REFUSED. */
  publish(message: Message, queues: readonly Queue[]): number {
    return queues.length === 0 ? SAFE : publish(this.#door.broker.messages, message, queues);
  }

  #resolve(exchange: string, routingKey: string): PublishRoute {
    const { vhost, broker } = this.#door;
    this.#door.require('write', 'exchange', exchange);
    const source = vhost.exchange(exchange);
    if (source === undefined) throw brokerError('noExchange', exchange, vhost.name);
    if (source.definition.internal) throw brokerError('internalExchange', exchange, vhost.name);
    this.#door.requireTopic('write', exchange, routingKey);
    const isReply = exchange === '' && isReplyKey(routingKey);
    const { queues, readsHeaders } = isReply
      ? { queues: [], readsHeaders: false }
      : route(vhost, exchange, [routingKey], undefined);
    return {
      exchange,
      routingKey,
      queues,
      readsHeaders,
      reply: isReply ? broker.replies.find(routingKey) : undefined,
      isReply,
      vhostVersion: vhost.version,
      usersVersion: broker.users.version,
    };
  }

  #remember(fresh: PublishRoute): void {
    const newest = this.#newest;
    const outdated = newest !== undefined && !this.isCurrent(newest);
    this.#newest = fresh;
    // Every route of an older version is void, and would keep deleted queues in memory.
    if (outdated || this.#count >= ROUTES_LIMIT) {
      this.#routes.clear();
      this.#count = 0;
    }
    let byKey = this.#routes.get(fresh.exchange);
    if (byKey === undefined) this.#routes.set(fresh.exchange, (byKey = new Map()));
    if (!byKey.has(fresh.routingKey)) this.#count += 1 + Math.floor(fresh.queues.length / QUEUES_PER_ROUTE);
    byKey.set(fresh.routingKey, fresh);
  }
}
