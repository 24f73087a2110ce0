import type { SeededRandom } from './seeded-random.js';

const MOST_CHANGES = 4;
/** Octets at which decoders tend to trip: extremes, lengths, field tags. */
const AWKWARD = [0, 1, 0x7f, 0x80, 0xff, ...Buffer.from('AFSTIltxVdD')];

/** A copy of `bytes` with one to four changes: bits flipped, octets replaced, removed or inserted, ends cut off. */
export function mutated(bytes: Buffer, random: SeededRandom): Buffer {
  let mutant = bytes;
  for (let changes = 1 + random.below(MOST_CHANGES); changes > 0; changes--) {
    mutant = random.pick(CHANGES)(mutant, random.below(mutant.length + 1), random);
  }
  return mutant;
}

type Change = (bytes: Buffer, at: number, random: SeededRandom) => Buffer;

const CHANGES: readonly Change[] = [
  (bytes, at, random) => replaced(bytes, at, (bytes[at] ?? 0) ^ (1 << random.below(8))),
  (bytes, at, random) => replaced(bytes, at, random.below(256)),
  (bytes, at, random) => replaced(bytes, at, random.pick(AWKWARD)),
  (bytes, at, random) => spliced(bytes, at, random.below(5), Buffer.alloc(0)),
  (bytes, at, random) => spliced(bytes, at, 0, random.bytes(1 + random.below(5))),
  (bytes, at) => bytes.subarray(0, at),
];

function replaced(bytes: Buffer, at: number, octet: number): Buffer {
  return spliced(bytes, at, 1, Buffer.from([octet]));
}

/** `remove` octets at `at` give way to `insert`. */
function spliced(bytes: Buffer, at: number, remove: number, insert: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
}
