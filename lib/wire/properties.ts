import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import type { FieldTable } from './field-value.js';
import { PROPERTY_FLAG } from './property-flags.js';
import { readTable, writeTable } from './table-codec.js';
import { WireError } from './wire-error.js';

export { PROPERTY_FLAG } from './property-flags.js';
export { PropertyScan, scanProperties } from './property-scan.js';

/** The properties of class basic [AMQP 1.8.1]; an absent one is absent, not empty. `timestamp` is seconds, unsigned 64-bit. */
export interface BasicProperties {
  contentType?: string;
  contentEncoding?: string;
  headers?: FieldTable;
  deliveryMode?: number;
  priority?: number;
  correlationId?: string;
  replyTo?: string;
  expiration?: string;
  messageId?: string;
  timestamp?: bigint;
  type?: string;
  userId?: string;
  appId?: string;
  clusterId?: string;
}

/** Decodes the property flags and list, bytes[start, end) exactly. Throws WireError. */
export function decodeProperties(bytes: Buffer, start: number, end: number): BasicProperties {
  const reader = new ByteReader(bytes, start, end);
  const flags = reader.short();
  const properties: BasicProperties = {};
  if (flags & PROPERTY_FLAG.contentType) properties.contentType = reader.shortstr();
  if (flags & PROPERTY_FLAG.contentEncoding) properties.contentEncoding = reader.shortstr();
  if (flags & PROPERTY_FLAG.headers) properties.headers = readTable(reader);
  if (flags & PROPERTY_FLAG.deliveryMode) properties.deliveryMode = reader.octet();
  if (flags & PROPERTY_FLAG.priority) properties.priority = reader.octet();
  if (flags & PROPERTY_FLAG.correlationId) properties.correlationId = reader.shortstr();
  if (flags & PROPERTY_FLAG.replyTo) properties.replyTo = reader.shortstr();
  if (flags & PROPERTY_FLAG.expiration) properties.expiration = reader.shortstr();
  if (flags & PROPERTY_FLAG.messageId) properties.messageId = reader.shortstr();
  if (flags & PROPERTY_FLAG.timestamp) properties.timestamp = reader.unsigned64();
  if (flags & PROPERTY_FLAG.type) properties.type = reader.shortstr();
  if (flags & PROPERTY_FLAG.userId) properties.userId = reader.shortstr();
  if (flags & PROPERTY_FLAG.appId) properties.appId = reader.shortstr();
  if (flags & PROPERTY_FLAG.clusterId) properties.clusterId = reader.shortstr();
  if (reader.at !== end) throw new WireError(`${end - reader.at} bytes after the last property`);
  return properties;
}

/** Flags and list. Throws RangeError for a short string over 255 bytes or a number out of range. */
export function encodeProperties(p: BasicProperties): Buffer {
  const writer = new ByteWriter();
  writer.short(flagsOf(p));
  if (p.contentType !== undefined) writer.shortstr(p.contentType);
  if (p.contentEncoding !== undefined) writer.shortstr(p.contentEncoding);
  if (p.headers !== undefined) writeTable(writer, p.headers);
  if (p.deliveryMode !== undefined) writer.octet(p.deliveryMode);
  if (p.priority !== undefined) writer.octet(p.priority);
  if (p.correlationId !== undefined) writer.shortstr(p.correlationId);
  if (p.replyTo !== undefined) writer.shortstr(p.replyTo);
  if (p.expiration !== undefined) writer.shortstr(p.expiration);
  if (p.messageId !== undefined) writer.shortstr(p.messageId);
  if (p.timestamp !== undefined) writer.unsigned64(p.timestamp);
  if (p.type !== undefined) writer.shortstr(p.type);
  if (p.userId !== undefined) writer.shortstr(p.userId);
  if (p.appId !== undefined) writer.shortstr(p.appId);
  if (p.clusterId !== undefined) writer.shortstr(p.clusterId);
  return writer.finish();
}

const NAMES = [
  'contentType',
  'contentEncoding',
  'headers',
  'deliveryMode',
  'priority',
  'correlationId',
  'replyTo',
  'expiration',
  'messageId',
  'timestamp',
  'type',
  'userId',
  'appId',
  'clusterId',
] as const satisfies readonly (keyof BasicProperties)[];

function flagsOf(properties: BasicProperties): number {
  let flags = 0;
  for (const name of NAMES) {
    if (properties[name] !== undefined) flags |= PROPERTY_FLAG[name];
  }
  return flags;
}
