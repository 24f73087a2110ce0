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
import { ManualClock } from '../../lib/base/clock.js';
import { LevelMetadataStore } from '../../lib/meta/level-metadata-store.js';
import type { WriteBatch } from '../../lib/meta/patient-level.js';
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

interface Held {
  readonly store: LevelMetadataStore;
  readonly held: HeldWrites;
  readonly clock: ManualClock;
  readonly failures: Error[];
  /** Told of a full disk. */
  readonly waits: unknown[];
}

async function openHeld(t: Test): Promise<Held> {
  const held = new HeldWrites();
  const clock = new ManualClock();
  const failures: Error[] = [];
  const waits: unknown[] = [];
  const store = await LevelMetadataStore.open(join(t.testdir(), 'meta'), {
    write: held.write,
    clock,
    onFull: (error) => void waits.push(error),
    onFailed: (error) => void failures.push(error),
  });
  t.teardown(() => store.close());
  return { store, held, clock, failures, waits };
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
  const { store, held, failures } = await openHeld(t);
  const told: unknown[] = [];
  store.watch((changes) => told.push(changes));
  const failing = [store.apply([durable('a', 1)])];
  await eventually('the batch', () => held.sizes.length === 1);
  failing.push(store.apply([durable('b', 1)]));
  held.release(new Error('input/output error'));
  for (const outcome of await Promise.allSettled(failing)) {
    t.match(outcome, {
      status: 'rejected',
      reason: { message: /cannot be written to .*: input\/output error$/ },
    });
  }
  await t.rejects(store.apply([ephemeral('c', 1)]), DataDirectoryError);
  t.strictSame(told, []);
  t.strictSame(held.sizes, [1]);
  t.match(failures, [{ name: 'DataDirectoryError' }], 'the node is told, once');
});

const diskFull = (): Error => new Error('IO error: 000005.log: No space left on device');

void test('a batch that meets a full disk is written when there is room', async (t) => {
  const { store, held, clock, failures } = await openHeld(t);
  const before = store.apply([durable('before', 1)]);
  await eventually('the batch', () => held.sizes.length === 1);
  held.release();
  await before;
  const applied = store.apply([durable('a', 1)]);
  await eventually('the first try', () => held.sizes.length === 2);
  held.release(diskFull());
  t.equal(await store.apply([ephemeral('c', 1)], ['c']), true, 'what needs no disk goes on');
  const refused = store.apply([durable('before', 2)], ['before']);
  await eventually('the second try', () => {
    clock.advance(500);
    return held.sizes.length === 3;
  });
  held.release(diskFull());
  await eventually('the third try', () => {
    clock.advance(500);
    return held.sizes.length === 4;
  });
  held.release();
  t.equal(await applied, true);
  t.equal(await refused, false);
  t.strictSame(await store.list(''), [
    ['a', 1],
    ['before', 1],
    ['c', 1],
  ]);
  t.strictSame(failures, []);
});

void test('a store that waits for room can be closed', async (t) => {
  const { store, held, failures, waits } = await openHeld(t);
  const applied = store.apply([durable('a', 1)]);
  const rejected = t.rejects(applied, { message: /No space left/ });
  await eventually('the first try', () => held.sizes.length === 1);
  held.release(diskFull());
  await eventually('it waits', () => waits.length === 1);
  const closed = store.close();
  await eventually('the last try', () => held.sizes.length === 2);
  held.release(diskFull());
  await rejected;
  await closed;
  t.strictSame(failures, []);
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
  t.match(String(stdout), /^DataDirectoryInUseError: definitions in .*meta are in use by another node\n$/);
});

void test('a directory that cannot be made is a clear error', async (t) => {
  const directory = t.testdir();
  writeFileSync(join(directory, 'meta'), 'a file');
  await t.rejects(openIn(t, directory), {
    name: 'DataDirectoryError',
    message: /^definitions in .*meta cannot be opened: /,
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
