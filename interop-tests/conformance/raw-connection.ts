import { connect, type Socket } from 'node:net';
import { FRAME } from '../../lib/wire/constants.js';
import { encodeMethod } from '../../lib/wire/method-codec.js';
import { METHODS, type MethodArgs, type MethodName } from '../../lib/wire/methods.js';
import { encodeProperties, type BasicProperties } from '../../lib/wire/properties.js';
import { type Plain, table } from './fields.js';
import { describe, frame, FrameSplitter, type Received } from './frames.js';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly vhost: string;
}

/** Arguments as a scenario writes them: what is left out is 0, false or empty, and tables are plain objects. */
export type StepArgs<N extends MethodName> = {
  readonly [K in keyof MethodArgs<N>]?: K extends 'arguments' | 'clientProperties' ? Plain : MethodArgs<N>[K];
};

export type StepProperties = Omit<BasicProperties, 'headers'> & { headers?: Plain };

/** The parts of a content header that a scenario may get wrong on purpose. */
export interface ContentFaults {
  readonly classId?: number;
  readonly weight?: number;
  readonly bodySize?: bigint;
}

/** ms until a frame that was expected is given up. */
const PATIENCE = 8000;
/** Bytes of body in a frame: what fits the frame_max that every server here offers. */
const BODY_SLICE = 131_064;

/** A socket to the broker under test: sends any bytes, and hands out what comes back, in order. */
export class RawConnection {
  readonly #socket: Socket;
  readonly #received: Received[] = [];
  readonly #splitter = new FrameSplitter();
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #ended = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#push(chunk));
    socket.on('error', () => this.#end());
    socket.on('close', () => this.#end());
  }

  static async connect(endpoint: Endpoint): Promise<RawConnection> {
    const socket = connect(endpoint.port, endpoint.host);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve());
      socket.once('error', reject);
    });
    socket.removeAllListeners('error');
    return new RawConnection(socket);
  }

  get ended(): boolean {
    return this.#ended;
  }

  bytes(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  frame(type: number, channel: number, payload: Buffer, end?: number): void {
    this.bytes(frame(type, channel, payload, end));
  }

  method<N extends MethodName>(channel: number, name: N, args: StepArgs<N> = {}): void {
    this.frame(FRAME.method, channel, methodPayload(name, args));
  }

  /** Content header and body. `properties` as bytes are the flags and the list, unchecked. */
  content(
    channel: number,
    body: Buffer,
    properties: StepProperties | Buffer = {},
    faults: ContentFaults = {},
  ): void {
    this.frame(FRAME.header, channel, headerPayload(body, properties, faults));
    for (let at = 0; at < body.length; at += BODY_SLICE) {
      this.frame(FRAME.body, channel, body.subarray(at, at + BODY_SLICE));
    }
  }

  /** The next thing on `channel`, or on channel 0: the server may always speak of the connection. */
  async next(channel: number): Promise<Received> {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const at = this.#received.findIndex((one) => one.channel === channel || one.channel === 0);
      if (at >= 0) return this.#received.splice(at, 1)[0]!;
      if (this.#failure !== undefined) throw this.#failure;
      await this.#arrival(deadline);
    }
  }

  /** Everything received and not yet taken. */
  leftovers(): string[] {
    return this.#received.filter((one) => one.kind !== 'end' && one.kind !== 'heartbeat').map(describe);
  }

  /** Ends the client's half, as a client does that has its close-ok. */
  finish(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#ended = true;
    this.#socket.destroy();
  }

  /** Ends the socket as a process does that dies: no close method. */
  drop(): void {
    this.#ended = true;
    this.#socket.resetAndDestroy();
  }

  #arrival(deadline: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => {
          this.#wake = undefined;
          reject(new Error(`nothing came for ${PATIENCE} ms`));
        },
        Math.max(deadline - Date.now(), 0),
      );
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }

  #push(chunk: Buffer): void {
    try {
      this.#received.push(...this.#splitter.push(chunk));
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    }
    this.#wake?.();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#received.push({ kind: 'end', channel: 0 });
    this.#wake?.();
  }
}

export function methodPayload<N extends MethodName>(name: N, args: StepArgs<N> = {}): Buffer {
  const plain = args as Record<string, unknown>;
  const full: Record<string, unknown> = { ...plain };
  for (const [field, domain] of METHODS[name].fields) {
    if (domain === 'table' && plain[field] !== undefined) full[field] = table(plain[field] as Plain);
  }
  return encodeMethod(name, full as unknown as MethodArgs<N>);
}

export function propertyBytes(properties: StepProperties): Buffer {
  const { headers, ...others } = properties;
  return encodeProperties(headers === undefined ? others : { ...others, headers: table(headers) });
}

function headerPayload(body: Buffer, properties: StepProperties | Buffer, faults: ContentFaults): Buffer {
  const fixed = Buffer.alloc(12);
  fixed.writeUInt16BE(faults.classId ?? 60, 0);
  fixed.writeUInt16BE(faults.weight ?? 0, 2);
  fixed.writeBigUInt64BE(faults.bodySize ?? BigInt(body.length), 4);
  return Buffer.concat([fixed, Buffer.isBuffer(properties) ? properties : propertyBytes(properties)]);
}
