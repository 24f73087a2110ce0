import type { Queue } from '../broker/queue.js';
import type { Message } from '../store/message.js';
import type { MessageStore, StoreChange } from '../store/message-store.js';
import type { Deliveries, Settlement } from './deliveries.js';
import type { Delivery } from './unacked-ledger.js';

/** A publish that takes effect when its transaction commits. */
export interface PendingPublish {
  readonly message: Message;
  readonly queues: readonly Queue[];
  readonly mandatory: boolean;
}

interface PendingSettlement {
  readonly deliveries: readonly Delivery[];
  readonly how: Settlement;
}

/** What a transactional channel has published and settled since its last commit. [AMQP 1.9 tx] */
export class Transaction {
  #publishes: PendingPublish[] = [];
  #settlements: PendingSettlement[] = [];

  publish(publish: PendingPublish): void {
    this.#publishes.push(publish);
  }

  settle(deliveries: readonly Delivery[], how: Settlement): void {
    this.#settlements.push({ deliveries, how });
  }

  /** Publishes and acknowledgements in one store transaction; returns the batch to wait for. */
  commit(
    messages: MessageStore,
    unroutable: (publish: PendingPublish) => void,
    deliveries: Deliveries,
  ): number {
    const publishes = this.#publishes;
    const settlements = this.#settlements;
    this.#publishes = [];
    this.#settlements = [];
    const changes: StoreChange[] = [];
    const arrivals: PendingPublish[] = [];
    for (const publish of publishes) {
      if (publish.queues.length === 0 && publish.mandatory) unroutable(publish);
      const queues = publish.queues.filter((queue) => !queue.isDeleted && !queue.refuse(publish.message));
      if (queues.length === 0) continue;
      const levels = queues.map((queue) => queue.levelOf(publish.message));
      changes.push({ type: 'append', message: publish.message, queues: levels });
      arrivals.push({ ...publish, queues });
    }
    for (const { deliveries: settled, how } of settlements) {
      if (how !== 'ack') continue;
      for (const { entry, taker } of settled) taker.queue.acknowledgeIn(changes, entry);
    }
    const batch = messages.transact(changes);
    for (const { message, queues } of arrivals) for (const queue of queues) queue.arrived(message);
    for (const { deliveries: settled, how } of settlements) {
      if (how === 'ack') for (const { taker } of settled) taker.settled();
      else deliveries.finish(settled, how);
    }
    return batch;
  }

  /** Publishes are forgotten; what was settled is outstanding again, under its old tags. */
  rollback(deliveries: Deliveries): void {
    this.#publishes = [];
    const settlements = this.#settlements;
    this.#settlements = [];
    for (const { deliveries: settled } of settlements) {
      for (const delivery of settled) deliveries.ledger.restore(delivery);
    }
  }
}
