import { frame } from '../../interop-tests/conformance/frames.js';
import type { StepArgs } from '../../interop-tests/conformance/raw-connection.js';
import { FRAME } from '../../lib/wire/constants.js';
import type { DecodedMethod } from '../../lib/wire/method-codec.js';
import type { MethodArgs, MethodName } from '../../lib/wire/methods.js';
import type { CrashClient } from './crash-client.js';

/** A message as it came, with the method that brought it. */
export interface Arrival {
  readonly consumerTag: string;
  readonly tag: number;
  readonly redelivered: boolean;
  /** Property flags and list. */
  readonly properties: Buffer;
  readonly body: Buffer;
}

export interface Answer {
  readonly method: DecodedMethod;
  /** Of basic.get-ok. */
  readonly message: Arrival | undefined;
}

interface Awaiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** The broker closed the channel. */
export class ChannelRefused extends Error {
  override readonly name = 'ChannelRefused';
  readonly code: number;

  constructor({ replyCode, replyText }: MethodArgs<'channel.close'>) {
    super(`${replyCode} ${replyText}`);
    this.code = replyCode;
  }
}

/** Octets of body in a frame. */
const BODY_SLICE = 131_064;
const CONTENT_HEADER_FIXED = 12;

/** One channel of a {@link CrashClient}: calls answered in order, and what comes by itself. */
export class ClientChannel {
  readonly number: number;
  readonly client: CrashClient;
  onDeliver: (arrival: Arrival) => void = () => {};
  /** Publishes up to `tag`, or that one alone; `isSafe` is false for a nack. */
  onConfirm: (tag: number, multiple: boolean, isSafe: boolean) => void = () => {};
  onReturn: (arrival: Arrival) => void = () => {};
  onCancel: (consumerTag: string) => void = () => {};
  readonly #awaiting: Awaiting[] = [];
  /** Whose content is on its way. */
  #method: DecodedMethod | undefined;
  #properties: Buffer = Buffer.alloc(0);
  #body: Buffer[] = [];
  #missing = 0;
  #lost: Error | undefined;

  constructor(client: CrashClient, number: number) {
    this.client = client;
    this.number = number;
  }

  get isOpen(): boolean {
    return this.#lost === undefined;
  }

  send<N extends MethodName>(name: N, args: StepArgs<N>): void {
    this.client.method(this.number, name, args);
  }

  /** Sends a method and waits for its answer. */
  call<N extends MethodName>(name: N, args: StepArgs<N>): Promise<Answer> {
    this.send(name, args);
    return this.answer();
  }

  /** The answer to the call before the next one, in order. */
  answer(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#lost === undefined) this.#awaiting.push({ resolve, reject });
      else reject(this.#lost);
    });
  }

  /** @param properties flags and list */
  publish(exchange: string, routingKey: string, properties: Buffer, body: Buffer, mandatory = false): void {
    this.send('basic.publish', { exchange, routingKey, mandatory });
    const header = Buffer.allocUnsafe(CONTENT_HEADER_FIXED + properties.length);
    header.writeUInt32BE(60 << 16, 0);
    header.writeBigUInt64BE(BigInt(body.length), 4);
    properties.copy(header, CONTENT_HEADER_FIXED);
    this.client.write(frame(FRAME.header, this.number, header));
    for (let at = 0; at < body.length; at += BODY_SLICE) {
      this.client.write(frame(FRAME.body, this.number, body.subarray(at, at + BODY_SLICE)));
    }
  }

  receive(method: DecodedMethod): void {
    switch (method.name) {
      case 'basic.deliver':
      case 'basic.get-ok':
      case 'basic.return':
        this.#method = method;
        break;
      case 'basic.ack':
        this.onConfirm(method.args.deliveryTag, method.args.multiple, true);
        break;
      case 'basic.nack':
        this.onConfirm(method.args.deliveryTag, method.args.multiple, false);
        break;
      case 'basic.cancel':
        this.onCancel(method.args.consumerTag);
        break;
      case 'channel.close':
        this.send('channel.close-ok', {});
        this.lose(new ChannelRefused(method.args));
        break;
      default:
        this.#awaiting.shift()?.resolve({ method, message: undefined });
    }
  }

  receiveHeader(bytes: Buffer, start: number, end: number): void {
    this.#properties = Buffer.from(bytes.subarray(start + CONTENT_HEADER_FIXED, end));
    this.#missing = Number(bytes.readBigUInt64BE(start + 4));
    this.#body = [];
    if (this.#missing === 0) this.#complete();
  }

  receiveBody(bytes: Buffer, start: number, end: number): void {
    this.#body.push(Buffer.from(bytes.subarray(start, end)));
    this.#missing -= end - start;
    if (this.#missing === 0) this.#complete();
  }

  /** Nothing comes any more. */
  lose(reason: Error): void {
    if (this.#lost !== undefined) return;
    this.#lost = reason;
    for (const { reject } of this.#awaiting.splice(0)) reject(reason);
  }

  #complete(): void {
    const method = this.#method;
    this.#method = undefined;
    if (method?.name === 'basic.deliver') {
      this.onDeliver(this.#arrival(method.args));
    } else if (method?.name === 'basic.get-ok') {
      const message = this.#arrival({ ...method.args, consumerTag: '' });
      this.#awaiting.shift()?.resolve({ method, message });
    } else {
      this.onReturn(this.#arrival({ consumerTag: '', deliveryTag: 0, redelivered: false }));
    }
  }

  #arrival({
    consumerTag,
    deliveryTag,
    redelivered,
  }: Pick<MethodArgs<'basic.deliver'>, 'consumerTag' | 'deliveryTag' | 'redelivered'>): Arrival {
    const body = this.#body.length === 1 ? (this.#body[0] as Buffer) : Buffer.concat(this.#body);
    return { consumerTag, tag: deliveryTag, redelivered, properties: this.#properties, body };
  }
}
