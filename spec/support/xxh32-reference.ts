const MODULUS = 2n ** 32n;
const PRIMES = [2654435761n, 2246822519n, 3266489917n, 668265263n, 374761393n] as const;
const [P1, P2, P3, P4, P5] = PRIMES;

const rotate = (word: bigint, bits: bigint): bigint => ((word << bits) | (word >> (32n - bits))) % MODULUS;

/** XXH32 as its specification tells it, step by step, in numbers without a limit. */
export function referenceXxh32(bytes: Buffer, seed: number): number {
  const word = (at: number): bigint => BigInt(bytes.readUInt32LE(at));
  let lanes = [P1 + P2, P2, 0n, MODULUS - P1].map((start) => (BigInt(seed >>> 0) + start) % MODULUS);
  let at = 0;
  for (; at + 16 <= bytes.length; at += 16) {
    const from = at;
    lanes = lanes.map(
      (lane, index) => (rotate((lane + word(from + index * 4) * P2) % MODULUS, 13n) * P1) % MODULUS,
    );
  }
  const turns = [1n, 7n, 12n, 18n];
  let hash =
    at > 0
      ? lanes.reduce((sum, lane, index) => sum + rotate(lane, turns[index]!), 0n)
      : BigInt(seed >>> 0) + P5;
  hash = (hash + BigInt(bytes.length)) % MODULUS;
  for (; at + 4 <= bytes.length; at += 4) {
    hash = (rotate((hash + word(at) * P3) % MODULUS, 17n) * P4) % MODULUS;
  }
  for (const octet of bytes.subarray(at)) {
    hash = (rotate((hash + BigInt(octet) * P5) % MODULUS, 11n) * P1) % MODULUS;
  }
  hash = ((hash ^ (hash >> 15n)) * P2) % MODULUS;
  hash = ((hash ^ (hash >> 13n)) * P3) % MODULUS;
  return Number(hash ^ (hash >> 16n));
}
