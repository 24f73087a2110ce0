import { brokerError } from '../base/errors.js';
import { REPLY_QUEUE } from '../broker/direct-reply.js';
import type { PublishRoute } from '../broker/doors/publish-door.js';
import type { AuthorizedVhost } from '../broker/authorized-vhost.js';
import { keysOf } from '../broker/message-headers.js';
import type { Queue } from '../broker/queue.js';
import { composeMessage, Message } from '../store/message.js';
import { decodeProperties, encodeProperties, PropertyScan, scanProperties } from '../wire/properties.js';
import { decodeTable, decodeText, type FieldTable, WireError } from '../wire/values.js';
import { expirationOf } from './expiration.js';
import type { MessageArena } from './message-arena.js';
import { PublishAssembler } from './publish-assembler.js';

const PERSISTENT = 2;
const PROPERTIES = 7 + 12;

/** A message on its way in, and where it goes. */
export interface Publish {
  readonly message: Message;
  readonly route: PublishRoute;
  readonly queues: readonly Queue[];
}

/** Connection-wide facts that publishing needs. */
export interface PublishContext {
  readonly door: AuthorizedVhost;
  readonly arena: MessageArena;
  /** Largest body, octets. */
  readonly maxMessageSize: number;
  /** Wall time of the chunk at hand, milliseconds since the epoch. */
  now: number;
}

/** Turns complete publishes of one channel into messages with their targets. The hot path of the broker. */
export class Publisher {
  readonly assembler: PublishAssembler;
  readonly #context: PublishContext;
  readonly #scan = new PropertyScan();
  /** Exchange and routing key of the last publish, as received, and where they lead. */
  #lastKeys = Buffer.alloc(0);
  #lastRoute: PublishRoute | undefined;
  /** Set while a consumer of direct replies is on this channel: the key that leads to it. */
  replyKey: string | undefined;

  constructor(context: PublishContext) {
    this.#context = context;
    this.assembler = new PublishAssembler(context.maxMessageSize);
  }

