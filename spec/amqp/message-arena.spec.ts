import t from 'tap';
import { MessageArena } from '../../lib/amqp/message-arena.js';
import { SEED, SeededRandom } from '../wire/seeded-random.js';

t.comment(`WARRENMQ_SEED=${SEED}`);

/** Larger than any slab has to be, octets. */
const MOST_KEPT = 262_144;

void t.test('a small message is copied, and stays what it was when the chunk changes', async (t) => {
  const arena = new MessageArena();
  const chunk = Buffer.from('..hello..');
  const at = arena.place(chunk, 2, 7);
  const { bytes } = arena;
  chunk.fill(0);
  t.equal(bytes.toString('latin1', at, at + 5), 'hello');
});

void t.test('neighbours in a chunk share one copy', async (t) => {
  const arena = new MessageArena();
  const chunk = Buffer.from('firstsecond');
  const first = arena.place(chunk, 0, 5);
  const second = arena.place(chunk, 5, 11);
  t.equal(second, first + 5);
});

void t.test('a chunk whose bytes have changed is copied anew', async (t) => {
  const arena = new MessageArena();
  const chunk = Buffer.from('one');
  const first = arena.place(chunk, 0, 3);
  const { bytes } = arena;
  arena.forget();
  chunk.write('two');
  const second = arena.place(chunk, 0, 3);
  t.equal(bytes.toString('latin1', first, first + 3), 'one');
  t.equal(arena.bytes.toString('latin1', second, second + 3), 'two');
});

void t.test('an arena that nothing was placed in holds nothing', async (t) => {
  t.equal(new MessageArena().bytes.buffer.byteLength, 0);
});

void t.test('the first message does not take a whole slab', async (t) => {
  const arena = new MessageArena();
  arena.place(Buffer.alloc(60), 0, 60);
  t.ok(arena.bytes.buffer.byteLength <= 16_384);
});

void t.test('a small message out of a large chunk keeps no more than a slab', async (t) => {
  const arena = new MessageArena();
  for (let i = 0; i < 50; i++) {
    const chunk = Buffer.alloc(1_048_576);
    arena.place(chunk, 500_000, 500_016);
    arena.forget();
    t.not(arena.bytes.buffer, chunk.buffer);
    t.ok(arena.bytes.buffer.byteLength <= MOST_KEPT, `${arena.bytes.buffer.byteLength}`);
  }
});

void t.test('a message that is not small stays in its chunk', async (t) => {
  const arena = new MessageArena();
  const chunk = Buffer.alloc(65_536);
  t.equal(arena.place(chunk, 100, 612), 100);
  t.equal(arena.bytes, chunk);
  const small = arena.place(chunk, 700, 1211);
  t.not(arena.bytes, chunk);
  t.ok(small + 511 <= arena.bytes.length);
});

void t.test('a chunk that is larger than a slab is not kept for a message that is', async (t) => {
  const arena = new MessageArena();
  const chunk = Buffer.alloc(MOST_KEPT + 1);
  arena.place(chunk, 1000, 3000);
  t.not(arena.bytes.buffer, chunk.buffer);
});

void t.test('a large message has a buffer of its own, without a spare octet', async (t) => {
  const arena = new MessageArena();
  for (const size of [32_769, 65_536, 500_000]) {
    const chunk = Buffer.alloc(size + 100, size & 0xff);
    t.equal(arena.place(chunk, 50, 50 + size), 0);
    t.equal(arena.bytes.length, size);
    t.equal(arena.bytes.buffer.byteLength, size);
  }
});

void t.test('no two messages overlap, whatever their sizes and chunks', async (t) => {
  const random = new SeededRandom(SEED);
  const arena = new MessageArena();
  const placed: { bytes: Buffer; at: number; size: number; text: string }[] = [];
  for (let round = 0; round < 300; round++) {
    const chunk = random.bytes(1 + random.below(random.pick([20, 3000, 70_000])));
    for (let from = 0; from < chunk.length; ) {
      const size = Math.min(chunk.length - from, random.below(random.pick([3, 100, 5000, 40_000])));
      const at = arena.place(chunk, from, from + size);
      const text = chunk.toString('latin1', from, from + size);
      placed.push({ bytes: arena.bytes, at, size, text });
      from += size + random.below(10);
      if (size === 0) from++;
    }
    if (random.below(4) > 0) arena.forget();
  }
  const damaged = placed.filter(
    ({ bytes, at, size, text }) => bytes.toString('latin1', at, at + size) !== text,
  );
  t.equal(damaged.length, 0, `of ${placed.length} messages`);
});
