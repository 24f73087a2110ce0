import { FRAME } from '../wire/encode.js';
import { confirmSelect, METHOD } from '../wire/methods.js';
import { Session } from '../wire/session.js';
import { ConfirmWindow } from './confirm-window.js';
import { Laps } from './laps.js';
import { MessageLoop } from './message-loop.js';
import { SampleSet } from './percentiles.js';
import type { PublisherPlan, Sample } from './plan.js';
import { STAMP_SIZE, writeStamp } from './time-stamp.js';

/** How often a paced publisher looks at the clock, milliseconds. */
const PACE_MS = 1;

/** Publishes by its plan until stopped: in a flood, within a window of unconfirmed messages, or at a given rate. */
export class Publisher {
  readonly #plan: PublisherPlan;
  readonly #session: Session;
  readonly #messages: MessageLoop;
  readonly #window: ConfirmWindow | undefined;
  readonly #latency: SampleSet | undefined;
  readonly #laps: Laps;
  #sent = 0;
  #confirmed = 0;
  #sentAt = 0;
  #blockedTimes = 0;
  #blocked = false;
  #draining = false;
  #stopped = false;
  #pacer: NodeJS.Timeout | undefined;

  private constructor(plan: PublisherPlan, session: Session) {
    this.#plan = plan;
    this.#session = session;
    this.#messages = new MessageLoop(plan);
    this.#laps = new Laps(plan.limit);
    if (plan.window > 0) this.#window = new ConfirmWindow(plan.window);
    if (plan.window === 1) this.#latency = new SampleSet();
  }

  static async start(plan: PublisherPlan, onFailure: (error: Error) => void): Promise<Publisher> {
    const session = await Session.open(plan.url);
    session.onFailure = onFailure;
    if (plan.window > 0) await session.request(confirmSelect(), METHOD.CONFIRM_SELECT_OK);
    const publisher = new Publisher(plan, session);
    publisher.#begin();
    return publisher;
  }

  sample(): Sample {
    const { user, system } = process.cpuUsage();
    return {
      at: performance.now(),
      count: this.#window === undefined ? this.#sent : this.#confirmed,
      cpu: (user + system) / 1000,
      latency: this.#latency?.take(),
      blocked: this.#blockedTimes,
      laps: this.#laps.times,
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#pacer);
    await this.#session.close();
  }

  #begin(): void {
    this.#session.takeOver((type, buffer, start, end) => this.#take(type, buffer, start, end));
    this.#session.socket.on('drain', () => this.#drained());
    if (this.#plan.rate > 0) this.#startPacer();
    else if (this.#window !== undefined) this.#session.afterChunk = () => this.#pump();
    this.#pump();
  }

  #take(type: number, buffer: Buffer, start: number, end: number): void {
    if (type !== FRAME.METHOD) return;
    const key = buffer.readUInt32BE(start);
    if (key === METHOD.BASIC_ACK) this.#confirm(buffer, start);
    else if (key === METHOD.BASIC_NACK) throw new Error('the broker refused a publish with basic.nack');
    else if (key === METHOD.CONNECTION_BLOCKED) this.#block();
    else if (key === METHOD.CONNECTION_UNBLOCKED) this.#unblock();
    else this.#session.settle(type, buffer, start, end);
  }

  #confirm(buffer: Buffer, start: number): void {
    const tag = buffer.readUIntBE(start + 6, 6);
    this.#confirmed += this.#window!.settle(tag, buffer[start + 12] === 1);
    this.#laps.reach(this.#confirmed);
    this.#latency?.add(performance.now() - this.#sentAt);
  }

  #block(): void {
    this.#blocked = true;
    this.#blockedTimes++;
  }

  #unblock(): void {
    this.#blocked = false;
    this.#pump();
  }

  /** Through setImmediate, so that a socket which always takes everything cannot keep the process from reading. */
  #drained(): void {
    setImmediate(() => {
      this.#draining = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#plan.rate > 0) return;
    while (!this.#draining && !this.#blocked && !this.#stopped) {
      const room = Math.min(this.#window?.room ?? Number.POSITIVE_INFINITY, this.#left());
      if (room === 0) return;
      this.#send(this.#messages.take(room));
    }
  }

  #left(): number {
    const { limit } = this.#plan;
    return limit === 0 ? Number.POSITIVE_INFINITY : limit - this.#sent;
  }

  #send(bytes: Buffer): void {
    const count = bytes.length / this.#messages.messageSize;
    this.#sent += count;
    if (this.#window === undefined) this.#laps.reach(this.#sent);
    else this.#window.publish(count);
    this.#sentAt = performance.now();
    this.#draining = !this.#session.socket.write(bytes);
  }

  #startPacer(): void {
    const begin = performance.now();
    this.#pacer = setInterval(() => {
      const due = Math.floor(((performance.now() - begin) * this.#plan.rate) / 1000) - this.#sent;
      if (due > 0 && !this.#blocked) this.#sendStamped(due);
    }, PACE_MS);
  }

  /** A stamped message is written into a copy: the socket may still hold the previous one. */
  #sendStamped(due: number): void {
    let left = due;
    while (left > 0) {
      const bytes = Buffer.from(this.#messages.take(left));
      const { messageSize } = this.#messages;
      const bodyAt = messageSize - 1 - this.#plan.bodySize;
      if (this.#plan.bodySize < STAMP_SIZE) throw new Error('a body too small for a time stamp');
      for (let at = bodyAt; at < bytes.length; at += messageSize) writeStamp(bytes, at);
      left -= bytes.length / messageSize;
      this.#send(bytes);
    }
  }
}
