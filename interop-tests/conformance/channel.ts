import type { MethodArgs, MethodName } from '../../lib/wire/methods.js';
import { decodeProperties } from '../../lib/wire/properties.js';
import { toPlain } from '../../lib/wire/values.js';
import { asMethod, blame, Broken, same } from './expectation.js';
import { eventually } from './eventually.js';
import { describe, type Received } from './frames.js';
import {
  type ContentFaults,
  propertyBytes,
  type RawConnection,
  type StepArgs,
  type StepProperties,
} from './raw-connection.js';

type Answered = { [N in MethodName]: `${N}-ok` extends MethodName ? N : never }[MethodName];
type Answer<N extends Answered> = MethodArgs<Extract<MethodName, `${N}-ok`>>;

/** A message as received. `properties` are the flags and list, as bytes; `headers` are decoded. */
export interface Message {
  readonly body: string;
  readonly bytes: Buffer;
  readonly properties: Buffer;
  readonly headers: Record<string, unknown>;
}

export type Delivered = Message & MethodArgs<'basic.deliver'>;

export interface PublishStep {
  readonly exchange?: string;
  readonly routingKey?: string;
  readonly mandatory?: boolean;
  readonly immediate?: boolean;
  readonly properties?: StepProperties | Buffer;
  readonly faults?: ContentFaults;
}

/** What a channel needs of its connection: a socket's, or one in memory. */
export type Wire = Pick<RawConnection, keyof RawConnection>;

/** One open channel of a scenario, in plain protocol steps. */
export class Channel<W extends Wire = RawConnection> {
  readonly id: number;
  readonly raw: W;

  constructor(raw: W, id: number) {
    this.raw = raw;
    this.id = id;
  }

  send<N extends MethodName>(name: N, args: StepArgs<N> = {}): void {
    this.raw.method(this.id, name, args);
  }

  /** Sends a method and takes its `-ok` as the very next frame. */
  async call<N extends Answered>(
    name: N,
    args: StepArgs<N> = {},
    ok: Partial<Answer<N>> = {},
  ): Promise<Answer<N>> {
    this.send(name, args);
    return (await this.expect(`${name}-ok` as MethodName, ok)) as Answer<N>;
  }

  publish(body: string | Buffer, step: PublishStep = {}): void {
    const { properties, faults, ...args } = step;
    this.send('basic.publish', args);
    this.raw.content(this.id, typeof body === 'string' ? Buffer.from(body) : body, properties, faults);
  }

  next(): Promise<Received> {
    return this.raw.next(this.id);
  }

  async expect<N extends MethodName>(name: N, args: Partial<MethodArgs<N>> = {}): Promise<MethodArgs<N>> {
    return asMethod(await this.next(), name, args);
  }

  /** The content that follows a deliver, return or get-ok. */
  async expectContent(body?: string): Promise<Message> {
    const header = await this.next();
    if (header.kind !== 'header') throw new Broken('a content header', describe(header));
    const chunks: Buffer[] = [];
    for (let left = Number(header.size); left > 0; ) {
      const chunk = await this.next();
      if (chunk.kind !== 'body') throw new Broken('a content body', describe(chunk));
      chunks.push(chunk.bytes);
      left -= chunk.bytes.length;
    }
    const bytes = Buffer.concat(chunks);
    if (body !== undefined) same('body', bytes.toString(), body);
    const { headers } = decodeProperties(header.properties, 0, header.properties.length);
    const plain = headers === undefined ? {} : { ...toPlain(headers) };
    return { body: bytes.toString(), bytes, properties: header.properties, headers: plain };
  }

  async expectDelivery(args: Partial<MethodArgs<'basic.deliver'>>, body?: string): Promise<Delivered> {
    const deliver = await this.expect('basic.deliver', args);
    return { ...deliver, ...(await this.expectContent(body)) };
  }

  async expectReturn(args: Partial<MethodArgs<'basic.return'>>, body?: string): Promise<Message> {
    await this.expect('basic.return', args);
    return this.expectContent(body);
  }

