import type { Clock } from '../base/clock.js';
import { Ring } from '../base/ring.js';
import type { Turn, TurnTask } from '../base/turn.js';
import type { Entry } from '../store/entry.js';
import type { MessageStore } from '../store/message-store.js';
import { deadLetter, isCycle } from './dead-letter.js';
import type { MessageCodec } from './message-codec.js';
import { publish } from './publish.js';
import type { DeadLetterReason, Queue } from './queue.js';
import { route, type Topology } from './router.js';

interface Outgoing {
  readonly queue: Queue;
  readonly entry: Entry;
  readonly reason: DeadLetterReason;
}

interface Moved {
  readonly batch: number;
  readonly queue: Queue;
  readonly entry: Entry;
}

/** Republishes what queues discard. The old copy is settled only when the new one is safe. */
export class DeadLetterer implements TurnTask {
  readonly #outbox = new Ring<Outgoing>();
  /** In order of batch. */
  readonly #moved = new Ring<Moved>();
  readonly #turn: Turn;
  readonly #messages: MessageStore;
  readonly #codec: MessageCodec;
  readonly #clock: Clock;
  readonly #topology: (vhost: string) => Topology | undefined;
  #scheduled = false;

  constructor(
    turn: Turn,
    messages: MessageStore,
    codec: MessageCodec,
    clock: Clock,
    topology: (vhost: string) => Topology | undefined,
  ) {
    this.#turn = turn;
    this.#messages = messages;
    this.#codec = codec;
    this.#clock = clock;
    this.#topology = topology;
  }

  add(queue: Queue, entry: Entry, reason: DeadLetterReason): void {
    this.#outbox.push({ queue, entry, reason });
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#turn.work(this);
  }

  runTurn(): void {
    this.#scheduled = false;
    // What is discarded while this runs (an overflow of the target, say) has its turn next.
    for (let left = this.#outbox.length; left > 0; left--) {
      const outgoing = this.#outbox.shift();
      if (outgoing !== undefined) this.#move(outgoing);
    }
    this.committed();
  }

  /** The store made progress: settles the old copies of what is safe. */
  committed(): void {
    for (let next = this.#moved.at(0); next !== undefined; next = this.#moved.at(0)) {
      if (next.batch > this.#messages.committed) return;
      this.#moved.shift();
      next.queue.settle(next.entry);
    }
  }

  #move({ queue, entry, reason }: Outgoing): void {
    const topology = this.#topology(queue.vhost);
    if (topology === undefined || queue.isDeleted) return;
    const letter = deadLetter(this.#codec, queue, entry.message, reason, this.#clock.now());
    const { queues } = route(topology, letter.exchange, letter.routingKeys, letter.headers);
    const targets = queues.filter(({ name }) => !isCycle(letter.deaths, name));
    const batch = publish(this.#messages, letter.message, targets);
    this.#moved.push({ batch, queue, entry });
  }
}
