import { MemoryMetadataStore } from '../../lib/meta/memory-metadata-store.js';
import type { Change, ChangeListener, JsonValue, MetadataStore } from '../../lib/meta/metadata-store.js';

/** Takes its time over transactions, as a disk does: between `hold` and `release` none is applied. */
export class HeldMetadataStore implements MetadataStore {
  readonly #store = new MemoryMetadataStore();
  #held: (() => void)[] | undefined;

  hold(): void {
    this.#held = [];
  }

  /** How many transactions wait. */
  get waiting(): number {
    return this.#held?.length ?? 0;
  }

  /** Applies what waits, in order. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const apply of held) apply();
  }

  get(key: string): Promise<JsonValue | undefined> {
    return this.#store.get(key);
  }

  list(prefix: string): Promise<readonly (readonly [string, JsonValue])[]> {
    return this.#store.list(prefix);
  }

  async apply(changes: readonly Change[], absent: readonly string[] = []): Promise<boolean> {
    if (this.#held !== undefined) await new Promise<void>((resolve) => this.#held?.push(resolve));
    return this.#store.apply(changes, absent);
  }

  watch(listener: ChangeListener): () => void {
    return this.#store.watch(listener);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
