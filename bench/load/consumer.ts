import { FRAME } from '../wire/encode.js';
import { ack, consume, METHOD, qos } from '../wire/methods.js';
import { Session } from '../wire/session.js';
import { Laps } from './laps.js';
import { SampleSet } from './percentiles.js';
import type { ConsumerPlan, Sample } from './plan.js';
import { sinceStamp } from './time-stamp.js';

const ACK = ack(0, false);
/** Where an ack's delivery tag ends and its `multiple` bit stands. */
const ACK_TAG_AT = 7 + 4;
const ACK_MULTIPLE_AT = ACK_TAG_AT + 8;

/** Consumes by its plan until stopped: counts, and acknowledges if the plan says so. */
export class Consumer {
  readonly #plan: ConsumerPlan;
  readonly #session: Session;
  readonly #latency: SampleSet | undefined;
  readonly #laps: Laps;
  #count = 0;
  /** The last delivery's tag; a message is whole when its body has come. */
  #tag = 0;
  #unacked = 0;
  /** Tags to acknowledge when the chunk at hand has been scanned. */
  readonly #due: number[] = [];

  private constructor(plan: ConsumerPlan, session: Session) {
    this.#plan = plan;
    this.#session = session;
    this.#laps = new Laps(plan.limit);
    if (plan.stamped) this.#latency = new SampleSet();
  }

  static async start(plan: ConsumerPlan, onFailure: (error: Error) => void): Promise<Consumer> {
    const session = await Session.open(plan.url);
    session.onFailure = onFailure;
    const consumer = new Consumer(plan, session);
    if (plan.prefetch > 0) await session.request(qos(plan.prefetch), METHOD.BASIC_QOS_OK);
    session.takeOver((type, buffer, start, end) => consumer.#take(type, buffer, start, end));
    session.afterChunk = () => consumer.#acknowledge();
    for (const [index, queue] of plan.queues.entries()) {
      await session.request(consume(queue, `c${index}`, plan.prefetch === 0), METHOD.BASIC_CONSUME_OK);
    }
    return consumer;
  }

  sample(): Sample {
    const { user, system } = process.cpuUsage();
    return {
      at: performance.now(),
      count: this.#count,
      cpu: (user + system) / 1000,
      latency: this.#latency?.take(),
      blocked: 0,
      laps: this.#laps.times,
    };
  }

  async stop(): Promise<void> {
    await this.#session.close();
  }

  /** Runs three times for each message: nothing here decodes more than a tag. Bodies of the load fit into one frame. */
  #take(type: number, buffer: Buffer, start: number, end: number): void {
    if (type === FRAME.BODY) this.#received(buffer, start);
    else if (type !== FRAME.METHOD) return;
    else if (buffer[start + 1] === 60 && buffer[start + 3] === 60) this.#tag = deliveryTag(buffer, start);
    else if (buffer.readUInt32BE(start) !== METHOD.BASIC_DELIVER)
      this.#session.settle(type, buffer, start, end);
  }

  #received(buffer: Buffer, start: number): void {
    this.#count++;
    if (this.#count >= this.#laps.next) this.#laps.reach(this.#count);
    this.#latency?.add(sinceStamp(buffer, start));
    if (this.#plan.prefetch === 0) return;
    if (++this.#unacked < this.#plan.ackEvery && this.#count !== this.#plan.limit) return;
    this.#unacked = 0;
    this.#due.push(this.#tag);
  }

  #acknowledge(): void {
    const count = this.#due.length;
    if (count === 0) return;
    const bytes = Buffer.allocUnsafe(count * ACK.length);
    for (let i = 0; i < count; i++) {
      const at = i * ACK.length;
      ACK.copy(bytes, at);
      bytes.writeUIntBE(this.#due[i]!, at + ACK_TAG_AT + 2, 6);
      bytes[at + ACK_MULTIPLE_AT] = this.#plan.ackEvery > 1 ? 1 : 0;
    }
    this.#due.length = 0;
    this.#session.socket.write(bytes);
  }
}

/** basic.deliver: class and method, consumer tag, delivery tag. */
function deliveryTag(buffer: Buffer, start: number): number {
  const at = start + 5 + buffer[start + 4]!;
  const low =
    ((buffer[at + 4]! << 24) | (buffer[at + 5]! << 16) | (buffer[at + 6]! << 8) | buffer[at + 7]!) >>> 0;
  return ((buffer[at + 2]! << 8) | buffer[at + 3]!) * 0x100000000 + low;
}
