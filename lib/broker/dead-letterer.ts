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

/** Letters written in one turn, so that a mass expiry leaves the others theirs. */
const LETTERS_PER_TURN = 512;
/** No more letters in one turn once their bodies, which are copied, took so many octets. */
const OCTETS_PER_TURN = 4 * 2 ** 20;

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
    // What is discarded while this runs (an overflow of the target, say) has its turn next.
    let octets = 0;
    let left = Math.min(this.#outbox.length, LETTERS_PER_TURN);
    for (; left > 0 && octets < OCTETS_PER_TURN; left--) {
      const outgoing = this.#outbox.shift();
      if (outgoing === undefined) break;
      octets += outgoing.entry.message.bodyLength;
      this.#move(outgoing);
    }
    this.committed();
    this.#scheduled = this.#outbox.length > 0;
    if (this.#scheduled) this.#turn.again(this);
  }

  /** The store made progress: settles the old copies of what is safe. */
  committed(): void {
    for (let next = this.#moved.at(0); next !== undefined; next = this.#moved.at(0)) {
      if (next.batch > this.#messages.committed) return;
      this.#moved.shift();
      next.queue.settle(next.entry);
    }
  }

  /** The node stops: what was not moved yet stays where it is. */
  close(): void {
    this.#outbox.clear();
  }

  /** The queue may have been deleted since; what it discarded before goes its way all the same. */
  #move({ queue, entry, reason }: Outgoing): void {
    const topology = this.#topology(queue.vhost);
    if (topology === undefined) return;
    const letter = deadLetter(this.#codec, queue, entry.message, reason, this.#clock.now());
    const { queues } = route(topology, letter.exchange, letter.routingKeys, letter.headers);
    // A target that is full and refuses does not get it; the batch to wait for is that of the others.
    const targets = queues.filter(({ name }) => !isCycle(letter.deaths, name));
    const open = targets.filter((target) => !target.refuse(letter.message));
    const batch = publish(this.#messages, letter.message, open);
    this.#moved.push({ batch, queue, entry });
  }
}
