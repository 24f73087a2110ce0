import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import t from 'tap';
import { ManualClock } from '../../lib/base/clock.js';
import { parseQueueArguments } from '../../lib/broker/arguments/queue-arguments.js';
import { publish } from '../../lib/broker/publish.js';
import { Queue } from '../../lib/broker/queue.js';
import type { Entry } from '../../lib/store/entry.js';
import { MemoryMessageStore } from '../../lib/store/memory-message-store.js';
import { fromPlain } from '../../lib/wire/values.js';
import { bodyOf, messageOf } from '../support/messages.js';

/** A message in the model; `number` is its body and its place in the order of arrival. */
interface Item {
  readonly number: number;
  readonly priority: number;
  returns: number;
}

const flags = { durable: true, exclusive: false, autoDelete: false, owner: undefined };

/** A queue, and beside it the list that a queue is. */
class Pair {
  readonly #store = new MemoryMessageStore();
  readonly #queue: Queue;
  readonly #priorities: number;
  readonly #ready: Item[] = [];
  readonly #taken: { readonly item: Item; readonly entry: Entry }[] = [];
  readonly #rejected: number[] = [];
  readonly #dead: number[] = [];
  #next = 0;

  constructor(priorities: number) {
    this.#priorities = priorities;
    const args = {
      'x-dead-letter-exchange': 'dlx',
      'x-max-priority': priorities === 0 ? undefined : priorities,
    };
    const table = fromPlain(args);
    const definition = { id: 'q', name: 'q', ...flags, arguments: table };
    const clock = new ManualClock();
    this.#queue = new Queue('/', definition, parseQueueArguments(table), {
      messages: this.#store,
      clock,
      isRecovering: false,
      events: {
        ready: () => {},
        deadLetter: (queue, entry) => {
          this.#dead.push(Number(bodyOf(entry.message)));
          queue.settle(entry);
        },
        abandoned: () => {},
      },
    });
  }

  publish(priority: number): void {
    const number = this.#next++;
    publish(this.#store, messageOf(`${number}`, { priority }), [this.#queue]);
    this.#insert({ number, priority: Math.min(priority, this.#priorities), returns: 0 });
  }

  take(): void {
    const entry = this.#queue.take(false);
    const item = this.#ready.shift();
    assert.deepEqual([entry && Number(bodyOf(entry.message)), entry?.returns], [item?.number, item?.returns]);
    if (entry !== undefined && item !== undefined) this.#taken.push({ item, entry });
  }

  takeForGood(): void {
    const entry = this.#queue.take(true);
    assert.equal(entry && Number(bodyOf(entry.message)), this.#ready.shift()?.number);
  }

  acknowledge(which: number): void {
    for (const { entry } of this.#some(which, 1)) this.#queue.acknowledge(entry);
  }

  reject(which: number): void {
    for (const { item, entry } of this.#some(which, 1)) {
      this.#queue.reject(entry);
      this.#rejected.push(item.number);
    }
  }

  /** Every second one from `which` on, the last first. */
  requeue(which: number): void {
    const back = this.#some(which, 2).toReversed();
    this.#queue.requeue(back.map(({ entry }) => entry));
    for (const { item } of back) {
      item.returns++;
      this.#insert(item);
    }
  }

  purge(): void {
    assert.equal(this.#queue.purge(), this.#ready.length);
    this.#ready.length = 0;
  }

  compare(): void {
    const bytes = this.#ready.reduce((sum, { number }) => sum + `${number}`.length, 0);
    assert.deepEqual(
      [this.#queue.messageCount, this.#queue.byteCount, this.#queue.unackedCount],
      [this.#ready.length, bytes, this.#taken.length],
    );
    assert.deepEqual(this.#dead, this.#rejected);
  }

  /** Takes one entry, or every second, out of those that are taken. */
  #some(which: number, step: 1 | 2): { readonly item: Item; readonly entry: Entry }[] {
    if (this.#taken.length === 0) return [];
    const first = which % this.#taken.length;
    const chosen = this.#taken.filter((_, at) =>
      step === 1 ? at === first : at >= first && (at - first) % 2 === 0,
    );
    for (const one of chosen) this.#taken.splice(this.#taken.indexOf(one), 1);
    return chosen;
  }

  #insert(item: Item): void {
    const after = this.#ready.findIndex(
      ({ priority, number }) =>
        priority < item.priority || (priority === item.priority && number > item.number),
    );
    this.#ready.splice(after < 0 ? this.#ready.length : after, 0, item);
  }
}

const STEPS = [
  'publish',
  'publish',
  'take',
  'take',
  'takeForGood',
  'acknowledge',
  'reject',
  'requeue',
  'purge',
] as const;

for (const priorities of [0, 3]) {
  void t.test(`a queue with ${priorities} priorities is a list that remembers places`, async () => {
    const step = fc.tuple(fc.constantFrom(...STEPS), fc.nat(9));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const pair = new Pair(priorities);
        for (const [what, number] of steps) {
          pair[what](number);
          pair.compare();
        }
      }),
      { numRuns: 400 },
    );
  });
}
