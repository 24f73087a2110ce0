import { type Clock, systemClock } from '../base/clock.js';
import { ChangeFeed } from './change-feed.js';
import {
  DataDirectoryError,
  DataDirectoryFormatError,
  DataDirectoryInUseError,
} from './data-directory-errors.js';
import {
  type Change,
  type ChangeListener,
  type JsonValue,
  type MetadataStore,
  MetadataStoreClosedError,
} from './metadata-store.js';
import { PatientLevel, type WriteBatch, writeSynced } from './patient-level.js';
import { type DiskOperation, PendingChanges, type PendingTransaction } from './pending-changes.js';
import { TwinLevel } from './twin-level.js';

/** Not a key that `metaKey` can make: it escapes '#'. */
const FORMAT_KEY = '#format';
const FORMAT = '1';

export interface LevelStoreOptions {
  readonly clock?: Clock;
  /** Told when something waits for room on the disk. */
  readonly onFull?: (error: unknown) => void;
  /** Told, once, when nothing can be written any more: the node has to stop. A full disk is no such failure. */
  readonly onFailed?: (error: Error) => void;
  readonly write?: WriteBatch;
}

/**
 * Definitions in a LevelDB directory (in two copies), one JSON text per key. Transactions that arrive while a batch is being synced
 * share the next one. Ephemeral values are kept in memory only; a transaction of nothing else passes the queue
 * unless an earlier one that waits for the disk touches one of its keys.
 */
export class LevelMetadataStore implements MetadataStore {
  readonly #directory: string;
  readonly #level: PatientLevel;
  readonly #onFailed: (error: Error) => void;
  readonly #ephemeral = new Map<string, JsonValue>();
  readonly #pending = new PendingChanges();
  readonly #feed = new ChangeFeed();
  #flushing: Promise<void> | undefined;
  /** The first write that failed: what the disk holds is not known after it. */
  #failure: DataDirectoryError | undefined;
  #closed = false;

  private constructor(directory: string, level: PatientLevel, onFailed: (error: Error) => void) {
    this.#directory = directory;
    this.#level = level;
    this.#onFailed = onFailed;
  }

  /**
   * Creates the directory if it is missing. Throws {@link DataDirectoryInUseError} if another process (or another
   * store of this one) has it open, {@link DataDirectoryFormatError} if a newer version wrote it,
   * {@link DataDirectoryError} if it cannot be opened.
   */
  static async open(directory: string, options: LevelStoreOptions = {}): Promise<LevelMetadataStore> {
    const level = new TwinLevel(directory);
    await level.open().catch((error: unknown) => {
      throw openingError(directory, error);
    });
    await claimFormat(directory, level);
    const { write = writeSynced, clock = systemClock, onFull = () => {}, onFailed = () => {} } = options;
    return new LevelMetadataStore(
      directory,
      new PatientLevel(directory, level, { write, clock, onFull }),
      onFailed,
    );
  }

  /** Places in which the directory was damaged when it was opened, each as a line for the operator. */
  get damage(): readonly string[] {
    return this.#level.damage;
  }

  async get(key: string): Promise<JsonValue | undefined> {
    const ephemeral = this.#ephemeral.get(key);
    if (ephemeral !== undefined) return ephemeral;
    const text = await this.#level.get(key);
    return text === undefined ? undefined : decode(text);
  }

