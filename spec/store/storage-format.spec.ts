import t, { type Test } from 'tap';
import { ManualClock } from '../../lib/base/clock.js';
import { openDurableMessageStore } from '../../lib/store/durable-message-store.js';
import { decodeFileHeader, encodeFileHeader, FILE_KIND, FILE_START } from '../../lib/store/file-header.js';
import {
  beginMessage,
  eachTarget,
  endMessage,
  MESSAGE_FLAG,
  onlyTarget,
  putTarget,
  readMessage,
  readReturns,
} from '../../lib/store/message-record.js';
import { readProgressRecord } from '../../lib/store/progress-record.js';
import {
  appendNameRecord,
  appendQueueRecord,
  appendRemovedRecord,
  readNameRecord,
  readQueueRecord,
  readRemovedRecord,
} from '../../lib/store/queue-record.js';
import { eachInside } from '../../lib/store/recovered-facts.js';
import { RecordBuffer } from '../../lib/store/record-buffer.js';
import { RECORD } from '../../lib/store/record.js';
import { visitRecords } from '../../lib/store/record-scanner.js';
import { appendIndex, ENTRY_FLAG, readIndex } from '../../lib/store/segment-index.js';
import { eventually } from '../support/eventually.js';
import { bodyOf, messageOf, takeOne } from '../support/messages.js';
import { Random } from '../support/random.js';
import { UnsafeFiles } from '../support/unsafe-files.js';
import { referenceXxh32 } from '../support/xxh32-reference.js';
import { examples, numberedTable } from './format-document.js';

const EXAMPLES = examples();
const SALT = 0x5a17c0de;
const HEADER = {
  kind: FILE_KIND.wal,
  salt: SALT,
  number: 7,
  wal: 7,
  nextQueue: 3,
  storeId: '0011223344556677',
};
const QUEUE = {
  number: 1,
  id: 'q-1',
  next: 7,
  taken: 3,
  live: [
    { from: 1, to: 2 },
    { from: 4, to: 7 },
  ],
};
const NAME = { number: 1, id: 'q-1' };
const HELLO = messageOf('hello', { priority: 4, expiration: 60_000, exchange: 'ex', routingKey: 'key' });
const HI = messageOf('hi', { exchange: '', routingKey: 'q-1' });
const INDEX = {
  names: new Map([[1, 'q-1']]),
  entries: [
    {
      queue: 1,
      first: 0,
      offset: 1024,
      length: 126,
      bytes: 4,
      mixed: false,
      expires: true,
      slots: [1, 2, 4, 5],
    },
  ],
};

function example(name: string): Buffer {
  const found = EXAMPLES.get(name);
  if (found === undefined) throw new Error(`docs/storage-format.md has no example '${name}'`);
  return found.octets;
}

/** What the function adds to a buffer. */
function written(append: (buffer: RecordBuffer) => void): Buffer {
  const buffer = new RecordBuffer();
  buffer.reset(SALT);
  append(buffer);
  return Buffer.concat(buffer.pieces());
}

const twice = (name: string): Buffer => Buffer.concat([example(name), example(name)]);

/** The records of a log in which a message was sent, moved by a transaction, put back, and the node stopped. */
async function recordsOfLog(): Promise<Buffer[]> {
  const files = new UnsafeFiles(new Random(1));
  const clock = new ManualClock();
  const store = await openDurableMessageStore({ directory: '/store', files, clock, random: () => SALT });
  const queue = store.queue({ id: 'q-1', durable: true, readable: () => {} });
  const settled = (batch: number) => eventually('commit', () => store.committed >= batch);
  await settled(store.append(HELLO, [queue]));
  const entry = await takeOne(queue);
  const move = [
    { type: 'append', message: HI, queues: [queue] },
    { type: 'settle', entry, queue },
  ] as const;
  await settled(store.transact(move));
  queue.requeue([await takeOne(queue)]);
  await store.close();
  const [bytes = Buffer.alloc(0)] = files.contents().values();
  const records: Buffer[] = [];
  visitRecords(bytes.subarray(FILE_START), SALT, {
    record: (_type, all, start, end) => records.push(all.subarray(start, end)),
    bad: (offset) => {
      throw new Error(`bad octets at ${offset}`);
    },
  });
  return records;
}

void t.test('what each line of an example says of its octets is what they hold', async (t) => {
  for (const { fields } of EXAMPLES.values()) {
    for (const { octets, type, value = '', line } of fields) {
      if (type === 'octets') continue;
      if (type === 'text') t.equal(`"${octets.toString()}"`, value, line);
      else {
        t.equal(type, `u${octets.length * 8}`, line);
        t.equal(octets.readUIntLE(0, octets.length), Number(value), line);
      }
    }
  }
});

void t.test('every kind, type and flag has its row and its example', async (t) => {
  t.strictSame(numberedTable('kind'), { ...FILE_KIND });
  t.strictSame(numberedTable('type'), { ...RECORD });
  t.strictSame(numberedTable('flag'), { ...MESSAGE_FLAG });
  t.strictSame(numberedTable('entry flag'), { ...ENTRY_FLAG });
  t.strictSame(
    Object.keys(RECORD).filter((name) => !EXAMPLES.has(name)),
    [],
  );
});

