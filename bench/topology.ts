import { randomBytes } from 'node:crypto';
import {
  METHOD,
  exchangeDelete,
  fanoutDeclare,
  queueBind,
  queueDeclare,
  queueDelete,
  queueInspect,
} from './wire/methods.js';
import type { Session } from './wire/session.js';
import type { Workload } from './workloads.js';

/** Messages ready in the queue. */
export async function readyIn(session: Session, queue: string): Promise<number> {
  const payload = await session.request(queueInspect(queue), METHOD.QUEUE_DECLARE_OK);
  const nameLength = payload[4]!;
  return payload.readUInt32BE(5 + nameLength);
}

/** The queues, and the exchange, of one run of a workload; their names are of this run alone. */
export class Topology {
  /** The empty name is the default exchange. */
  readonly exchange: string;
  readonly queues: readonly string[];
  readonly routingKeys: readonly string[];
  readonly #session: Session;
  readonly #durable: boolean;

  constructor(session: Session, workload: Workload) {
    const run = `bench.${randomBytes(4).toString('hex')}`;
    const count = workload.fanout > 0 ? workload.fanout : workload.queues;
    this.#session = session;
    this.#durable = workload.durable;
    this.exchange = workload.fanout > 0 ? run : '';
    // Padded, because a publisher wants all its messages of one size.
    this.queues = Array.from({ length: count }, (_, index) => `${run}.${String(index).padStart(4, '0')}`);
    this.routingKeys = workload.fanout > 0 ? ['bench'] : this.queues;
  }

  async declare(): Promise<void> {
    for (const queue of this.queues) {
      await this.#session.request(queueDeclare(queue, this.#durable), METHOD.QUEUE_DECLARE_OK);
    }
    if (this.exchange === '') return;
    await this.#session.request(fanoutDeclare(this.exchange), METHOD.EXCHANGE_DECLARE_OK);
    for (const queue of this.queues) {
      await this.#session.request(queueBind(queue, this.exchange), METHOD.QUEUE_BIND_OK);
    }
  }

  /** Messages ready in all the queues. */
  async backlog(): Promise<number> {
    let ready = 0;
    for (const queue of this.queues) ready += await readyIn(this.#session, queue);
    return ready;
  }

  async delete(): Promise<void> {
    for (const queue of this.queues) await this.#session.request(queueDelete(queue), METHOD.QUEUE_DELETE_OK);
    if (this.exchange !== '') {
      await this.#session.request(exchangeDelete(this.exchange), METHOD.EXCHANGE_DELETE_OK);
    }
  }
}
