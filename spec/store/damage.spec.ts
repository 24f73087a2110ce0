import tap from 'tap';
import { ManualClock } from '../../lib/base/clock.js';
import { checkDirectory } from '../../lib/store/check-directory.js';
import { type DurableMessageStore, openDurableMessageStore } from '../../lib/store/durable-message-store.js';
import { decodeFileHeader, FILE_START } from '../../lib/store/file-header.js';
import { readMessage } from '../../lib/store/message-record.js';
import type { QueueStore } from '../../lib/store/message-store.js';
import { eachInside } from '../../lib/store/recovered-facts.js';
import { RECORD } from '../../lib/store/record.js';
import { visitRecords } from '../../lib/store/record-scanner.js';
import { eventually } from '../support/eventually.js';
import { bodyOf, messageOf, takeBodies, takeOne } from '../support/messages.js';
import { Random } from '../support/random.js';
import { tinyLimits } from '../support/tiny-limits.js';
import { UnsafeFiles } from '../support/unsafe-files.js';

const isTorture = process.env['WARRENMQ_TORTURE'] !== undefined;
if (isTorture) tap.setTimeout(7_200_000);
/** The short form looks at every so manieth octet. */
const STRIDE = isTorture ? 1 : 41;
/** Messages that come to a queue one by one. */
const MESSAGES = isTorture ? 200 : 40;
const DIRECTORY = '/store';
const IDS = ['one', 'two', 'three'];

interface Sample {
  readonly files: ReadonlyMap<string, Buffer>;
  /** Bodies that have to be there, by queue. */
  readonly live: ReadonlyMap<string, readonly string[]>;
  /** Bodies that were there once, by queue. */
  readonly known: ReadonlyMap<string, readonly string[]>;
}

/** Octets [from, to) of a file that decide about messages with these bodies. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly bodies: readonly string[];
}

async function open(
  files: UnsafeFiles,
): Promise<{ store: DurableMessageStore; queues: Map<string, QueueStore> }> {
  const limits = { ...tinyLimits, wal: 3000, walFile: 1500 };
  const store = await openDurableMessageStore({
    directory: DIRECTORY,
    files,
    clock: new ManualClock(),
    limits,
  });
  const queues = new Map<string, QueueStore>();
  for (const id of IDS) queues.set(id, store.queue({ id, durable: true, readable: () => {} }));
  return { store, queues };
}

/** A stopped store with messages in the WAL, in segments and in a transaction, some settled, some put back. */
async function sample(): Promise<Sample> {
  const files = new UnsafeFiles(new Random(1));
  const { store, queues } = await open(files);
  const [one, two, three] = [...queues.values()] as [QueueStore, QueueStore, QueueStore];
  const live = new Map(IDS.map((id) => [id, [] as string[]]));
  const known = new Map(IDS.map((id) => [id, [] as string[]]));
  const note = (body: string, ...ids: string[]): void => {
    for (const id of ids) for (const book of [live, known]) book.get(id)!.push(body);
  };
  const append = async (body: string, ...ids: string[]): Promise<void> => {
    const batch = store.append(
      messageOf(body),
      ids.map((id) => queues.get(id)!),
    );
    note(body, ...ids);
    await eventually('commit', () => store.committed >= batch);
  };
  for (let i = 0; i < 24; i++) await append(`message ${i}`, ...(i % 3 === 0 ? ['one', 'two'] : ['one']));
  for (let i = 0; i < 3; i++) {
    const entry = await takeOne(one);
    one.settle(entry);
    live.get('one')!.splice(live.get('one')!.indexOf(bodyOf(entry.message)), 1);
  }
  one.requeue([await takeOne(one)]);
  const settled = await takeOne(two);
  store.transact([
    { type: 'append', message: messageOf('in transaction'), queues: [three, one] },
    { type: 'settle', entry: settled, queue: two },
    { type: 'append', message: messageOf('in transaction too'), queues: [three] },
  ]);
  live.get('two')!.shift();
  note('in transaction', 'three', 'one');
  note('in transaction too', 'three');
  await append('last', 'one', 'three');
  await store.close();
  return { files: files.contents(), live, known };
}