/** The formula of the page, in numbers without a limit. */
function checkOf(length: number, type: number, flags: number): number {
  const a = BigInt.asUintN(32, BigInt(length ^ SALT) * 0x9e3779b1n);
  const b = BigInt.asUintN(32, ((BigInt(type) << 8n) | BigInt(flags)) + 0x7f4a7c15n);
  const scrambled = BigInt.asUintN(32, b * 0x85ebca6bn);
  const mixed = a ^ scrambled ^ (a >> 15n) ^ (scrambled >> 13n);
  return Number((mixed ^ (mixed >> 16n)) & 0xffffn);
}

void t.test('checksum and check are what the page says', async (t) => {
  for (const name of [...Object.keys(RECORD), 'segment-message']) {
    const record = example(name);
    const length = record.readUInt32LE(4);
    t.equal(length, record.length, name);
    t.equal(record.readUInt32LE(0), referenceXxh32(record.subarray(4), SALT), name);
    t.equal(record.readUInt16LE(10), checkOf(length, record[8]!, record[9]!), name);
  }
});

void t.test('a file header is written and read as it is drawn', async (t) => {
  const bytes = encodeFileHeader(HEADER);
  const drawn = example('file-header');
  t.strictSame(bytes.subarray(0, 64), drawn);
  t.strictSame(bytes.subarray(512, 576), drawn);
  t.equal(bytes.length, FILE_START);
  t.equal(
    bytes.subarray(64, 512).every((octet) => octet === 0),
    true,
  );
  t.strictSame(decodeFileHeader(Buffer.concat([drawn, Buffer.alloc(960)]), 'a file'), {
    header: HEADER,
    isIntact: false,
  });
});

void t.test('a log is written as it is drawn', async (t) => {
  const records = await recordsOfLog();
  for (const name of ['batch', 'message', 'transaction', 'progress', 'closed']) {
    t.ok(
      records.some((record) => record.equals(example(name))),
      `${name} in\n${listOf(records)}`,
    );
  }
});

const listOf = (records: readonly Buffer[]): string =>
  records.map((record) => record.toString('hex')).join('\n');

void t.test('queue records are written and read as they are drawn', async (t) => {
  t.strictSame(
    written((buffer) => appendQueueRecord(buffer, QUEUE)),
    twice('queue'),
  );
  t.strictSame(readQueueRecord(example('queue'), 0), QUEUE);
  t.strictSame(
    written((buffer) => appendNameRecord(buffer, NAME)),
    twice('name'),
  );
  t.strictSame(readNameRecord(example('name'), 0), NAME);
  t.strictSame(
    written((buffer) => appendRemovedRecord(buffer, 1)),
    example('removed'),
  );
  t.equal(readRemovedRecord(example('removed'), 0), 1);
});

/** The message in the example is `message`, octet by octet and fact by fact. */
function isMessage(t: Test, record: Buffer, message: typeof HI): void {
  const read = readMessage(record, 0, record.length);
  t.strictSame(record.subarray(read.start, read.end), message.bytes.subarray(message.start, message.end));
  for (const fact of ['persistent', 'priority', 'expiration', 'arrivedAt', 'exchange', 'routingKey'] as const)
    t.equal(read[fact], message[fact], fact);
  t.equal(bodyOf(read), bodyOf(message));
}

void t.test('a message record is read as it is drawn', async (t) => {
  const record = example('message');
  isMessage(t, record, HELLO);
  const targets: [number, number][] = [];
  eachTarget(record, 0, (queue, position) => targets.push([queue, position]));
  t.strictSame(targets, [[1, 0]]);
  t.equal(readReturns(record, 0), 0);
});

void t.test('a message in a segment is written and read as it is drawn', async (t) => {
  const record = example('segment-message');
  const bytes = written((buffer) => {
    const start = beginMessage(buffer, HI, 1, 2);
    putTarget(buffer, start, HI, 0, 1, 1);
    endMessage(buffer, start, HI);
  });
  t.strictSame(bytes, record);
  isMessage(t, record, HI);
  t.strictSame(onlyTarget(record, 0), { queue: 1, position: 1 });
  t.equal(readReturns(record, 0), 2);
});

void t.test('progress and transactions are read as they are drawn', async (t) => {
  t.strictSame(readProgressRecord(example('progress'), 0), {
    number: 1,
    taken: 2,
    settled: [],
    returned: [1, 1],
  });
  const transaction = example('transaction');
  const inner: number[] = [];
  eachInside(transaction, 0, transaction.length, (type, start, end) => {
    inner.push(type);
    if (type === RECORD.message) isMessage(t, transaction.subarray(start, end), HI);
    else
      t.strictSame(readProgressRecord(transaction, start), {
        number: 1,
        taken: 1,
        settled: [0, 1],
        returned: [],
      });
  });
  t.strictSame(inner, [RECORD.message, RECORD.progress]);
});

void t.test('an index is written and read as it is drawn', async (t) => {
  t.strictSame(
    written((buffer) => appendIndex(buffer, INDEX)),
    example('index'),
  );
  t.strictSame(readIndex(example('index'), 0), INDEX);
});
