import { FRAME, FRAME_END, FRAME_OVERHEAD } from '../../lib/wire/constants.js';
import { decodeMethod, type DecodedMethod, UnknownMethodError } from '../../lib/wire/method-codec.js';

/** What a server can send, one thing at a time. `end` is the socket's end, clean or reset. */
export type Received =
  | ({ readonly kind: 'method'; readonly channel: number } & DecodedMethod)
  | {
      readonly kind: 'header';
      readonly channel: number;
      readonly classId: number;
      readonly size: bigint;
      readonly properties: Buffer;
    }
  | { readonly kind: 'body'; readonly channel: number; readonly bytes: Buffer }
  | { readonly kind: 'heartbeat'; readonly channel: number }
  | { readonly kind: 'unknown'; readonly channel: number; readonly type: number; readonly bytes: Buffer }
  | { readonly kind: 'protocol-header'; readonly channel: 0; readonly bytes: Buffer }
  | { readonly kind: 'end'; readonly channel: 0 };

const PROTOCOL_HEADER_SIZE = 8;
const CONTENT_HEADER_FIXED = 12;

/** Splits a server's byte stream into frames, with no help from the broker's own frame reader. */
export class FrameSplitter {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Received[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const whole: Received[] = [];
    for (;;) {
      const one = this.#takeOne();
      if (one === undefined) return whole;
      whole.push(one);
    }
  }

  #takeOne(): Received | undefined {
    const bytes = this.#rest;
    if (bytes.length < FRAME_OVERHEAD) return undefined;
    if (bytes.toString('latin1', 0, 4) === 'AMQP') {
      this.#rest = bytes.subarray(PROTOCOL_HEADER_SIZE);
      return { kind: 'protocol-header', channel: 0, bytes: bytes.subarray(0, PROTOCOL_HEADER_SIZE) };
    }
    const size = bytes.readUInt32BE(3);
    if (bytes.length < size + FRAME_OVERHEAD) return undefined;
    this.#rest = bytes.subarray(size + FRAME_OVERHEAD);
    if (bytes[size + 7] !== FRAME_END)
      throw new Error(`the server's frame ends with octet ${bytes[size + 7]}`);
    return frameOf(bytes[0]!, bytes.readUInt16BE(1), bytes.subarray(7, size + 7));
  }
}

function frameOf(type: number, channel: number, payload: Buffer): Received {
  switch (type) {
    case FRAME.method:
      return receivedMethod(channel, payload);
    case FRAME.header:
      return {
        kind: 'header',
        channel,
        classId: payload.readUInt16BE(0),
        size: payload.readBigUInt64BE(4),
        properties: payload.subarray(CONTENT_HEADER_FIXED),
      };
    case FRAME.body:
      return { kind: 'body', channel, bytes: payload };
    case FRAME.heartbeat:
      return { kind: 'heartbeat', channel };
    default:
      return { kind: 'unknown', channel, type, bytes: payload };
  }
}

function receivedMethod(channel: number, payload: Buffer): Received {
  try {
    return { kind: 'method', channel, ...decodeMethod(payload, 0, payload.length) };
  } catch (error) {
    if (!(error instanceof UnknownMethodError)) throw error;
    return { kind: 'unknown', channel, type: FRAME.method, bytes: payload };
  }
}

/** One line for a failure's report. */
export function describe(received: Received): string {
  switch (received.kind) {
    case 'method':
      return `${received.name} on channel ${received.channel} ${inspectArgs(received.args)}`;
    case 'header':
      return `content header on channel ${received.channel}, class ${received.classId}, body size ${received.size}, properties ${received.properties.toString('hex')}`;
    case 'body':
      return `body on channel ${received.channel} ${JSON.stringify(received.bytes.toString('latin1', 0, 60))}`;
    case 'heartbeat':
      return `heartbeat on channel ${received.channel}`;
    case 'unknown':
      return `frame of type ${received.type} on channel ${received.channel} ${received.bytes.toString('hex')}`;
    case 'protocol-header':
      return `protocol header ${received.bytes.toString('hex')}`;
    default:
      return 'end of the socket';
  }
}

function inspectArgs(args: object): string {
  return JSON.stringify(args, (_key, value: unknown) => {
    if (typeof value === 'bigint') return String(value);
    return value instanceof Map ? Object.fromEntries(value) : value;
  });
}

/** A frame's bytes. */
export function frame(type: number, channel: number, payload: Buffer, end: number = FRAME_END): Buffer {
  const bytes = Buffer.alloc(payload.length + FRAME_OVERHEAD);
  bytes.writeUInt8(type, 0);
  bytes.writeUInt16BE(channel, 1);
  bytes.writeUInt32BE(payload.length, 3);
  payload.copy(bytes, 7);
  bytes.writeUInt8(end, payload.length + 7);
  return bytes;
}