/** What in the file decides about which messages. */
function stretchesOf(bytes: Buffer): Stretch[] {
  const { header } = decodeFileHeader(bytes, 'sample');
  const stretches: Stretch[] = [];
  visitRecords(bytes.subarray(FILE_START), header!.salt, {
    record(type, records, start, end) {
      const bodies: string[] = [];
      const add = (inner: number, from: number, to: number): void => {
        if (inner === RECORD.message) bodies.push(bodyOf(readMessage(records, from, to)));
      };
      add(type, start, end);
      if (type === RECORD.transaction) eachInside(records, start, end, add);
      stretches.push({ from: FILE_START + start, to: FILE_START + end, bodies });
    },
    bad: (offset) => {
      throw new Error(`the sample is damaged at ${offset}`);
    },
  });
  return stretches;
}

/** What is wrong with what a store finds in these files, of which the records of `lost` may be unreadable. */
async function complaints(
  { live, known }: Sample,
  files: ReadonlyMap<string, Buffer>,
  lost: ReadonlySet<string>,
): Promise<{ wrong: string[]; isTold: boolean }> {
  const { store, queues } = await open(UnsafeFiles.of(files, new Random(1)));
  const wrong: string[] = [];
  for (const [id, queue] of queues) {
    const bodies = await takeBodies(queue);
    const order = known.get(id)!;
    for (const body of live.get(id)!) {
      if (!bodies.includes(body) && !lost.has(body)) wrong.push(`${id}: ${body} is missing`);
    }
    const places = bodies.map((body) => order.indexOf(body));
    if (places.some((place, at) => place < 0 || (at > 0 && place <= places[at - 1]!))) {
      wrong.push(`${id}: unknown, twice or out of order: ${bodies.join(', ')}`);
    }
  }
  await store.close();
  return { wrong, isTold: store.damage.length > 0 };
}

void tap.test('after any octet is flipped, whatever is sound is served and the damage told', async (t) => {
  const original = await sample();
  t.ok(
    [...original.files.keys()].some((path) => path.endsWith('.segment')),
    'there is a segment',
  );
  let flips = 0;
  for (const [path, bytes] of original.files) {
    const stretches = stretchesOf(bytes);
    for (let at = flips % STRIDE; at < bytes.length; at += STRIDE) {
      if (at < FILE_START && at % 512 >= 64) continue;
      const flipped = Buffer.from(bytes);
      flipped[at]! ^= 1 << (at % 8);
      const hit = stretches.find(({ from, to }) => at >= from && at < to);
      const files = new Map(original.files).set(path, flipped);
      const { wrong, isTold } = await complaints(original, files, new Set(hit?.bodies));
      // A record of messages that are all settled is never read again.
      const isDead = hit !== undefined && hit.bodies.length > 0 && path.endsWith('.segment');
      if (!isTold && !isDead) wrong.push('nothing was told');
      if (wrong.length > 0) {
        t.fail(`octet ${at} of ${path}`, { wrong });
        return;
      }
      flips++;
    }
  }
  t.ok(flips > 100, `${flips} octets flipped`);
});

void tap.test('a segment that has outlived its part of the log is read without its index', async (t) => {
  const files = new UnsafeFiles(new Random(1));
  const { store, queues } = await open(files);
  const one = queues.get('one')!;
  const kept: string[] = [];
  let damaged = 0;
  while (kept.length < MESSAGES) {
    const body = `message ${kept.length}`;
    kept.push(body);
    const batch = store.append(messageOf(body), [one]);
    await eventually('commit', () => store.committed >= batch);
    const now = files.contents();
    // What a process that is killed now leaves, with one index out of order.
    for (const [path, bytes] of now) {
      if (!path.endsWith('.segment')) continue;
      const flipped = Buffer.from(bytes);
      flipped[bytes.length - 1]! ^= 1;
      const left = new Map(now).set(path, flipped);
      const known = new Map(IDS.map((id) => [id, id === 'one' ? kept : []]));
      const { wrong } = await complaints({ files: left, live: known, known }, left, new Set());
      if (wrong.length > 0) t.fail(`${path} after ${body}`, { wrong });
      damaged++;
    }
  }
  await store.close();
  t.ok(damaged > 10, `${damaged} indexes damaged`);
});

