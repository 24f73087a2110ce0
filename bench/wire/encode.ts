/** Frame types. [AMQP 4.2.3] */
export const FRAME = { METHOD: 1, HEADER: 2, BODY: 3, HEARTBEAT: 8 } as const;
export const FRAME_END = 0xce;
/** Octets before a frame's payload: type, channel, payload size. */
export const FRAME_PREFIX = 7;

export const u8 = (value: number): Buffer => Buffer.from([value]);

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** At most 255 octets of UTF-8. */
export function shortString(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([u8(bytes.length), bytes]);
}

export function longString(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([u32(bytes.length), bytes]);
}

/** A field table of what the load generator has to say: strings, booleans, tables. */
export interface PlainTable {
  readonly [key: string]: string | boolean | PlainTable;
}

export function table(entries: PlainTable): Buffer {
  const body = Buffer.concat(
    Object.entries(entries).map(([key, value]) => Buffer.concat([shortString(key), fieldValue(value)])),
  );
  return Buffer.concat([u32(body.length), body]);
}

function fieldValue(value: string | boolean | PlainTable): Buffer {
  if (typeof value === 'string') return Buffer.concat([Buffer.from('S'), longString(value)]);
  if (typeof value === 'boolean') return Buffer.concat([Buffer.from('t'), u8(value ? 1 : 0)]);
  return Buffer.concat([Buffer.from('F'), table(value)]);
}

export function frame(type: number, channel: number, payload: Buffer): Buffer {
  return Buffer.concat([u8(type), u16(channel), u32(payload.length), payload, u8(FRAME_END)]);
}

/** Class and method as one number, as their four octets stand on the wire. */
export const methodKey = (classId: number, methodId: number): number => classId * 0x10000 + methodId;

export function method(channel: number, key: number, ...parts: Buffer[]): Buffer {
  return frame(FRAME.METHOD, channel, Buffer.concat([u32(key), ...parts]));
}
