/**
 * A message as the broker keeps it: the bytes that came off the wire, and the few facts that routing and
 * queueing need. Shared by every queue it was routed to; never changed after it was made.
 *
 *   bytes: ... | exchange shortstr | routing key shortstr | property flags + list | body | ...
 *              ^ start                                     ^ properties           ^ body  ^ end
 */
export class Message {
  /** Often a shared slab: only [start, end) belongs to this message. */
  readonly bytes: Buffer;
  readonly start: number;
  readonly properties: number;
  readonly body: number;
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
    properties: number,
    body: number,
    end: number,
    persistent: boolean,
    priority: number,
    expiration: number,
    arrivedAt: number,
  ) {
    this.bytes = bytes;
    this.start = start;
    this.properties = properties;
    this.body = body;
    this.end = end;
    this.persistent = persistent;
    this.priority = priority;
    this.expiration = expiration;
    this.arrivedAt = arrivedAt;
  }

  get bodyLength(): number {
    return this.end - this.body;
  }

  get exchange(): string {
    const length = this.bytes[this.start] as number;
    return this.bytes.toString('utf8', this.start + 1, this.start + 1 + length);
  }

  get routingKey(): string {
    const at = this.start + 1 + (this.bytes[this.start] as number);
    const length = this.bytes[at] as number;
    return this.bytes.toString('utf8', at + 1, at + 1 + length);
  }
}
