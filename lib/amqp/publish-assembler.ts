import { brokerError } from '../base/errors.js';
import { FRAME, FRAME_END } from '../wire/constants.js';
import { frameText, octetsText } from '../wire/octets-text.js';

const FRAME_HEADER = 7;
/** Payload of basic.publish before the exchange name: ids and the reserved short. */
const BEFORE_KEYS = 6;
/** The content header's payload before the property flags. */
const BEFORE_PROPERTIES = 12;
const BASIC = 60;
/** A body that was only announced is given no more than this, octets. */
const FIRST_BODY = 1024;
/** Its buffer has room for so many times what has come of it. */
const GROWTH = 4;

const State = { idle: 0, header: 1, body: 2 } as const;

/**
 * Puts one publish together from its method, header and body frames. If they follow each other in one chunk nothing is
 * copied: [start, end) of `bytes` is what a Message wants. Otherwise the parts are gathered in a buffer laid out the
 * same way. One per channel; the result is valid until the next `begin`.
 */
export class PublishAssembler {
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  header = 0;
  headerEnd = 0;
  end = 0;
  mandatory = false;
  immediate = false;
  /** `bytes` belongs to this publish alone and may be kept. */
  owned = false;
  #state: (typeof State)[keyof typeof State] = State.idle;
  #keysEnd = 0;
  #bodySize = 0;
  #received = 0;
  readonly #maxSize: number;

  /** @param maxSize largest body, octets */
  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /** A publish has begun and is not complete. */
  get busy(): boolean {
    return this.#state !== State.idle;
  }

  get awaitsHeader(): boolean {
    return this.#state === State.header;
  }

  get bodySize(): number {
    return this.#bodySize;
  }

  /** The method frame of basic.publish, payload [start, end). Throws malformedMethod. */
  begin(bytes: Buffer, start: number, end: number): void {
    const exchange = start + BEFORE_KEYS;
    const key = exchange + 1 + (exchange < end ? (bytes[exchange] as number) : 0);
    const keysEnd = key + 1 + (key < end ? (bytes[key] as number) : 0);
    if (keysEnd !== end - 1)
      throw brokerError('malformedMethod', `cannot decode ${octetsText(bytes, start + 4, end)}`);
    const flags = bytes[keysEnd] as number;
    this.mandatory = (flags & 1) !== 0;
    this.immediate = (flags & 2) !== 0;
    this.bytes = bytes;
    this.owned = false;
    this.start = exchange;
    this.#keysEnd = keysEnd;
    this.#received = 0;
    this.#bodySize = 0;
    this.#state = State.header;
  }

