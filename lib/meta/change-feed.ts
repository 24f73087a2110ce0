import type { Change, ChangeListener } from './metadata-store.js';

/**
 * Tells every listener of every transaction, in one order for all: what a listener causes while it is being told
 * is told after the transaction at hand.
 */
export class ChangeFeed {
  readonly #listeners = new Set<ChangeListener>();
  readonly #untold: (readonly Change[])[] = [];
  #telling = false;

  watch(listener: ChangeListener): () => void {
    const own: ChangeListener = (changes) => listener(changes);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  tell(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    this.#untold.push(changes);
    if (this.#telling) return;
    this.#telling = true;
    try {
      for (let next = this.#untold.shift(); next !== undefined; next = this.#untold.shift()) {
        for (const listener of this.#listeners) listener(next);
      }
    } finally {
      this.#telling = false;
    }
  }
}
