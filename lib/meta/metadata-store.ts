export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/**
 * One key set or (value undefined) deleted. 'ephemeral' ones live as long as this node runs and are never written to
 * disk (transient queues, exclusive queues and their bindings). A key has one value: setting it with the other
 * lifetime replaces it, and a deletion removes it whatever its lifetime was.
 */
export interface Change {
  readonly key: string;
  readonly value: JsonValue | undefined;
  readonly lifetime: 'durable' | 'ephemeral';
}

export type ChangeListener = (changes: readonly Change[]) => void;

/** The definitions: vhosts, users, permissions, exchanges, queues, bindings, policies, parameters. */
export interface MetadataStore {
  /** What a read shows may be ahead of the watchers by one commit, never behind them. */
  get(key: string): Promise<JsonValue | undefined>;
  /** Every key that starts with `prefix`, in key order. */
  list(prefix: string): Promise<readonly (readonly [key: string, value: JsonValue])[]>;
  /**
   * All or nothing. `absent`: keys that must not exist, else nothing is applied and false is returned (once what they
   * hold can be read and has been told to the watchers). Resolves when durable changes are synced and every watcher
   * has been called, synchronously, in order, with the whole transaction.
   * Rejects when the changes could not be made durable; no later `apply` will succeed then.
   */
  apply(changes: readonly Change[], absent?: readonly string[]): Promise<boolean>;
  /** Returns the function that ends the watch. Watch first, then list: a change told twice does no harm. */
  watch(listener: ChangeListener): () => void;
  /** Finishes what has been applied; later calls of `apply` reject. */
  close(): Promise<void>;
}

/** An `apply` on a store whose `close` has been called. */
export class MetadataStoreClosedError extends Error {
  override readonly name = 'MetadataStoreClosedError';

  constructor() {
    super('the metadata store is closed');
  }
}

/**
 * Joins percent-encoded segments with '/': every vhost's queues are listed by `metaKey('queue', vhost) + '/'`.
 * Keys are plain ASCII, so that every store sorts them alike. Throws URIError for a lone surrogate.
 */
export function metaKey(...segments: string[]): string {
  return segments.map(encodeURIComponent).join('/');
}

/** The segments that {@link metaKey} was given. */
export function splitMetaKey(key: string): string[] {
  return key.split('/').map(decodeURIComponent);
}
