import tap from 'tap';
import { FRAME_END, FRAME_OVERHEAD } from '../../lib/wire/constants.js';
import { FrameError, FrameReader, type FrameSink } from '../../lib/wire/frame-reader.js';
import { mutated } from './mutation.js';
import { SEED, SeededRandom } from './seeded-random.js';
import { pieces, readsSplits } from './splits.js';

/** Larger than some mutated sizes and smaller than others, octets. */
const MAX_PAYLOAD = 300;
const MUTANTS = 15_000;

const random = new SeededRandom(SEED);
let cases = 0;

tap.comment(`WARRENMQ_SEED=${SEED}`);

interface Kept {
  readonly type: number;
  readonly channel: number;
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** Copies payloads at the last moment it may, and spoils the originals afterwards, as a reused buffer would. */
class CopyingSink implements FrameSink {
  readonly frames: string[] = [];
  onFrame: () => void = () => undefined;
  #kept: Kept[] = [];

  frame(type: number, channel: number, bytes: Buffer, start: number, end: number): void {
    this.#kept.push({ type, channel, bytes, start, end });
    this.onFrame();
  }

  gone(): void {
    for (const { type, channel, bytes, start, end } of this.#kept) {
      this.frames.push(`${type} ${channel} ${bytes.toString('hex', start, end)}`);
    }
    for (const { bytes, start, end } of this.#kept) bytes.fill(0xee, start, end);
    this.#kept = [];
  }
}

/** The frames found in the chunks, and the error that ended it. */
function outcome(
  chunks: readonly Buffer[],
  prepare?: (reader: FrameReader, sink: CopyingSink) => void,
): string[] {
  cases++;
  const sink = new CopyingSink();
  const reader = new FrameReader(sink, MAX_PAYLOAD);
  prepare?.(reader, sink);
  try {
    for (const chunk of chunks) reader.push(Buffer.from(chunk));
    while (reader.paused) reader.resume();
  } catch (error) {
    if (!(error instanceof FrameError)) throw new Error(`seed ${SEED}`, { cause: error });
    sink.gone();
    return [...sink.frames, error.message];
  }
  return sink.frames;
}

function frame(type: number, channel: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(payload.length + FRAME_OVERHEAD, FRAME_END);
  bytes.writeUInt8(type, 0);
  bytes.writeUInt16BE(channel, 1);
  bytes.writeUInt32BE(payload.length, 3);
  payload.copy(bytes, 7);
  return bytes;
}

const SIZES = [0, 0, 1, 7, 8, 9, 20, 100, MAX_PAYLOAD, 4, 0, 150];
const PAYLOADS = SIZES.map((size) => random.bytes(size));
const STREAM = Buffer.concat(PAYLOADS.map((payload, place) => frame(1 + (place % 3), place * 300, payload)));
const FRAMES = PAYLOADS.map(
  (payload, place) => `${1 + (place % 3)} ${place * 300} ${payload.toString('hex')}`,
);

void tap.test('frames are found whole', (t) =>
  readsSplits(t, { stream: STREAM, read: (chunks) => outcome(chunks), wanted: FRAMES }, random),
);

void tap.test('a truncated stream gives the frames that are whole, and no error', async (t) => {
  const failed: number[] = [];
  for (let end = 0; end < STREAM.length; end++) {
    const frames = outcome(pieces(STREAM.subarray(0, end), 50, random));
    if (frames.join() !== FRAMES.slice(0, frames.length).join()) failed.push(end);
  }
  t.strictSame(failed, []);
});

void tap.test('pausing anywhere loses no frame and changes no order', async (t) => {
  let failed = 0;
  for (let i = 0; i < 2000; i++) {
    const frames = outcome(pieces(STREAM, 1 + random.below(400), random), (reader, sink) => {
      sink.onFrame = () => {
        if (random.below(3) === 0) reader.pause();
      };
    });
    if (frames.join() !== FRAMES.join()) failed++;
  }
  t.equal(failed, 0);
});

void tap.test('a damaged stream has the same outcome however it is split', async (t) => {
  let failed = 0;
  let errors = 0;
  for (let i = 0; i < MUTANTS; i++) {
    const mutant = mutated(STREAM, random);
    const whole = outcome([mutant]);
    const split = outcome(pieces(mutant, 1 + random.below(200), random));
    if (whole.join() !== split.join()) failed++;
    if (whole.at(-1)?.startsWith('type') === true) errors++;
  }
  t.equal(failed, 0);
  t.ok(errors > MUTANTS / 10, `${errors} of them were refused`);
});

void tap.test('random bytes end in an error or in waiting', async (t) => {
  let failed = 0;
  for (let i = 0; i < 5000; i++) {
    const bytes = random.bytes(random.below(200));
    if (outcome([bytes]).join() !== outcome(pieces(bytes, 20, random)).join()) failed++;
  }
  t.equal(failed, 0);
});

void tap.test('a size that was only announced takes no memory', async (t) => {
  const reader = new FrameReader(new CopyingSink(), 2 ** 31);
  const before = process.memoryUsage().arrayBuffers;
  reader.push(Buffer.from('01000140000000ff', 'hex'));
  const taken = process.memoryUsage().arrayBuffers - before;
  t.ok(taken < 1_000_000, `${taken} octets for a frame of a gigabyte`);
});

tap.teardown(() => tap.comment(`${cases} cases`));
