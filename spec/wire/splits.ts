import type { Test } from 'tap';
import type { SeededRandom } from './seeded-random.js';

/** `bytes` in pieces of 1 to `longest` octets. */
export function pieces(bytes: Buffer, longest: number, random: SeededRandom): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const next = at + 1 + random.below(longest);
    chunks.push(bytes.subarray(at, next));
    at = next;
  }
  return chunks;
}

/** What a reader of a stream makes of it, however it was cut into chunks. */
export interface SplitStream {
  readonly stream: Buffer;
  /** What a fresh reader makes of the chunks. */
  readonly read: (chunks: readonly Buffer[]) => readonly string[];
  readonly wanted: readonly string[];
}

const PAIRS_OF_POINTS = 3000;

/** Wherever the stream is cut, the reader makes the same of it. */
export async function readsSplits(t: Test, reader: SplitStream, random: SeededRandom): Promise<void> {
  const { stream, read, wanted } = reader;
  const isWanted = (chunks: readonly Buffer[]): boolean => read(chunks).join() === wanted.join();

  await t.test('the stream may come in one chunk, and in single octets', async (t) => {
    t.strictSame(read([stream]), wanted);
    t.strictSame(read(pieces(stream, 1, random)), wanted);
  });

  await t.test('the stream may be split at any point', async (t) => {
    const failed: number[] = [];
    for (let at = 0; at <= stream.length; at++) {
      if (!isWanted([stream.subarray(0, at), stream.subarray(at)])) failed.push(at);
    }
    t.strictSame(failed, []);
  });

  await t.test('the stream may be split at any two points', async (t) => {
    const failed: string[] = [];
    for (let i = 0; i < PAIRS_OF_POINTS; i++) {
      const points = [random.below(stream.length), random.below(stream.length)];
      const [from = 0, to = 0] = points.toSorted((a, b) => a - b);
      if (!isWanted([stream.subarray(0, from), stream.subarray(from, to), stream.subarray(to)]))
        failed.push(`${from} ${to}`);
    }
    t.strictSame(failed, []);
  });
}
