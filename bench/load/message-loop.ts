import { publish } from '../wire/methods.js';
import type { PublisherPlan } from './plan.js';

/** Enough for a write to cost little beside what it carries. */
const LEAST_OCTETS = 128 * 1024;

/**
 * Prebuilt publishes, one after another, that repeat without end: all of one size, so that any number of them from any
 * position is a piece of one buffer.
 */
export class MessageLoop {
  readonly messageSize: number;
  readonly #bytes: Buffer;
  readonly #count: number;
  #next = 0;

  constructor(plan: PublisherPlan) {
    const body = Buffer.alloc(plan.bodySize, 'warren');
    const round = plan.routingKeys.map((key) => publish(plan.exchange, key, plan.persistent, body));
    this.messageSize = round[0]!.length;
    if (round.some((message) => message.length !== this.messageSize))
      throw new Error('routing keys of unequal length');
    const oneRound = Buffer.concat(round);
    const rounds = Math.ceil(LEAST_OCTETS / oneRound.length);
    this.#count = rounds * round.length;
    this.#bytes = Buffer.concat(Array.from({ length: rounds }, () => oneRound));
  }

  /** The next messages, at most `wanted`, at least one. */
  take(wanted: number): Buffer {
    const from = this.#next;
    const to = Math.min(this.#count, from + wanted);
    this.#next = to === this.#count ? 0 : to;
    return this.#bytes.subarray(from * this.messageSize, to * this.messageSize);
  }
}
