import type { QueueStore } from '../store/message-store.js';

/**
 * The messages of a queue by priority. A store is opened when the first message of its priority comes: a queue may have
 * 256 of them, and hardly any has messages of more than a few.
 */
export class PriorityLevels {
  /** The open ones, the lowest priority first; that of priority 0 is always among them. */
  readonly open: QueueStore[] = [];
  /** Priorities of `open`. */
  readonly #priorities: number[] = [];
  readonly #byPriority: (QueueStore | undefined)[];
  readonly #most: number;
  readonly #openStore: (priority: number) => QueueStore;

  /**
   * @param most the highest priority; above it messages count as of it
   * @param all every one may hold messages from before, so that all are opened now
   */
  constructor(most: number, openStore: (priority: number) => QueueStore, all: boolean) {
    this.#most = most;
    this.#openStore = openStore;
    this.#byPriority = new Array<QueueStore | undefined>(most + 1).fill(undefined);
    for (let priority = 0; priority <= (all ? most : 0); priority++) this.#open(priority);
  }

  get count(): number {
    let count = 0;
    for (const level of this.open) count += level.count;
    return count;
  }

  /** Octets of bodies. */
  get bytes(): number {
    let bytes = 0;
    for (const level of this.open) bytes += level.bytes;
    return bytes;
  }

  get isEmpty(): boolean {
    const { open } = this;
    for (let i = 0; i < open.length; i++) if ((open[i] as QueueStore).count > 0) return false;
    return true;
  }

  /** The highest that has messages. */
  get highest(): QueueStore | undefined {
    for (let i = this.open.length - 1; i >= 0; i--) {
      const level = this.open[i] as QueueStore;
      if (level.count > 0) return level;
    }
    return undefined;
  }

  of(priority: number): QueueStore {
    const capped = Math.min(priority, this.#most);
    return this.#byPriority[capped] ?? this.#open(capped);
  }

  #open(priority: number): QueueStore {
    const store = this.#openStore(priority);
    let at = this.#priorities.length;
    while (at > 0 && (this.#priorities[at - 1] as number) > priority) at--;
    this.#priorities.splice(at, 0, priority);
    this.open.splice(at, 0, store);
    this.#byPriority[priority] = store;
    return store;
  }
}
