import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tap, { type Test } from 'tap';
import { LevelMetadataStore } from '../../lib/meta/level-metadata-store.js';
import { DataDirectoryError } from '../../lib/meta/data-directory-errors.js';
import type { JsonValue } from '../../lib/meta/metadata-store.js';
import { durable } from '../contracts/metadata-store.js';

const isTorture = process.env['WARRENMQ_TORTURE'] !== undefined;
if (isTorture) tap.setTimeout(7_200_000);
/** The short form looks at every so manieth octet. */
const STRIDE = isTorture ? 1 : 149;

interface Sample {
  readonly directory: string;
  readonly expected: readonly (readonly [string, JsonValue])[];
}

async function inStore<T>(directory: string, use: (store: LevelMetadataStore) => Promise<T>): Promise<T> {
  const store = await LevelMetadataStore.open(directory);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** Definitions in tables and in the log, some of them changed and some deleted. */
async function sample(t: Test): Promise<Sample> {
  const directory = join(t.testdir(), 'definitions');
  await inStore(directory, async (store) => {
    for (let i = 0; i < 12; i++)
      await store.apply([durable(`queue/%2F/q${i}`, { id: `id ${i}`, durable: true })]);
  });
  await inStore(directory, async (store) => {
    await store.apply([durable('queue/%2F/q3', undefined), durable('queue/%2F/q4', { id: 'again' })]);
    await store.apply([durable('user/guest', { tags: ['administrator'] })]);
  });
  const expected = await inStore(directory, async (store) => {
    await store.apply([durable('queue/%2F/q5', undefined), durable('queue/%2F/last', null)]);
    return store.list('');
  });
  return { directory, expected };
}

const filesIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(directory, name)).isFile() && !/LOCK$|LOG(\.old)?$/.test(name))
    .toSorted();

/** What the store says after `file` was given these bytes, and whether it still says so after a restart. */
async function afterDamage(t: Test, { directory, expected }: Sample, file: string, bytes: Buffer) {
  const copy = join(t.testdirName, 'damaged');
  rmSync(copy, { recursive: true, force: true });
  cpSync(directory, copy, { recursive: true });
  writeFileSync(join(copy, file), bytes);
  const told = await inStore(copy, async (store) => {
    t.strictSame(await store.list(''), expected, `${file} damaged`);
    return store.damage;
  });
  await inStore(copy, async (store) => {
    t.strictSame(await store.list(''), expected, `${file}, once more`);
    t.strictSame(store.damage, [], 'it was mended');
  });
  return told;
}

void tap.test(
  'whatever octet of the definitions is flipped, all of them are there, and it is told',
  async (t) => {
    const original = await sample(t);
    const untold = new Set<string>();
    let flips = 0;
    let told = 0;
    for (const file of filesIn(original.directory)) {
      const bytes = readFileSync(join(original.directory, file));
      for (let at = flips % STRIDE; at < bytes.length; at += STRIDE) {
        const flipped = Buffer.from(bytes);
        flipped[at]! ^= 1 << (at % 8);
        if ((await afterDamage(t, original, file, flipped)).length > 0) told++;
        else untold.add(`${file} ${at}`);
        if (!t.passing()) return;
        flips++;
      }
    }
    t.comment(`${flips} flips, ${told} told; not told: ${[...untold].join(', ')}`);
    t.ok(flips > 20);
  },
);

void tap.test('wherever a file of the definitions is cut, all of them are there', async (t) => {
  const original = await sample(t);
  for (const file of filesIn(original.directory)) {
    const bytes = readFileSync(join(original.directory, file));
    for (let length = bytes.length - 1; length >= 0; length -= STRIDE) {
      await afterDamage(t, original, file, bytes.subarray(0, length));
      if (!t.passing()) return;
    }
  }
});

/** The entries of a store on a copy of the sample in which `damage` was done, and what it told. */
async function afterAll(t: Test, original: Sample, damage: (copy: string) => void) {
  const copy = join(t.testdirName, 'copy');
  cpSync(original.directory, copy, { recursive: true });
  damage(copy);
  return inStore(copy, async (store) => ({ entries: await store.list(''), told: store.damage }));
}

/** The log file in use of each copy. */
const logsIn = (directory: string): string[] =>
  filesIn(directory)
    .filter((name) => name.endsWith('.log'))
    .map((name) => join(directory, name));

function spoilBoth(copy: string): void {
  for (const folder of [copy, join(copy, 'second')]) writeFileSync(join(folder, 'CURRENT'), 'MANIFEST');
}

void tap.test('where neither copy can be read the store does not open, and says why', async (t) => {
  const original = await sample(t);
  const opened = afterAll(t, original, spoilBoth);
  await t.rejects(opened, DataDirectoryError);
  await t.rejects(opened, /first copy: CURRENT is damaged, second copy: CURRENT is damaged/);
});

void tap.test('where both copies lack something, the rest is there and the loss is told', async (t) => {
  const directory = join(t.testdir(), 'definitions');
  const keys = Array.from({ length: 20 }, (_, i) => `queue/%2F/${i}`);
  await inStore(directory, async (store) => {
    for (const key of keys) await store.apply([durable(key, 'x'.repeat(4000))]);
  });
  for (const log of logsIn(directory)) {
    const bytes = readFileSync(log);
    // In the first of three blocks.
    bytes[5000]! ^= 1;
    writeFileSync(log, bytes);
  }
  await inStore(directory, async (store) => {
    const left = (await store.list('')).map(([key]) => key);
    t.ok(left.includes('queue/%2F/0') && left.includes('queue/%2F/19'));
    t.ok(left.length < keys.length);
    t.strictSame(store.damage, ['first copy: a part of the definitions is lost']);
  });
  await inStore(directory, async (store) => t.strictSame(store.damage, [], 'it is told once'));
});

void tap.test('a copy that lacks the last batch only is brought up without a word', async (t) => {
  const original = await sample(t);
  const { entries, told } = await afterAll(t, original, (copy) => {
    const [log = ''] = logsIn(copy);
    writeFileSync(log, readFileSync(log).subarray(0, -1));
  });
  t.strictSame(entries, original.expected);
  t.strictSame(told, []);
});

void tap.test('sound databases of many blocks and tables raise no alarm', async (t) => {
  const directory = join(t.testdir(), 'definitions');
  const value = { text: 'x'.repeat(4000) };
  const keys = Array.from({ length: 3000 }, (_, i) => `queue/%2F/${String(i).padStart(5, '0')}`);
  await inStore(directory, async (store) => {
    for (let from = 0; from < keys.length; from += 100)
      await Promise.all(keys.slice(from, from + 100).map((key) => store.apply([durable(key, value)])));
  });
  for (let start = 0; start < 2; start++) {
    const { damage, count } = await inStore(directory, async (store) => {
      await store.apply([durable(`start/${start}`, 1)]);
      return { damage: store.damage, count: (await store.list('queue/')).length };
    });
    t.strictSame(damage, []);
    t.equal(count, keys.length);
  }
  t.ok(filesIn(directory).filter((name) => name.endsWith('.ldb')).length > 4, 'there are tables');
});
