import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { ContentSum } from './content-sum.js';
import { findDamage } from './level/check-level.js';
import type { DiskOperation } from './pending-changes.js';

/** Revision, number and sum of all other entries. Not a key that `metaKey` can make: it escapes '#'. */
const SUM_KEY = '#sum';

/** What a rebuilt copy is written in. */
const REBUILD_BATCH = 1000;

interface Range {
  readonly gte: string;
  readonly lt: string;
}

/** One of the two databases, and what it was found to hold. */
interface Copy {
  readonly name: string;
  readonly directory: string;
  level: ClassicLevel | undefined;
  content: ContentSum;
  /** The content is what its own sum says. */
  isWhole: boolean;
  damage: string | undefined;
}

/**
 * Two LevelDB databases with the same entries, one inside the other's directory: whatever happens to an octet of one,
 * the other has everything. What is damaged is made anew from what is not. The first one's lock guards both.
 */
export class TwinLevel {
  /** What was found damaged by `open`: lines for the operator. */
  damage: readonly string[] = [];
  readonly #first: Copy;
  readonly #second: Copy;
  #content = new ContentSum();

  constructor(directory: string) {
    this.#first = unopened('first copy', directory);
    this.#second = unopened('second copy', join(directory, 'second'));
  }

  /** Rejects with LevelDB's error when a copy cannot be opened for another reason than damage, or none can. */
  async open(): Promise<void> {
    const copies = [this.#first, this.#second];
    for (const copy of copies) await openCopy(copy);
    const best = bestOf(copies);
    if (best === undefined) throw new Error(copies.map(({ damage }) => damage).join(', '));
    for (const copy of copies) if (copy !== best) await this.#bringUp(copy, best);
    if (!best.isWhole) {
      best.damage = `${best.name}: a part of the definitions is lost`;
      await best.level!.put(SUM_KEY, best.content.text, { sync: true });
    }
    this.#content = best.content;
    this.damage = copies.flatMap(({ damage }) => damage ?? []);
  }

  has(key: string): boolean {
    return this.#content.has(key);
  }

  /** By iterators: a damaged filter makes LevelDB's own `get` miss what is there. */
  async get(key: string): Promise<string | undefined> {
    const [found] = await this.#level.iterator({ gte: key, lte: key }).all();
    return found?.[1];
  }

  async list(range: Range): Promise<(readonly [key: string, value: string])[]> {
    const found = await this.#level.iterator(range).all();
    return found.filter(([key]) => key !== SUM_KEY);
  }

  /** Resolves when both copies have all of it on disk. */
  async batch(operations: readonly DiskOperation[], options: { readonly sync: true }): Promise<void> {
    const content = this.#content;
    content.revision++;
    for (const operation of operations) {
      if (operation.type === 'put') content.put(operation.key, operation.value);
      else content.delete(operation.key);
    }
    const all: DiskOperation[] = [...operations, { type: 'put', key: SUM_KEY, value: content.text }];
    const writes = [this.#first, this.#second].map(({ level }) => level!.batch(all, options));
    const failed = (await Promise.allSettled(writes)).find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async close(): Promise<void> {
    await this.#second.level?.close();
    await this.#first.level?.close();
  }

  get #level(): ClassicLevel {
    return this.#first.level!;
  }

  /** Makes `copy` what `best` is. One that lacks the last batch only was not reached when the node died. */
  async #bringUp(copy: Copy, best: Copy): Promise<void> {
    if (copy.isWhole && copy.content.text === best.content.text) return;
    const isBehind = copy.isWhole && best.content.revision - copy.content.revision <= 1;
    if (!isBehind && best.isWhole) copy.damage ??= `${copy.name}: a part is lost, the other copy has it`;
    await copy.level?.close();
    await ClassicLevel.destroy(copy.directory);
    copy.level = await opened(copy.directory);
    // No sum of anything: a copy that is not finished is not whole.
    let operations: DiskOperation[] = [{ type: 'put', key: SUM_KEY, value: '0' }];
    for await (const [key, value] of best.level!.iterator()) {
      if (key === SUM_KEY) continue;
      operations.push({ type: 'put', key, value });
      if (operations.length < REBUILD_BATCH) continue;
      await copy.level.batch(operations);
      operations = [];
    }
    operations.push({ type: 'put', key: SUM_KEY, value: best.content.text });
    await copy.level.batch(operations, { sync: true });
  }
}

const unopened = (name: string, directory: string): Copy => {
  return { name, directory, level: undefined, content: new ContentSum(), isWhole: false, damage: undefined };
};

async function opened(directory: string): Promise<ClassicLevel> {
  const level = new ClassicLevel(directory, {
    keyEncoding: 'utf8',
    valueEncoding: 'utf8',
    compression: false,
  });
  await level.open();
  return level;
}

/** Opens the database, unless it is damaged, and takes account of what it holds. */
async function openCopy(copy: Copy): Promise<void> {
  // Twice: what another node has open may change while it is being read.
  if ((await findDamage(copy.directory)) !== undefined) copy.damage = await findDamage(copy.directory);
  if (copy.damage === undefined) await tryOpen(copy);
  if (copy.damage !== undefined) copy.damage = `${copy.name}: ${copy.damage}`;
}

async function tryOpen(copy: Copy): Promise<void> {
  try {
    copy.level = await opened(copy.directory);
    await takeAccount(copy, copy.level);
  } catch (error) {
    if (!isCorruption(error)) throw error;
    copy.damage = error.message;
    await copy.level?.close();
    copy.level = undefined;
  }
}

async function takeAccount(copy: Copy, level: ClassicLevel): Promise<void> {
  let stored: string | undefined;
  for await (const [key, value] of level.iterator()) {
    if (key === SUM_KEY) stored = value;
    else copy.content.put(key, value);
  }
  copy.content.revision = Number.parseInt(stored ?? '0', 10);
  // Before there were two copies there was no sum.
  copy.isWhole = stored === undefined || stored === copy.content.text;
}

function isCorruption(error: unknown): error is Error {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_CORRUPTION';
}

/** The newest of those that are whole, else the one with the most. */
function bestOf(copies: readonly Copy[]): Copy | undefined {
  const usable = copies.filter(({ level }) => level !== undefined);
  const [best] = usable.toSorted(
    (a, b) =>
      Number(b.isWhole) - Number(a.isWhole) ||
      b.content.revision - a.content.revision ||
      b.content.size - a.content.size,
  );
  return best;
}
