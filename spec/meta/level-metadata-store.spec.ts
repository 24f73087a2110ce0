import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { type Test, test } from 'tap';
import {
  DataDirectoryError,
  DataDirectoryFormatError,
  DataDirectoryInUseError,
} from '../../lib/meta/data-directory-errors.js';
import { LevelMetadataStore, type WriteBatch } from '../../lib/meta/level-metadata-store.js';
import { durable, ephemeral, metadataStoreContract } from '../contracts/metadata-store.js';
import { eventually } from '../support/eventually.js';

async function openIn(t: Test, directory = t.testdir()): Promise<LevelMetadataStore> {
  const store = await LevelMetadataStore.open(join(directory, 'meta'));
  t.teardown(() => store.close());
  return store;
}

metadataStoreContract('LevelMetadataStore', openIn);

/** Keeps every batch from the disk until it is released. */
class HeldWrites {
  readonly sizes: number[] = [];
  #waiting: ((error?: Error) => void)[] = [];

  readonly write: WriteBatch = async (level, operations) => {
    this.sizes.push(operations.length);
    const error = await new Promise<Error | undefined>((resolve) => void this.#waiting.push(resolve));
    if (error !== undefined) throw error;
    await level.batch(operations, { sync: true });
  };

  release(error?: Error): void {
    for (const go of this.#waiting.splice(0)) go(error);
  }
}

async function openHeld(t: Test): Promise<{ store: LevelMetadataStore; held: HeldWrites }> {
  const held = new HeldWrites();
  const store = await LevelMetadataStore.open(join(t.testdir(), 'meta'), held.write);
  t.teardown(() => store.close());
  return { store, held };
}

void test('durable values are there after a restart, ephemeral ones are not', async (t) => {
  const directory = t.testdir();
  const first = await openIn(t, directory);
  await first.apply([durable('a', { deep: ['ü'] }), durable('b', 1), ephemeral('c', 1)]);
  await first.apply([ephemeral('b', 2), durable('gone', 1)]);
  await first.apply([durable('gone', undefined)]);
  await first.close();
  const second = await openIn(t, directory);
  t.strictSame(await second.list(''), [['a', { deep: ['ü'] }]]);
});

void test('an ephemeral value over a durable one that is still being written leaves nothing on disk', async (t) => {
  const directory = t.testdir();
  const first = await openIn(t, directory);
  await Promise.all([first.apply([durable('k', 1)]), first.apply([ephemeral('k', 2)])]);
  t.equal(await first.get('k'), 2);
  await first.close();
  const second = await openIn(t, directory);
  t.strictSame(await second.list(''), []);
});

void test('what is applied in one turn shares a batch, and what comes during its sync shares the next', async (t) => {
  const { store, held } = await openHeld(t);
  const first = [store.apply([durable('a', 1)]), store.apply([durable('b', 1)])];
  await eventually('the first batch', () => held.sizes.length === 1);
  const second = ['c', 'd', 'e'].map((key) => store.apply([durable(key, 1)]));
  held.release();
  await Promise.all(first);
  await eventually('the second batch', () => held.sizes.length === 2);
  held.release();
  await Promise.all(second);
  t.strictSame(held.sizes, [2, 3]);
});

void test('nothing durable is told before its batch is synced', async (t) => {
  const { store, held } = await openHeld(t);
  const told: string[] = [];
  store.watch((changes) => told.push(...changes.map(({ key }) => key)));
  const applied = store.apply([durable('a', 1), ephemeral('b', 1)]);
  await eventually('the batch', () => held.sizes.length === 1);
  t.strictSame(told, []);
  t.equal(await store.get('b'), undefined);
  held.release();
  await applied;
  t.strictSame(told, ['a', 'b']);
});

void test('an ephemeral change waits for the disk only behind a durable one of the same key', async (t) => {
  const { store, held } = await openHeld(t);
  const told: unknown[] = [];
  store.watch((changes) => told.push(...changes.map(({ key, value }) => [key, value])));
  const applied = [store.apply([durable('k', 1)]), store.apply([ephemeral('k', 2)])];
  t.equal(await store.apply([ephemeral('other', 3)]), true);
  t.strictSame(told, [['other', 3]]);
  await eventually('the batch', () => held.sizes.length === 1);
  held.release();
  await Promise.all(applied);
  t.strictSame(told.slice(1), [
    ['k', 1],
    ['k', 2],
  ]);
});

void test('a batch that cannot be written rejects its transactions and all that follow', async (t) => {
  const { store, held } = await openHeld(t);
  const told: unknown[] = [];
  store.watch((changes) => told.push(changes));
  const failing = [store.apply([durable('a', 1)])];
  await eventually('the batch', () => held.sizes.length === 1);
  failing.push(store.apply([durable('b', 1)]));
  held.release(new Error('no space left on device'));
  for (const outcome of await Promise.allSettled(failing)) {
    t.match(outcome, {
      status: 'rejected',
      reason: { message: /cannot be written to .*: no space left on device$/ },
    });
  }
  await t.rejects(store.apply([ephemeral('c', 1)]), DataDirectoryError);
  t.strictSame(told, []);
  t.strictSame(held.sizes, [1]);
});

void test('a second store on the directory is refused', async (t) => {
  const directory = t.testdir();
  await openIn(t, directory);
  await t.rejects(openIn(t, directory), DataDirectoryInUseError);
});

void test('another process on the directory is refused', async (t) => {
  const directory = t.testdir();
  await openIn(t, directory);
  const module = new URL('../../lib/meta/level-metadata-store.js', import.meta.url).href;
  const program = `
    const { LevelMetadataStore } = await import(${JSON.stringify(module)});
    await LevelMetadataStore.open(process.argv[1]).catch((e) => console.log(e.name + ': ' + e.message));`;
  const { stdout } = spawnSync(process.execPath, [
    '--input-type=module',
    '-e',
    program,
    join(directory, 'meta'),
  ]);
  t.match(String(stdout), /^DataDirectoryInUseError: data directory .*meta is in use by another node\n$/);
});

void test('a directory that cannot be made is a clear error', async (t) => {
  const directory = t.testdir();
  writeFileSync(join(directory, 'meta'), 'a file');
  await t.rejects(openIn(t, directory), {
    name: 'DataDirectoryError',
    message: /^data directory .*meta cannot be opened: /,
  });
});

void test('a directory of a newer version is refused, and can be opened by that one again', async (t) => {
  const directory = t.testdir();
  const level = new ClassicLevel(join(directory, 'meta'));
  await level.put('#format', '2');
  await level.close();
  await t.rejects(openIn(t, directory), {
    name: 'DataDirectoryFormatError',
    message: /have format 2, this version knows format 1 only$/,
  });
  await t.rejects(openIn(t, directory), DataDirectoryFormatError);
});
