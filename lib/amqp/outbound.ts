import type { Turn, TurnTask } from '../base/turn.js';
import type { Message } from '../store/message.js';
import { FRAME, FRAME_END, FRAME_OVERHEAD } from '../wire/constants.js';
import { encodeMethod } from '../wire/method-codec.js';
import type { MethodArgs, MethodName } from '../wire/methods.js';
import type { BufferPool } from './buffer-pool.js';
import type { Transport } from './transport.js';

const FRAME_HEADER = 7;
/** basic.deliver's payload without its strings: ids 4, delivery tag 8, redelivered 1, and the tag's length octet. */
const DELIVER_FIXED = 14;
const DELIVER_ID = (60 << 16) | 60;
/** Up to here a loop copies faster than a call does (see bench/micro), octets. */
const LOOP_COPY = 40;
/** Bodies from here on are handed to the socket as they are, octets. */
const DIRECT_BODY = 16_384;
/** A body this large goes in pieces of any size as it is: a copy of it would cost more than the pieces do. Octets. */
const LARGE_BODY = 262_144;
/** Written and not taken by the client: above this, consumers of the connection wait. Octets. */
const CONGESTED = 512 * 1024;
/** Less than this, written behind something that the transport still holds, is copied to its size. Octets. */
const SMALL_WRITE = 32_768;

/**
 * Everything a connection sends: gathered during a turn, written once at its end. While the transport is full it is
 * gathered on, so that what a client does not read costs little more memory than it has octets.
 */
export class Outbound implements TurnTask {
  readonly #transport: Transport;
  readonly #pool: BufferPool;
  readonly #turn: Turn;
  /** Gathers in [#from, #at); what stands before #from is ahead already. */
  #buffer: Buffer | undefined;
  #from = 0;
  #at = 0;
  /** What goes out before #buffer: parts of buffers, and direct bodies. */
  #ahead: Buffer[] = [];
  #aheadBytes = 0;
  /** Full buffers that parts of #ahead stand in. */
  #full: Buffer[] = [];
  #scheduled = false;
  #closed = false;
  /** What the transport had not sent after the last write, octets. */
  #unsent = 0;
  /** Somebody was told to wait. */
  #heldBack = false;
  readonly #relieved: () => void;
  /** Largest payload of a body frame, octets. */
  maxPayload = 4096 - FRAME_OVERHEAD;
  /** Something was written since this was last set to false; the heartbeat's question. */
  active = false;

  /** @param relieved called when `congested` has been true and is not any more */
  constructor(transport: Transport, pool: BufferPool, turn: Turn, relieved: () => void) {
    this.#relieved = relieved;
    this.#transport = transport;
    this.#pool = pool;
    this.#turn = turn;
  }

  /** Octets that the client has not taken yet. */
  get pending(): number {
    return this.#unsent + this.#aheadBytes + this.#at - this.#from;
  }

  /** The client takes less than it is sent: whoever can wait has to. */
  get congested(): boolean {
    if (this.pending <= CONGESTED) return false;
    this.#heldBack = true;
    return true;
  }

