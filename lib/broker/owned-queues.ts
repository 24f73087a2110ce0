import type { Queue } from './queue.js';

/** Exclusive queues by the connection that they belong to, so that its end takes time in proportion to its own. */
export class OwnedQueues {
  readonly #byOwner = new Map<string, Set<Queue>>();

  /** Also takes queues that belong to nobody, and passes over them. */
  add(queue: Queue): void {
    const { owner } = queue.definition;
    if (owner === undefined) return;
    const owned = this.#byOwner.get(owner);
    if (owned === undefined) this.#byOwner.set(owner, new Set([queue]));
    else owned.add(queue);
  }

  delete(queue: Queue): void {
    const owner = queue.definition.owner ?? '';
    const owned = this.#byOwner.get(owner);
    if (owned?.delete(queue) === true && owned.size === 0) this.#byOwner.delete(owner);
  }

  clear(): void {
    this.#byOwner.clear();
  }

  /** In order of declaration. */
  of(owner: string): Queue[] {
    return [...(this.#byOwner.get(owner) ?? [])];
  }

  /** Connections that have any. */
  get owners(): number {
    return this.#byOwner.size;
  }
}