  async list(prefix: string): Promise<readonly (readonly [string, JsonValue])[]> {
    const stored = await this.#level.list(prefix);
    const merged = new Map<string, JsonValue>();
    for (const [key, text] of stored) {
      if (key !== FORMAT_KEY) merged.set(key, decode(text));
    }
    for (const [key, value] of this.#ephemeral) {
      if (key.startsWith(prefix)) merged.set(key, value);
    }
    return [...merged].toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  async apply(changes: readonly Change[], absent: readonly string[] = []): Promise<boolean> {
    this.#refuseIfEnded();
    const accepted = !absent.some((key) => this.#willExist(key));
    const accepting = accepted ? changes : [];
    const waits = [...absent, ...accepting.map(({ key }) => key)].some((key) => this.#pending.latest(key));
    const operations = lastOfEachKey(accepting).flatMap((change) => this.#diskOperations(change));
    if (waits || operations.length > 0) return this.#enqueue(accepting, operations, accepted);
    this.#become(accepting);
    return accepted;
  }

  watch(listener: ChangeListener): () => void {
    return this.#feed.watch(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#level.hurry();
    await this.#flushing;
    await this.#level.close();
  }

  #refuseIfEnded(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) throw new MetadataStoreClosedError();
  }

  /** With everything that has been accepted so far, on disk or not. */
  #willExist(key: string): boolean {
    const pending = this.#pending.latest(key);
    if (pending !== undefined) return pending.value !== undefined;
    return this.#ephemeral.has(key) || this.#isOnDisk(key);
  }

  #diskOperations({ key, value, lifetime }: Change): DiskOperation[] {
    if (value !== undefined && lifetime === 'durable')
      return [{ type: 'put', key, value: JSON.stringify(value) }];
    return this.#willBeOnDisk(key) ? [{ type: 'del', key }] : [];
  }

  #willBeOnDisk(key: string): boolean {
    const pending = this.#pending.latest(key);
    if (pending === undefined) return this.#isOnDisk(key);
    return pending.value !== undefined && pending.lifetime === 'durable';
  }

  #isOnDisk(key: string): boolean {
    return this.#level.has(key);
  }

  #enqueue(changes: readonly Change[], operations: DiskOperation[], accepted: boolean): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#pending.append({ changes, operations, accepted, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  /** Ends when nothing is pending; there is one at most. */
  async #flush(): Promise<void> {
    // What this turn still applies belongs to the first batch.
    await Promise.resolve();
    for (let batch = this.#pending.take(); batch.length > 0; batch = this.#pending.take()) {
      const error = await this.#sync(batch.flatMap(({ operations }) => operations));
      for (const transaction of batch) this.#finish(transaction, error);
    }
    this.#flushing = undefined;
  }

  /** The error that keeps the operations from being durable, if there is one. */
  async #sync(operations: DiskOperation[]): Promise<Error | undefined> {
    if (operations.length === 0 || this.#failure !== undefined) return this.#failure;
    try {
      await this.#level.write(operations);
    } catch (cause) {
      this.#failure = new DataDirectoryError(
        `definitions cannot be written to ${this.#directory}: ${reason(cause)}`,
        {
          cause,
        },
      );
      if (!this.#closed) this.#onFailed(this.#failure);
    }
    return this.#failure;
  }

  #finish(transaction: PendingTransaction, error: Error | undefined): void {
    this.#pending.remove(transaction);
    if (error !== undefined) {
      transaction.reject(error);
      return;
    }
    try {
      this.#become(transaction.changes);
      transaction.resolve(transaction.accepted);
    } catch (thrown) {
      transaction.reject(thrown);
    }
  }

  #become(changes: readonly Change[]): void {
    for (const { key, value, lifetime } of changes) {
      if (value !== undefined && lifetime === 'ephemeral') this.#ephemeral.set(key, value);
      else this.#ephemeral.delete(key);
    }
    this.#feed.tell(changes);
  }
}

/** Within one transaction the last change of a key is the one that holds. */
function lastOfEachKey(changes: readonly Change[]): Change[] {
  return [...new Map(changes.map((change) => [change.key, change])).values()];
}

/** Only what this class has written comes in here. */
function decode(text: string): JsonValue {
  return JSON.parse(text);
}

async function claimFormat(directory: string, level: TwinLevel): Promise<void> {
  const found = await level.get(FORMAT_KEY);
  if (found === FORMAT) return;
  if (found === undefined) return writeSynced(level, [{ type: 'put', key: FORMAT_KEY, value: FORMAT }]);
  await level.close();
  throw new DataDirectoryFormatError(directory, found, FORMAT);
}

export function openingError(directory: string, error: unknown): DataDirectoryError {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED') {
    return new DataDirectoryInUseError(directory, cause);
  }
  return new DataDirectoryError(`definitions in ${directory} cannot be opened: ${reason(cause)}`, { cause });
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
