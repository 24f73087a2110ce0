import { type Message, messageAt } from './message.js';
import { getUint48, putUint48, RECORD, RECORD_HEADER } from './record.js';
import type { RecordBuffer } from './record-buffer.js';

/**
 * A message record, behind the record header:
 *
 *   targets u16 | priority u8 | 0 u8 | arrivedAt u48 | [expiration u48] | targets x (queue u32, position u48)
 *   | [returns u32] | the message's bytes, [start, end) as in Message
 *
 * The parts in brackets are there when their flag is set. `returns` stands in segments only.
 */
export const MESSAGE_FLAG = { persistent: 1, expiration: 2, returns: 4 } as const;

const FIXED = RECORD_HEADER + 10;
export const TARGET_BYTES = 10;
const EXPIRATION_BYTES = 6;
/** From this many octets on the message's bytes are not copied into the buffer but written from where they are. */
const ATTACH_FROM = 16 * 1024;
/** Below this many octets a loop copies quicker than a call. */
const CALL_PAYS_FROM = 48;

/**
 * Writes a record for `message` up to its targets. To be followed by `targets` times {@link putTarget} and
 * {@link endMessage}. Returns where the record begins.
 */
export function beginMessage(
  buffer: RecordBuffer,
  message: Message,
  targets: number,
  returns: number,
): number {
  const expires = message.expiration >= 0;
  const length = message.end - message.start;
  let head = FIXED + targets * TARGET_BYTES;
  let flags = message.persistent ? MESSAGE_FLAG.persistent : 0;
  if (expires) {
    head += EXPIRATION_BYTES;
    flags |= MESSAGE_FLAG.expiration;
  }
  if (returns > 0) {
    head += 4;
    flags |= MESSAGE_FLAG.returns;
  }
  const room = length >= ATTACH_FROM ? head : head + length;
  const start = buffer.begin(RECORD.message, flags, room, head + length);
  const { view } = buffer;
  view.setUint16(start + 12, targets, true);
  view.setUint16(start + 14, message.priority, true);
  putUint48(view, start + 16, message.arrivedAt);
  if (expires) putUint48(view, start + FIXED, message.expiration);
  if (returns > 0) view.setUint32(start + head - 4, returns, true);
  return start;
}

export function putTarget(
  buffer: RecordBuffer,
  start: number,
  message: Message,
  index: number,
  queue: number,
  position: number,
): void {
  const at = start + FIXED + (message.expiration >= 0 ? EXPIRATION_BYTES : 0) + index * TARGET_BYTES;
  buffer.view.setUint32(at, queue, true);
  putUint48(buffer.view, at + 4, position);
}

export function endMessage(buffer: RecordBuffer, start: number, message: Message): void {
  const length = message.end - message.start;
  if (length >= ATTACH_FROM) {
    buffer.attach(start, message.bytes.subarray(message.start, message.end));
    return;
  }
  const to = buffer.bytes;
  const from = message.bytes;
  let at = buffer.at - length;
  if (length >= CALL_PAYS_FROM) from.copy(to, at, message.start, message.end);
  else for (let i = message.start; i < message.end; i++) to[at++] = from[i]!;
  buffer.seal(start);
}

/** Calls `visit` for each queue and position that the message record at `start` names. */
export function eachTarget(
  bytes: Buffer,
  start: number,
  visit: (queue: number, position: number, index: number) => void,
): void {
  const targets = bytes.readUInt16LE(start + 12);
  let at = start + FIXED + (bytes[start + 9]! & MESSAGE_FLAG.expiration ? EXPIRATION_BYTES : 0);
  for (let i = 0; i < targets; i++, at += TARGET_BYTES) {
    visit(bytes.readUInt32LE(at), getUint48(bytes, at + 4), i);
  }
}

/** The only target of a record in a segment. */
export function onlyTarget(bytes: Buffer, start: number): { queue: number; position: number } {
  const at = start + FIXED + (bytes[start + 9]! & MESSAGE_FLAG.expiration ? EXPIRATION_BYTES : 0);
  return { queue: bytes.readUInt32LE(at), position: getUint48(bytes, at + 4) };
}

/** The message in the record in bytes[start, end), not copied. */
export function readMessage(bytes: Buffer, start: number, end: number): Message {
  const flags = bytes[start + 9]!;
  return messageAt(bytes, payloadOf(bytes, start), end, {
    persistent: (flags & MESSAGE_FLAG.persistent) !== 0,
    priority: bytes[start + 14]!,
    arrivedAt: getUint48(bytes, start + 16),
    expiration: flags & MESSAGE_FLAG.expiration ? getUint48(bytes, start + FIXED) : -1,
  });
}

export function readReturns(bytes: Buffer, start: number): number {
  const flags = bytes[start + 9]!;
  return flags & MESSAGE_FLAG.returns ? bytes.readUInt32LE(payloadOf(bytes, start) - 4) : 0;
}

function payloadOf(bytes: Buffer, start: number): number {
  const flags = bytes[start + 9]!;
  return (
    start +
    FIXED +
    (flags & MESSAGE_FLAG.expiration ? EXPIRATION_BYTES : 0) +
    bytes.readUInt16LE(start + 12) * TARGET_BYTES +
    (flags & MESSAGE_FLAG.returns ? 4 : 0)
  );
}
