import { ChangeFeed } from './change-feed.js';
import {
  type Change,
  type ChangeListener,
  type JsonValue,
  type MetadataStore,
  MetadataStoreClosedError,
} from './metadata-store.js';

/** Definitions that live as long as the object. `apply` has told every watcher before it returns its promise. */
export class MemoryMetadataStore implements MetadataStore {
  readonly #values = new Map<string, JsonValue>();
  readonly #feed = new ChangeFeed();
  #closed = false;

  async get(key: string): Promise<JsonValue | undefined> {
    return this.#values.get(key);
  }

  async list(prefix: string): Promise<readonly (readonly [string, JsonValue])[]> {
    return [...this.#values].filter(([key]) => key.startsWith(prefix)).toSorted(byKey);
  }

  async apply(changes: readonly Change[], absent: readonly string[] = []): Promise<boolean> {
    if (this.#closed) throw new MetadataStoreClosedError();
    if (absent.some((key) => this.#values.has(key))) return false;
    for (const { key, value } of changes) {
      if (value === undefined) this.#values.delete(key);
      else this.#values.set(key, value);
    }
    this.#feed.tell(changes);
    return true;
  }

  watch(listener: ChangeListener): () => void {
    return this.#feed.watch(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}

function byKey([a]: readonly [string, JsonValue], [b]: readonly [string, JsonValue]): number {
  return a < b ? -1 : 1;
}
