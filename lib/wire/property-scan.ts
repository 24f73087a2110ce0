import { PROPERTY_FLAG } from './property-flags.js';
import { checkTable, longstrEnd, shortstrEnd } from './table-check.js';
import { WireError } from './wire-error.js';

/** Where the properties stand that publishing looks at. Offsets are into the scanned buffer; -1: absent. */
export class PropertyScan {
  /** The content of the headers table, without its length. */
  headersStart = -1;
  headersEnd = -1;
  /** 0 when absent. */
  deliveryMode = 0;
  /** 0 when absent. */
  priority = 0;
  /** Starts and ends of short strings are those of their text, without the length octet. */
  expirationStart = -1;
  expirationEnd = -1;
  replyToStart = -1;
  replyToEnd = -1;
  userIdStart = -1;
  userIdEnd = -1;

  clear(): void {
    this.headersStart = this.headersEnd = -1;
    this.deliveryMode = this.priority = 0;
    this.expirationStart = this.expirationEnd = -1;
    this.replyToStart = this.replyToEnd = -1;
    this.userIdStart = this.userIdEnd = -1;
  }
}

const LEADING = PROPERTY_FLAG.contentType | PROPERTY_FLAG.contentEncoding | PROPERTY_FLAG.headers;
const OCTETS = PROPERTY_FLAG.deliveryMode | PROPERTY_FLAG.priority;
/** From correlationId on. */
const TRAILING = 0x07fc;
const TIMESTAMP_SIZE = 8;

/**
 * Finds what {@link PropertyScan} holds in the property flags and list, bytes[start, end), without allocating. Accepts exactly
 * what `decodeProperties` accepts; throws WireError for the rest, and `out` is then not to be used.
 */
export function scanProperties(bytes: Buffer, start: number, end: number, out: PropertyScan): void {
  out.clear();
  if (start < 0 || end - start < 2 || end > bytes.length)
    throw new WireError(`no property flags at ${start}`);
  const flags = (bytes[start]! << 8) | bytes[start + 1]!;
  let at = start + 2;
  if (flags & LEADING) at = scanLeading(bytes, at, end, flags, out);
  if (flags & OCTETS) at = scanOctets(bytes, at, end, flags, out);
  if (flags & TRAILING) at = scanTrailing(bytes, at, end, flags, out);
  if (at !== end) throw new WireError(`the property list ends at ${at}, its frame at ${end}`);
}

function scanLeading(bytes: Buffer, from: number, end: number, flags: number, out: PropertyScan): number {
  let at = from;
  if (flags & PROPERTY_FLAG.contentType) at = shortstrEnd(bytes, at, end);
  if (flags & PROPERTY_FLAG.contentEncoding) at = shortstrEnd(bytes, at, end);
  if (flags & PROPERTY_FLAG.headers) {
    out.headersStart = at + 4;
    at = out.headersEnd = longstrEnd(bytes, at, end);
    checkTable(bytes, out.headersStart, at);
  }
  return at;
}

function scanOctets(bytes: Buffer, from: number, end: number, flags: number, out: PropertyScan): number {
  let at = from;
  if (flags & PROPERTY_FLAG.deliveryMode) out.deliveryMode = bytes[at++]!;
  if (flags & PROPERTY_FLAG.priority) out.priority = bytes[at++]!;
  if (at > end) throw new WireError(`the property list is cut off at ${end}`);
  return at;
}

function scanTrailing(bytes: Buffer, from: number, end: number, flags: number, out: PropertyScan): number {
  let at = from;
  if (flags & PROPERTY_FLAG.correlationId) at = shortstrEnd(bytes, at, end);
  if (flags & PROPERTY_FLAG.replyTo) {
    out.replyToStart = at + 1;
    at = out.replyToEnd = shortstrEnd(bytes, at, end);
  }
  if (flags & PROPERTY_FLAG.expiration) {
    out.expirationStart = at + 1;
    at = out.expirationEnd = shortstrEnd(bytes, at, end);
  }
  if (flags & PROPERTY_FLAG.messageId) at = shortstrEnd(bytes, at, end);
  if (flags & PROPERTY_FLAG.timestamp) at += TIMESTAMP_SIZE;
  if (flags & PROPERTY_FLAG.type) at = shortstrEnd(bytes, at, end);
  if (flags & PROPERTY_FLAG.userId) {
    out.userIdStart = at + 1;
    at = out.userIdEnd = shortstrEnd(bytes, at, end);
  }
  if (flags & PROPERTY_FLAG.appId) at = shortstrEnd(bytes, at, end);
  if (flags & PROPERTY_FLAG.clusterId) at = shortstrEnd(bytes, at, end);
  return at;
}
