import tap from 'tap';
import { decodeMethod, encodeMethod, UnknownMethodError } from '../../lib/wire/method-codec.js';
import { METHODS, type MethodName } from '../../lib/wire/methods.js';
import {
  decodeProperties,
  encodeProperties,
  PropertyScan,
  scanProperties,
} from '../../lib/wire/properties.js';
import { checkTable } from '../../lib/wire/table-check.js';
import { decodeTable, encodeTable, fromPlain, WireError } from '../../lib/wire/values.js';
import { mutated } from './mutation.js';
import { EVERY_TYPE, sampleArguments } from './samples.js';
import { SEED, SeededRandom } from './seeded-random.js';

type Decoder = (bytes: Buffer, start: number, end: number) => unknown;

const MUTANTS = 30_000;
const RANDOM = 12_000;
const LONGEST_RANDOM = 64;

const random = new SeededRandom(SEED);
const found = new PropertyScan();
let cases = 0;

tap.comment(`WARRENMQ_SEED=${SEED}`);

/** Whether `decode` accepts the bytes. Any error that is not one for bad bytes is the spec's failure. */
function accepts(decode: Decoder, bytes: Buffer): boolean {
  cases++;
  try {
    decode(bytes, 0, bytes.length);
    return true;
  } catch (error) {
    if (error instanceof WireError || error instanceof UnknownMethodError) return false;
    throw new Error(`seed ${SEED}, bytes ${bytes.toString('hex')}`, { cause: error });
  }
}

/** Whatever two readers of the same bytes do, they do alike. */
function agree(one: Decoder, other: Decoder, bytes: Buffer): void {
  if (accepts(one, bytes) !== accepts(other, bytes)) {
    throw new Error(`seed ${SEED}: ${one.name} and ${other.name} disagree about ${bytes.toString('hex')}`);
  }
}

/** Hands `feed` every truncation of the seeds, mutants of them, and random bytes. */
function hostile(seeds: readonly Buffer[], feed: (bytes: Buffer) => void): void {
  for (const seed of seeds) {
    for (let end = 0; end <= seed.length; end++) feed(seed.subarray(0, end));
    for (let start = 1; start <= seed.length; start++) feed(seed.subarray(start));
  }
  for (let i = 0; i < MUTANTS; i++) feed(mutated(random.pick(seeds), random));
  for (let i = 0; i < RANDOM; i++) feed(random.bytes(random.below(LONGEST_RANDOM)));
}

const scan: Decoder = (bytes, start, end) => scanProperties(bytes, start, end, found);

const TABLES = [
  EVERY_TYPE,
  fromPlain({ 'x-death': [{ count: 1, reason: 'expired', 'routing-keys': ['a', 'b'], exchange: '' }] }),
  fromPlain({ capabilities: { publisher_confirms: true, nested: { deeper: [[[]]] } }, product: 'x' }),
].map(encodeTable);

void tap.test(
  'tables: nothing but a WireError comes out, and the check agrees with the decoder',
  async () => {
    hostile(TABLES, (bytes) => agree(decodeTable, checkTable, bytes));
  },
);

void tap.test(
  'properties: nothing but a WireError comes out, and the scan agrees with the decoder',
  async () => {
    const lists = [
      { headers: EVERY_TYPE, deliveryMode: 2, expiration: '1000', timestamp: 5n, userId: 'guest' },
      {
        contentType: 'a',
        contentEncoding: 'b',
        priority: 1,
        correlationId: 'c',
        replyTo: 'd',
        messageId: 'e',
      },
      { type: 'f', appId: 'g', clusterId: 'h', headers: fromPlain({ CC: ['x', 'y'] }) },
      {},
    ].map(encodeProperties);
    hostile(lists, (bytes) => agree(decodeProperties, scan, bytes));
  },
);

void tap.test('methods: nothing but a WireError or an UnknownMethodError comes out', async () => {
  const names = Object.keys(METHODS) as MethodName[];
  const payloads = names.map((name) => encodeMethod(name, sampleArguments(name)));
  hostile(payloads, (bytes) => accepts(decodeMethod, bytes));
});

void tap.test('random bytes behind the ids of every method', async () => {
  for (const spec of Object.values(METHODS)) {
    const ids = Buffer.from([0, spec.classId, 0, spec.methodId]);
    for (let i = 0; i < 100; i++) {
      accepts(decodeMethod, Buffer.concat([ids, random.bytes(random.below(LONGEST_RANDOM))]));
    }
  }
});

void tap.test('what a decoder accepts, it accepts again after encoding', async () => {
  hostile(TABLES, (bytes) => {
    if (!accepts(decodeTable, bytes)) return;
    const encoded = encodeTable(decodeTable(bytes, 0, bytes.length));
    if (!accepts(decodeTable, encoded))
      throw new Error(`seed ${SEED}: ${bytes.toString('hex')} does not come back`);
  });
});

tap.teardown(() => tap.comment(`${cases} cases`));

void tap.test('there were at least 100,000 cases', async (t) => {
  t.ok(cases >= 100_000, `${cases}`);
});