void tap.test('after any file is cut anywhere, whatever is sound is served', async (t) => {
  const original = await sample();
  for (const [path, bytes] of original.files) {
    const stretches = stretchesOf(bytes);
    for (let length = bytes.length - 1; length >= 0; length -= STRIDE) {
      const lost = stretches
        .filter(({ to }) => to > length || length < FILE_START)
        .flatMap(({ bodies }) => bodies);
      const files = new Map(original.files).set(path, bytes.subarray(0, length));
      const { wrong } = await complaints(original, files, new Set(lost));
      if (wrong.length > 0) {
        t.fail(`${path} cut to ${length}`, { wrong });
        return;
      }
    }
  }
  t.ok(true);
});

void tap.test('a check of a stopped store tells what is there and what is damaged', async (t) => {
  const original = await sample();
  const report = await checkDirectory(DIRECTORY, UnsafeFiles.of(original.files, new Random(1)));
  t.same(report.damage, []);
  t.same(
    new Map(report.queues.map(({ id, messages, bytes }) => [id, { messages, bytes }])),
    new Map(
      [...original.live].map(([id, bodies]) => [
        id,
        { messages: bodies.length, bytes: bodies.reduce((sum, { length }) => sum + length, 0) },
      ]),
    ),
  );
  const [path, bytes] = [...original.files].find(([name]) => name.endsWith('.segment'))!;
  const damaged = Buffer.from(bytes);
  damaged[FILE_START + 40]! ^= 1;
  const files = UnsafeFiles.of(new Map(original.files).set(path, damaged), new Random(1));
  const { damage } = await checkDirectory(DIRECTORY, files);
  t.match(damage, [
    { file: path.slice(DIRECTORY.length + 1), offset: FILE_START, kind: 'record', queue: 'one' },
  ]);
});

void tap.test('a check tells that a segment which was finished lost its beginning', async (t) => {
  const original = await sample();
  const [path, bytes] = [...original.files].find(([name]) => name.endsWith('.segment'))!;
  const files = UnsafeFiles.of(new Map(original.files).set(path, bytes.subarray(0, 20)), new Random(1));
  const { damage } = await checkDirectory(DIRECTORY, files);
  t.match(damage, [{ file: path.slice(DIRECTORY.length + 1), offset: 0, length: 20, kind: 'header' }]);
});

void tap.test('a transaction is whole although nothing else tells of its queues', async (t) => {
  const files = new UnsafeFiles(new Random(1));
  const { store, queues } = await open(files);
  const [one, two] = [...queues.values()] as [QueueStore, QueueStore];
  const batch = store.transact([
    { type: 'append', message: messageOf('to one'), queues: [one] },
    { type: 'append', message: messageOf('to both'), queues: [one, two] },
  ]);
  await eventually('commit', () => store.committed >= batch);
  const [[path, bytes] = ['', Buffer.alloc(0)]] = files.contents();
  const { header } = decodeFileHeader(bytes, path);
  const damaged = Buffer.from(bytes);
  visitRecords(bytes.subarray(FILE_START), header!.salt, {
    record: (type, _bytes, start, end) => {
      if (type === RECORD.queue) damaged.fill(0, FILE_START + start, FILE_START + end);
    },
    bad: () => {},
  });
  t.notSame(damaged, bytes);
  const again = await open(UnsafeFiles.of(new Map([[path, damaged]]), new Random(1)));
  t.same(await takeBodies(again.queues.get('one')!), ['to one', 'to both']);
  t.same(await takeBodies(again.queues.get('two')!), ['to both']);
});

void tap.test('a store that a newer version wrote is refused', async (t) => {
  const original = await sample();
  const [path, bytes] = [...original.files].find(([name]) => name.endsWith('.wal'))!;
  const newer = Buffer.from(bytes);
  for (const copy of [0, 512]) {
    newer.writeUInt32LE(2, copy + 8);
    const { checksum } = await import('../../lib/store/xxh32.js');
    newer.writeUInt32LE(checksum(newer, copy, copy + 60, 0), copy + 60);
  }
  const files = UnsafeFiles.of(new Map(original.files).set(path, newer), new Random(1));
  await t.rejects(open(files), { name: 'StoreVersionError', message: /format 2/ });
});
