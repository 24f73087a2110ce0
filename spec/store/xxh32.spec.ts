import * as fc from 'fast-check';
import t from 'tap';
import { checksum, checksumOf } from '../../lib/store/xxh32.js';
import { referenceXxh32 } from '../support/xxh32-reference.js';
import { SEED } from '../wire/seeded-random.js';

t.comment(`WARRENMQ_SEED=${SEED}`);

const options = { seed: SEED, numRuns: 500 };
const octets = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
const seeds = fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 });

/** What the reference implementation, xxHash 0.8, gives. */
const KNOWN: readonly (readonly [text: string, seed: number, sum: number])[] = [
  ['', 0, 0x02cc5d05],
  ['a', 0, 0x550d7456],
  ['abc', 0, 0x32d153ff],
  ['Nobody inspects the spammish repetition', 0, 0xe2293b2f],
  ['Nobody inspects the spammish repetition', 0x5a17c0de, 0xec158bb3],
  ['0123456789abcdef', 0xffffffff, 0x7f962449],
];

void t.test('the checksum is XXH32', async (t) => {
  for (const [text, seed, sum] of KNOWN) {
    const bytes = Buffer.from(text);
    t.equal(checksum(bytes, 0, bytes.length, seed), sum, text);
    t.equal(referenceXxh32(bytes, seed), sum, `the reference agrees on '${text}'`);
  }
});

void t.test('it covers the octets from start to end, wherever they stand', async () => {
  const property = fc.property(octets, octets, octets, seeds, (before, bytes, after, seed) => {
    const all = Buffer.concat([before, bytes, after]);
    const sum = checksum(all, before.length, before.length + bytes.length, seed);
    return sum === referenceXxh32(bytes, seed);
  });
  fc.assert(property, options);
});

void t.test('pieces have the checksum of what they make together', async () => {
  const property = fc.property(fc.array(octets, { maxLength: 6 }), seeds, (pieces, seed) => {
    return checksumOf(pieces, seed) === referenceXxh32(Buffer.concat(pieces), seed);
  });
  fc.assert(property, options);
});

void t.test('octets that change in their place change it, also in a buffer that is used again', async (t) => {
  const bytes = Buffer.alloc(100);
  const sums = new Set([checksum(bytes, 0, 100, 1)]);
  for (let at = 0; at < 100; at++) {
    bytes[at] = 255;
    sums.add(checksum(bytes, 0, 100, 1));
  }
  t.equal(sums.size, 101);
});

void t.test('memory that is longer than what is kept is read all the same', async (t) => {
  const long = Buffer.alloc(3 << 20, 'octets');
  t.equal(checksum(long, 5, 105, 7), referenceXxh32(long.subarray(5, 105), 7));
  t.equal(checksumOf([long, long], 7), checksum(Buffer.concat([long, long]), 0, 6 << 20, 7));
});
