import type { Change } from './metadata-store.js';

export type DiskOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'del'; readonly key: string };

/** An `apply` that has been answered neither way yet. One that was refused is here with no changes. */
export interface PendingTransaction {
  readonly changes: readonly Change[];
  readonly operations: readonly DiskOperation[];
  readonly accepted: boolean;
  readonly resolve: (accepted: boolean) => void;
  readonly reject: (error: unknown) => void;
}

interface PendingKey {
  latest: Change;
  /** Changes of this key that are still pending. */
  count: number;
}

/** Transactions in the order of their `apply`, until their batch is synced, and what they will make of each key. */
export class PendingChanges {
  #waiting: PendingTransaction[] = [];
  readonly #keys = new Map<string, PendingKey>();

  append(transaction: PendingTransaction): void {
    this.#waiting.push(transaction);
    for (const change of transaction.changes) {
      const pending = this.#keys.get(change.key);
      if (pending === undefined) {
        this.#keys.set(change.key, { latest: change, count: 1 });
        continue;
      }
      pending.latest = change;
      pending.count += 1;
    }
  }

  /** Everything that waits for a batch. Each is still pending until it is handed to `remove`. */
  take(): readonly PendingTransaction[] {
    const batch = this.#waiting;
    this.#waiting = [];
    return batch;
  }

  remove(transaction: PendingTransaction): void {
    for (const { key } of transaction.changes) {
      const pending = this.#keys.get(key);
      if (pending === undefined) continue;
      pending.count -= 1;
      if (pending.count === 0) this.#keys.delete(key);
    }
  }

  /** The last pending change of `key`. */
  latest(key: string): Change | undefined {
    return this.#keys.get(key)?.latest;
  }
}