  async get(
    step: StepArgs<'basic.get'>,
    args: Partial<MethodArgs<'basic.get-ok'>> = {},
    body?: string,
  ): Promise<Message & MethodArgs<'basic.get-ok'>> {
    this.send('basic.get', step);
    const getOk = await this.expect('basic.get-ok', args);
    return { ...getOk, ...(await this.expectContent(body)) };
  }

  async getNothing(queue: string): Promise<void> {
    this.send('basic.get', { queue, noAck: true });
    await this.expect('basic.get-empty');
  }

  /** The bodies that come out of the queue, first to last, acknowledged. */
  async drain(queue: string): Promise<string[]> {
    const bodies: string[] = [];
    for (;;) {
      this.send('basic.get', { queue, noAck: true });
      const answer = await this.next();
      if (answer.kind === 'method' && answer.name === 'basic.get-empty') return bodies;
      asMethod(answer, 'basic.get-ok');
      bodies.push((await this.expectContent()).body);
    }
  }

  /** The channel closes for this reason and no other; then it can be opened again, so the connection lives. */
  async expectClosed(replyCode: number, by: MethodName, replyText: string): Promise<void> {
    const { classId, methodId } = blame(by);
    await this.expect('channel.close', { replyCode, replyText, classId, methodId });
    this.send('channel.close-ok');
    await this.call('channel.open');
  }

  /** The connection closes for this reason and no other, and the socket ends after the close-ok. */
  async expectConnectionClosed(replyCode: number, by: MethodName | 'none', replyText: string): Promise<void> {
    const received = await this.next();
    asMethod(received, 'connection.close', { replyCode, replyText, ...blame(by) });
    same('channel', received.channel, 0);
    this.raw.method(0, 'connection.close-ok');
    await this.expectEnd();
  }

  /** Closes the connection as a good client does. */
  async closeConnection(): Promise<void> {
    this.raw.method(0, 'connection.close', { replyCode: 200 });
    asMethod(await this.next(), 'connection.close-ok');
    this.raw.finish();
    await this.expectEnd();
  }

  async expectEnd(): Promise<void> {
    const received = await this.next();
    if (received.kind !== 'end') throw new Broken('the end of the socket', describe(received));
  }

  /**
   * Nothing comes but the answers to a round trip, and to others before it through the queue when one is named: whatever the broker
   * had to say about earlier steps would have come before them.
   */
  async quiet(queue?: string): Promise<void> {
    if (queue !== undefined) {
      await this.call('queue.declare', { queue, passive: true });
      await this.call('queue.declare', { queue, passive: true });
    }
    await this.call('channel.flow', { active: true });
  }

  /** What is ready in the queue, first to last; it is empty afterwards. Whatever this channel published before is in it. */
  async holds(queue: string, bodies: readonly string[]): Promise<void> {
    same('messages', await this.drain(queue), bodies);
  }

  /** The queue comes to hold that many: a count is taken out of turn, so it may be behind what was published. */
  async counts(queue: string, messageCount: number, consumerCount?: number): Promise<void> {
    const wanted = consumerCount === undefined ? { messageCount } : { messageCount, consumerCount };
    await eventually(() => this.call('queue.declare', { queue, passive: true }, wanted));
  }

  /** The queue is gone, now or soon. Asked by publishing to it, which is no use of it and keeps no queue from expiring. */
  async expectGone(queue: string): Promise<void> {
    await eventually(async () => {
      this.publish('are you there?', { routingKey: queue, mandatory: true });
      this.send('channel.flow', { active: true });
      const answer = await this.next();
      if (answer.kind === 'method' && answer.name === 'channel.flow-ok')
        throw new Broken(`no queue ${queue}`, 'one');
      asMethod(answer, 'basic.return', { replyCode: 312 });
      await this.expectContent();
      await this.expect('channel.flow-ok');
    });
  }

  /** The message's properties, byte for byte. */
  static sameProperties(message: Message, properties: StepProperties | Buffer): void {
    const expected = Buffer.isBuffer(properties) ? properties : propertyBytes(properties);
    same('properties', message.properties.toString('hex'), expected.toString('hex'));
  }
}
