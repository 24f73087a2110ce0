import { decodeText, encodeText } from '../wire/values.js';

/** Where frames stand inside a message's bytes. [AMQP 4.2.3] */
const FRAME_HEADER = 7;
const FRAME_END = 1;
/** Content header frame: class id, weight and body size stand before the property flags. */
const BEFORE_PROPERTIES = FRAME_HEADER + 2 + 2 + 8;
/** The flags octet of basic.publish and its frame end, left in place between routing key and header frame. */
const KEY_GAP = 2;

/**
 * A message as the broker keeps it: the bytes that came off the wire, and the few facts that routing and queueing
 * need. Shared by every queue it was routed to; never changed after it was made.
 *
 * The bytes in [start, end) are self-describing and in the order in which a publisher sends them, so that a publish
 * that arrived in one piece is kept with one copy and delivered with two:
 *
 *   exchange shortstr | routing key shortstr | 2 octets | content header frame | body frame (absent when empty)
 *   ^ start                                             ^ header               ^ headerEnd                     ^ end
 *
 * A body that came in several frames stands here as one frame, whatever its length.
 */
export class Message {
  /** Often a shared slab: only [start, end) belongs to this message. */
  readonly bytes: Buffer;
  readonly start: number;
  readonly header: number;
  readonly headerEnd: number;
  readonly end: number;
  /** delivery_mode 2: kept through a restart by durable queues. */
  readonly persistent: boolean;
  /** 0..255, 0 when absent. */
  readonly priority: number;
  /** The `expiration` property in milliseconds, -1 when absent. */
  readonly expiration: number;
  /** Wall time in milliseconds at which the broker accepted it. */
  readonly arrivedAt: number;

  constructor(
    bytes: Buffer,
    start: number,
    header: number,
    headerEnd: number,
    end: number,
    persistent: boolean,
    priority: number,
    expiration: number,
    arrivedAt: number,
  ) {
    this.bytes = bytes;
    this.start = start;
    this.header = header;
    this.headerEnd = headerEnd;
    this.end = end;
    this.persistent = persistent;
    this.priority = priority;
    this.expiration = expiration;
    this.arrivedAt = arrivedAt;
  }

  /** The same message where its bytes were copied to. */
  movedTo(bytes: Buffer, start: number): Message {
    const by = start - this.start;
    return new Message(
      bytes,
      start,
      this.header + by,
      this.headerEnd + by,
      this.end + by,
      this.persistent,
      this.priority,
      this.expiration,
      this.arrivedAt,
    );
  }

  /** Octets of the body. */
  get bodyLength(): number {
    return this.end === this.headerEnd ? 0 : this.end - this.headerEnd - FRAME_HEADER - FRAME_END;
  }

  /** Where the body begins (or would). */
  get body(): number {
    return this.end === this.headerEnd ? this.end : this.headerEnd + FRAME_HEADER;
  }

  /** Where the property flags begin; the property list ends at `headerEnd - 1`. */
  get properties(): number {
    return this.header + BEFORE_PROPERTIES;
  }

  get propertiesEnd(): number {
    return this.headerEnd - FRAME_END;
  }

  get exchange(): string {
    const length = this.bytes[this.start] as number;
    return decodeText(this.bytes, this.start + 1, this.start + 1 + length);
  }

  get routingKey(): string {
    const at = this.start + 1 + (this.bytes[this.start] as number);
    const length = this.bytes[at] as number;
    return decodeText(this.bytes, at + 1, at + 1 + length);
  }
}

/** The facts about a message that do not stand in its bytes' fixed places. */
export interface MessageFacts {
  readonly persistent: boolean;
  readonly priority: number;
  readonly expiration: number;
  readonly arrivedAt: number;
}

/** Finds its way through the bytes in [start, end), which must have been written from a {@link Message}. */
export function messageAt(bytes: Buffer, start: number, end: number, facts: MessageFacts): Message {
  const keyAt = start + 1 + (bytes[start] as number);
  const header = keyAt + 1 + (bytes[keyAt] as number) + KEY_GAP;
  const headerEnd = header + FRAME_HEADER + bytes.readUInt32BE(header + 3) + FRAME_END;
  return new Message(
    bytes,
    start,
    header,
    headerEnd,
    end,
    facts.persistent,
    facts.priority,
    facts.expiration,
    facts.arrivedAt,
  );
}

/** Puts a message together from its parts, in a buffer of its own. `properties` are flags and list. */
export function composeMessage(
  exchange: string,
  routingKey: string,
  properties: Uint8Array,
  body: Uint8Array,
  facts: MessageFacts,
): Message {
  const exchangeText = encodeText(exchange);
  const keyText = encodeText(routingKey);
  const exchangeLength = exchangeText.length;
  const keyLength = keyText.length;
  const header = 2 + exchangeLength + keyLength + KEY_GAP;
  const headerEnd = header + BEFORE_PROPERTIES + properties.length + FRAME_END;
  const end = body.length === 0 ? headerEnd : headerEnd + FRAME_HEADER + body.length + FRAME_END;
  const bytes = Buffer.alloc(end);
  bytes[0] = exchangeLength;
  bytes.set(exchangeText, 1);
  bytes[1 + exchangeLength] = keyLength;
  bytes.set(keyText, 2 + exchangeLength);
  bytes[header - 1] = 0xce;
  bytes[header] = 2;
  bytes.writeUInt32BE(12 + properties.length, header + 3);
  bytes.writeUInt16BE(60, header + FRAME_HEADER);
  bytes.writeUInt32BE(Math.floor(body.length / 2 ** 32), header + FRAME_HEADER + 4);
  bytes.writeUInt32BE(body.length >>> 0, header + FRAME_HEADER + 8);
  bytes.set(properties, header + BEFORE_PROPERTIES);
  bytes[headerEnd - 1] = 0xce;
  if (body.length > 0) {
    bytes[headerEnd] = 3;
    bytes.writeUInt32BE(body.length, headerEnd + 3);
    bytes.set(body, headerEnd + FRAME_HEADER);
    bytes[end - 1] = 0xce;
  }
  return messageAt(bytes, 0, end, facts);
}