  /** Takes what the assembler completed. Throws every error of basic.publish. */
  take(): Publish {
    const { assembler } = this;
    if (assembler.immediate) throw brokerError('notImplemented', 'immediate=true');
    if (assembler.bodySize > this.#context.maxMessageSize) {
      throw brokerError('messageTooLarge', assembler.bodySize, this.#context.maxMessageSize);
    }
    const route = this.#route();
    this.#scanProperties();
    const { headersStart, headersEnd } = this.#scan;
    if (this.#scan.userIdStart >= 0) this.#checkUser();
    const message = this.#message();
    if (headersStart >= 0 && (route.readsHeaders || this.#mayNameKeys(headersStart, headersEnd))) {
      return this.#takeByHeaders(message, route, decodeTable(assembler.bytes, headersStart, headersEnd));
    }
    if (this.#scan.replyToStart >= 0 && this.#asksForDirectReply()) return this.#takeRequest(message, route);
    const queues = route.readsHeaders
      ? this.#context.door.publishing.routeBy(route, [], undefined)
      : route.queues;
    return { message, route, queues };
  }

  #route(): PublishRoute {
    const { bytes, start, header } = this.assembler;
    const last = this.#lastRoute;
    if (last !== undefined && this.#isLast(bytes, start, header - 2)) {
      if (this.#context.door.publishing.isCurrent(last)) return last;
    }
    const keyAt = start + 1 + (bytes[start] as number);
    const exchange = decodeText(bytes, start + 1, keyAt);
    const routingKey = decodeText(bytes, keyAt + 1, header - 2);
    const route = this.#context.door.publishing.route(exchange, routingKey);
    if (route.isReply) return route;
    this.#lastKeys = Buffer.from(bytes.subarray(start, header - 2));
    this.#lastRoute = route;
    return route;
  }

  #isLast(bytes: Buffer, start: number, end: number): boolean {
    const last = this.#lastKeys;
    if (end - start !== last.length) return false;
    for (let i = 0; i < last.length; i++) if (bytes[start + i] !== last[i]) return false;
    return true;
  }

  #scanProperties(): void {
    const { bytes, header, headerEnd } = this.assembler;
    try {
      scanProperties(bytes, header + PROPERTIES, headerEnd - 1, this.#scan);
    } catch (error) {
      if (error instanceof WireError) throw brokerError('malformedContent');
      throw error;
    }
  }

  #checkUser(): void {
    const { bytes } = this.assembler;
    const given = decodeText(bytes, this.#scan.userIdStart, this.#scan.userIdEnd);
    const { name, tags } = this.#context.door.user;
    if (given !== name && !tags.includes('impersonator')) throw brokerError('userIdMismatch', given, name);
  }

  #message(): Message {
    const { bytes, start, header, headerEnd, end, owned } = this.assembler;
    const { deliveryMode, priority, expirationStart, expirationEnd } = this.#scan;
    const expiration =
      expirationStart < 0 ? -1 : expirationOf(bytes.toString('latin1', expirationStart, expirationEnd));
    const { arena, now } = this.#context;
    const persistent = deliveryMode === PERSISTENT;
    if (owned)
      return new Message(bytes, start, header, headerEnd, end, persistent, priority, expiration, now);
    const shift = arena.place(bytes, start, end) - start;
    return new Message(
      arena.bytes,
      start + shift,
      header + shift,
      headerEnd + shift,
      end + shift,
      persistent,
      priority,
      expiration,
      now,
    );
  }

  /** Whether a header could be CC or BCC; both have "CC" followed by their type. */
  #mayNameKeys(start: number, end: number): boolean {
    const { bytes } = this.assembler;
    for (let i = start; i < end - 1; i++) if (bytes[i] === 0x43 && bytes[i + 1] === 0x43) return true;
    return false;
  }

  #takeByHeaders(given: Message, route: PublishRoute, headers: FieldTable): Publish {
    for (const name of ['CC', 'BCC']) {
      const field = headers.get(name);
      if (field === undefined || field.type === 'array') continue;
      throw brokerError(
        'invalidHeader',
        `invalid message: {unacceptable_type_in_header,"${name}",${field.type}}`,
      );
    }
    const extraKeys = keysOf(headers, ['CC', 'BCC']);
    const queues = this.#context.door.publishing.routeBy(route, extraKeys, headers);
    const message = headers.has('BCC') ? withoutBcc(given, headers) : given;
    if (this.#scan.replyToStart >= 0 && this.#asksForDirectReply()) {
      return { ...this.#takeRequest(message, route), queues };
    }
    return { message, route, queues };
  }

  #asksForDirectReply(): boolean {
    const { bytes } = this.assembler;
    return bytes.toString('latin1', this.#scan.replyToStart, this.#scan.replyToEnd) === REPLY_QUEUE;
  }

  /** A request whose answer is to come to this channel: reply_to becomes the key that leads here. */
  #takeRequest(given: Message, route: PublishRoute): Publish {
    if (this.replyKey === undefined) throw brokerError('noReplyConsumer');
    const properties = decodeProperties(given.bytes, given.properties, given.propertiesEnd);
    const message = recompose(given, encodeProperties({ ...properties, replyTo: this.replyKey }));
    return { message, route, queues: route.queues };
  }
}

function withoutBcc(message: Message, headers: FieldTable): Message {
  const kept = new Map(headers);
  kept.delete('BCC');
  const properties = decodeProperties(message.bytes, message.properties, message.propertiesEnd);
  return recompose(message, encodeProperties({ ...properties, headers: kept }));
}

function recompose(message: Message, properties: Buffer): Message {
  const body = message.bytes.subarray(message.body, message.body + message.bodyLength);
  return composeMessage(message.exchange, message.routingKey, properties, body, message);
}