  /** The transport sent everything. */
  drained(): void {
    this.#unsent = 0;
    if (this.#closed) return;
    this.#write();
  }

  method<N extends MethodName>(channel: number, name: N, args: MethodArgs<N>): void {
    const payload = encodeMethod(name, args);
    const at = this.#frame(FRAME.method, channel, payload.length);
    const buffer = this.#buffer as Buffer;
    buffer.set(payload, at);
    buffer[at + payload.length] = FRAME_END;
  }

  heartbeat(): void {
    const at = this.#frame(FRAME.heartbeat, 0, 0);
    (this.#buffer as Buffer)[at] = FRAME_END;
  }

  /** Bytes that are not frames: the protocol header. */
  raw(bytes: Buffer): void {
    const at = this.#reserve(bytes.length);
    (this.#buffer as Buffer).set(bytes, at);
  }

  /** basic.deliver with its content. `tag` is the consumer tag as encoded, with its length octet. */
  deliver(channel: number, tag: Buffer, deliveryTag: number, redelivered: boolean, message: Message): void {
    const keys = message.header - 2 - message.start;
    const payload = DELIVER_FIXED - 1 + tag.length + keys;
    let at = this.#frame(FRAME.method, channel, payload);
    const buffer = this.#buffer as Buffer;
    writeUint32(buffer, at, DELIVER_ID);
    at = copySmall(tag, 0, tag.length, buffer, at + 4);
    writeUint32(buffer, at, Math.floor(deliveryTag / 0x1_0000_0000));
    writeUint32(buffer, at + 4, deliveryTag);
    buffer[at + 8] = redelivered ? 1 : 0;
    at = copySmall(message.bytes, message.start, message.start + keys, buffer, at + 9);
    buffer[at] = FRAME_END;
    this.content(channel, message);
  }

  /** The header and body frames of a message. */
  content(channel: number, message: Message): void {
    const { bytes, header, headerEnd, end } = message;
    const size = end - header;
    if (size > DIRECT_BODY || message.bodyLength > this.maxPayload) {
      this.#largeContent(channel, message);
      return;
    }
    const at = this.#reserve(size);
    const buffer = this.#buffer as Buffer;
    if (size <= LOOP_COPY) copySmall(bytes, header, end, buffer, at);
    else bytes.copy(buffer, at, header, end);
    writeChannel(buffer, at + 1, channel);
    if (end > headerEnd) writeChannel(buffer, at + (headerEnd - header) + 1, channel);
  }

  runTurn(): void {
    this.#scheduled = false;
    // The transport is bound to tell when it has room again.
    if (!this.#closed && !this.#transport.isFull) this.#write();
  }

  /** Sends what is there and closes. */
  end(): void {
    if (this.#closed) return;
    this.#write();
    this.#closed = true;
    this.#transport.end();
  }

  /** Forgets what is there. */
  close(): void {
    this.#closed = true;
    this.#ahead = [];
    this.#aheadBytes = 0;
    this.#release();
  }

  #largeContent(channel: number, message: Message): void {
    const { bytes, header, headerEnd, body } = message;
    const at = this.#reserve(headerEnd - header);
    const buffer = this.#buffer as Buffer;
    bytes.copy(buffer, at, header, headerEnd);
    writeChannel(buffer, at + 1, channel);
    const bodyEnd = body + message.bodyLength;
    const direct = message.bodyLength >= LARGE_BODY ? 0 : DIRECT_BODY;
    for (let from = body; from < bodyEnd; from += this.maxPayload) {
      this.#bodyFrame(channel, bytes, from, Math.min(bodyEnd, from + this.maxPayload), direct);
    }
  }

  /** @param direct fewer octets than this are copied */
  #bodyFrame(channel: number, bytes: Buffer, from: number, to: number, direct: number): void {
    const size = to - from;
    if (size < direct) {
      const at = this.#frame(FRAME.body, channel, size);
      const buffer = this.#buffer as Buffer;
      bytes.copy(buffer, at, from, to);
      buffer[at + size] = FRAME_END;
      return;
    }
    this.#frameHeader(FRAME.body, channel, size, FRAME_HEADER);
    this.#push(bytes.subarray(from, to));
    const at = this.#reserve(1);
    (this.#buffer as Buffer)[at] = FRAME_END;
  }

  /** Room for a whole frame, its header written; returns where the payload goes. */
  #frame(type: number, channel: number, size: number): number {
    return this.#frameHeader(type, channel, size, size + FRAME_OVERHEAD);
  }

  #frameHeader(type: number, channel: number, size: number, room: number): number {
    const at = this.#reserve(room);
    const buffer = this.#buffer as Buffer;
    buffer[at] = type;
    writeChannel(buffer, at + 1, channel);
    writeUint32(buffer, at + 3, size);
    return at + FRAME_HEADER;
  }

  #reserve(octets: number): number {
    if (!this.#scheduled) this.#schedule();
    let buffer = this.#buffer;
    if (buffer === undefined || buffer.length - this.#at < octets) buffer = this.#nextBuffer(octets);
    const at = this.#at;
    this.#at = at + octets;
    return at;
  }

  #schedule(): void {
    this.#scheduled = true;
    this.active = true;
    this.#turn.flush(this);
  }

  #nextBuffer(octets: number): Buffer {
    this.#putAhead();
    if (this.#buffer !== undefined) this.#full.push(this.#buffer);
    this.#from = this.#at = 0;
    const pooled = this.#pool.take();
    const fits = pooled.length >= octets;
    if (!fits) this.#pool.give(pooled);
    this.#buffer = fits ? pooled : Buffer.allocUnsafeSlow(octets);
    return this.#buffer;
  }

  /** `bytes` goes out as it is, after everything gathered so far. */
  #push(bytes: Buffer): void {
    this.#putAhead();
    this.#ahead.push(bytes);
    this.#aheadBytes += bytes.length;
  }

  #putAhead(): void {
    if (this.#buffer === undefined || this.#at === this.#from) return;
    this.#ahead.push(this.#buffer.subarray(this.#from, this.#at));
    this.#aheadBytes += this.#at - this.#from;
    this.#from = this.#at;
  }

  #write(): void {
    if (this.#ahead.length > 0) {
      this.#putAhead();
      this.#transport.writeAll(this.#ahead);
      this.#ahead = [];
      this.#aheadBytes = 0;
    } else if (this.#buffer !== undefined && this.#at > 0) this.#writeOne(this.#buffer);
    this.#release();
    this.#relieve();
  }

  /** A buffer that only follows others to the socket would be kept whole for the sake of a few octets. */
  #writeOne(buffer: Buffer): void {
    const bytes = buffer.subarray(0, this.#at);
    if (this.#transport.pending === 0 || bytes.length > SMALL_WRITE) {
      this.#transport.write(bytes);
      return;
    }
    const own = Buffer.allocUnsafeSlow(bytes.length);
    bytes.copy(own);
    this.#transport.write(own);
    this.#pool.give(buffer);
    this.#buffer = undefined;
  }

  #relieve(): void {
    if (!this.#heldBack || this.congested) return;
    this.#heldBack = false;
    this.#relieved();
  }

  /** If the transport took everything the buffers are free for other connections; otherwise it keeps them. */
  #release(): void {
    this.#unsent = this.#transport.pending;
    if (this.#unsent === 0) {
      if (this.#buffer !== undefined) this.#pool.give(this.#buffer);
      for (const buffer of this.#full) this.#pool.give(buffer);
    }
    this.#buffer = undefined;
    this.#from = this.#at = 0;
    if (this.#full.length > 0) this.#full = [];
  }
}

function writeChannel(buffer: Buffer, at: number, channel: number): void {
  buffer[at] = channel >>> 8;
  buffer[at + 1] = channel;
}

function writeUint32(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value >>> 24;
  buffer[at + 1] = value >>> 16;
  buffer[at + 2] = value >>> 8;
  buffer[at + 3] = value;
}

function copySmall(from: Buffer, start: number, end: number, to: Buffer, at: number): number {
  for (let i = start; i < end; i++) to[at++] = from[i] as number;
  return at;
}