  /** A header frame. True: the publish is complete. Throws unexpectedFrame, malformedFrame. */
  onHeader(bytes: Buffer, start: number, end: number): boolean {
    if (end - start < BEFORE_PROPERTIES) {
      throw brokerError('malformedFrame', `${frameText(FRAME.header, bytes, start, end)}: unknown_frame`);
    }
    if (this.#state === State.idle) throw brokerError('unexpectedFrame', NO_METHOD);
    if (this.#state === State.body) throw brokerError('unexpectedFrame', NO_BODY);
    const classId = bytes.readUInt16BE(start);
    if (bytes.readUInt16BE(start + 2) !== 0) throw brokerError('unexpectedFrame', NO_HEADER);
    if (classId !== BASIC) {
      throw brokerError(
        'unexpectedFrame',
        `expected content header for class ${BASIC}, got one for class ${classId} instead`,
      );
    }
    this.#bodySize = bytes.readUInt32BE(start + 4) * 0x1_0000_0000 + bytes.readUInt32BE(start + 8);
    this.#placeHeader(bytes, start - FRAME_HEADER, end + 1);
    this.#state = State.body;
    return this.#bodySize === 0 && this.#complete();
  }

  /** A body frame. True: the publish is complete. Throws unexpectedFrame. */
  onBody(bytes: Buffer, start: number, end: number): boolean {
    if (this.#state === State.idle) throw brokerError('unexpectedFrame', NO_METHOD);
    if (this.#state === State.header) throw brokerError('unexpectedFrame', NO_HEADER);
    const size = end - start;
    if (size === this.#bodySize && bytes === this.bytes && start - FRAME_HEADER === this.headerEnd) {
      this.end = end + 1;
      return this.#complete();
    }
    if (this.#bodySize > this.#maxSize) return this.#skip(size);
    if (!this.owned) this.park();
    return this.#append(bytes, start, end);
  }

  /** The bytes seen so far are about to go: keeps what an unfinished publish needs of them, and of a finished one nothing. */
  park(): void {
    if (this.#state === State.idle) this.bytes = EMPTY;
    if (this.#state === State.idle || this.owned) return;
    const keys = this.#keysEnd - this.start;
    const header = keys + 2;
    const headerSize = this.#state === State.body ? this.headerEnd - this.header : 0;
    const room = this.#state === State.body ? this.#firstRoom(header + headerSize) : header;
    const own = Buffer.allocUnsafeSlow(room);
    this.bytes.copy(own, 0, this.start, this.#keysEnd);
    own[keys] = 0;
    own[keys + 1] = FRAME_END;
    if (headerSize > 0) this.bytes.copy(own, header, this.header, this.headerEnd);
    this.bytes = own;
    this.owned = true;
    this.start = 0;
    this.#keysEnd = keys;
    this.header = header;
    this.headerEnd = header + headerSize;
  }

  /** Gives up what was begun. */
  reset(): void {
    this.#state = State.idle;
    this.bytes = EMPTY;
  }

  #placeHeader(bytes: Buffer, frameStart: number, frameEnd: number): void {
    if (bytes === this.bytes && frameStart === this.#keysEnd + 2) {
      this.header = frameStart;
      this.headerEnd = frameEnd;
      return;
    }
    if (!this.owned) this.park();
    const size = frameEnd - frameStart;
    const own = Buffer.allocUnsafeSlow(this.#firstRoom(this.header + size));
    this.bytes.copy(own, 0, 0, this.header);
    bytes.copy(own, this.header, frameStart, frameEnd);
    this.bytes = own;
    this.headerEnd = this.header + size;
  }

  /** Octets for a publish whose body has not arrived, given what stands before the body. */
  #firstRoom(before: number): number {
    if (this.#bodySize === 0 || this.#bodySize > this.#maxSize) return before;
    return before + FRAME_HEADER + Math.min(this.#bodySize, FIRST_BODY) + 1;
  }

  #append(bytes: Buffer, start: number, end: number): boolean {
    const from = this.#received;
    const total = from + end - start;
    this.#received = total;
    // Once there is more than was announced the body never ends: the next method finds that out.
    if (total > this.#bodySize) return false;
    const body = this.headerEnd + FRAME_HEADER;
    this.#reserve(body + total + 1, body + from);
    bytes.copy(this.bytes, body + from, start, end);
    if (total < this.#bodySize) return false;
    const own = this.bytes;
    own[this.headerEnd] = FRAME.body;
    own.writeUInt16BE(0, this.headerEnd + 1);
    own.writeUInt32BE(total, this.headerEnd + 3);
    own[body + total] = FRAME_END;
    this.end = body + total + 1;
    return this.#complete();
  }

  /** Too large to be kept at all; its end is still waited for, so that the error comes where RabbitMQ's does. */
  #skip(size: number): boolean {
    this.#received += size;
    if (this.#received !== this.#bodySize) return false;
    this.end = this.headerEnd;
    return this.#complete();
  }

  /** Makes room for so many octets, of which the first `used` are there. */
  #reserve(octets: number, used: number): void {
    if (this.bytes.length >= octets) return;
    const before = this.headerEnd + FRAME_HEADER + 1;
    const larger = Buffer.allocUnsafeSlow(before + Math.min(this.#bodySize, this.#received * GROWTH));
    this.bytes.copy(larger, 0, 0, used);
    this.bytes = larger;
  }

  #complete(): true {
    if (this.#bodySize === 0) this.end = this.headerEnd;
    this.#state = State.idle;
    return true;
  }
}

const EMPTY = Buffer.alloc(0);
const NO_METHOD = 'expected method frame, got non method frame instead';
const NO_HEADER = 'expected content header for class 60, got non content header frame instead';
const NO_BODY = 'expected content body, got non content body frame instead';

/** What the channel says when a method arrives in the middle of a publish. */
export function interruption(assembler: PublishAssembler): string {
  return assembler.awaitsHeader ? NO_HEADER : NO_BODY;
}
