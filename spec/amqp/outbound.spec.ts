import t from 'tap';
import { BufferPool } from '../../lib/amqp/buffer-pool.js';
import { Outbound } from '../../lib/amqp/outbound.js';
import { Turn } from '../../lib/base/turn.js';
import { describe, FrameSplitter, type Received } from '../../interop-tests/conformance/frames.js';
import { MemoryTransport } from '../support/memory-transport.js';
import { messageOf } from '../support/messages.js';
import { SEED, SeededRandom } from '../wire/seeded-random.js';

t.comment(`WARRENMQ_SEED=${SEED}`);

const TAG = Buffer.from('\x03tag');
const CONGESTED = 524_288;

/** An output with its transport, and a turn that is run by hand. */
function opened(pool = new BufferPool()) {
  const transport = new MemoryTransport();
  const splitter = new FrameSplitter();
  let run: (() => void) | undefined;
  let relieved = 0;
  const turn = new Turn((callback) => {
    run = callback;
  });
  const outbound = new Outbound(transport, pool, turn, () => relieved++);
  transport.attach({ receive: () => {}, closed: () => {}, drained: () => outbound.drained() });
  const flush = (): void => {
    const due = run;
    run = undefined;
    due?.();
  };
  return {
    transport,
    outbound,
    pool,
    flush,
    relieved: () => relieved,
    frames: (): Received[] => splitter.push(transport.taken()),
  };
}

const body = (size: number, fill = 'x'): Buffer => Buffer.alloc(size, fill);

void t.test('what is sent during a turn leaves in one write at its end', async (t) => {
  const { outbound, transport, flush, frames } = opened();
  outbound.method(1, 'basic.qos-ok', {});
  outbound.deliver(2, TAG, 1, false, messageOf('one'));
  outbound.heartbeat();
  t.strictSame(transport.writes, []);
  flush();
  t.equal(transport.writes.length, 1);
  t.strictSame(frames().map(describe), [
    'basic.qos-ok on channel 1 {}',
    'basic.deliver on channel 2 {"consumerTag":"tag","deliveryTag":1,"redelivered":false,"exchange":"exchange","routingKey":"key"}',
    'content header on channel 2, class 60, body size 3, properties 0000',
    'body on channel 2 "one"',
    'heartbeat on channel 0',
  ]);
});

void t.test('a turn in which nothing was sent writes nothing', async (t) => {
  const { outbound, transport, flush } = opened();
  outbound.method(1, 'basic.qos-ok', {});
  flush();
  flush();
  t.equal(transport.writes.length, 1);
});

void t.test(
  'deliver and content patch nothing but the channel, whatever the message looks like',
  async (t) => {
    for (const size of [0, 1, 10, 39, 40, 41, 5000]) {
      const { outbound, flush, frames } = opened();
      const message = messageOf(body(size), { exchange: '', routingKey: 'k'.repeat(255) });
      const before = Buffer.from(message.bytes);
      outbound.maxPayload = 131_064;
      outbound.deliver(0xfffe, TAG, 2 ** 40 + 7, true, message);
      flush();
      const [deliver, header, ...bodies] = frames();
      t.match(deliver, {
        kind: 'method',
        channel: 0xfffe,
        args: { deliveryTag: 2 ** 40 + 7, redelivered: true, routingKey: 'k'.repeat(255) },
      });
      t.match(header, { kind: 'header', channel: 0xfffe, size: BigInt(size) });
      t.equal(bodies.length, size === 0 ? 0 : 1);
      for (const one of bodies) t.match(one, { channel: 0xfffe, bytes: body(size) });
      t.strictSame(message.bytes, before, 'the message itself is shared and stays as it is');
    }
  },
);

void t.test('a body is cut in frames of the largest payload, the last with the rest', async (t) => {
  for (const max of [4088, 20_000, 131_064]) {
    for (const size of [max - 1, max, max + 1, 2 * max, 2 * max + 1, 5 * max + 17]) {
      const { outbound, flush, frames } = opened();
      outbound.maxPayload = max;
      const sent = new SeededRandom(size).bytes(size);
      outbound.content(3, messageOf(sent));
      flush();
      const bodies = frames().slice(1) as { channel: number; bytes: Buffer }[];
      const sizes = bodies.map(({ bytes }) => bytes.length);
      const wanted = Array.from({ length: Math.ceil(size / max) }, (_, at) => Math.min(max, size - at * max));
      t.strictSame(sizes, wanted, `${size} octets in frames of ${max}`);
      t.ok(sent.equals(Buffer.concat(bodies.map(({ bytes }) => bytes))));
    }
  }
});

void t.test('a large body is handed to the transport as it is, without a copy', async (t) => {
  const { outbound, transport, flush } = opened();
  outbound.maxPayload = 131_064;
  transport.hold();
  const message = messageOf(body(100_000));
  outbound.content(1, message);
  flush();
  t.ok(transport.waiting.some(({ buffer, length }) => buffer === message.bytes.buffer && length === 100_000));
});

void t.test('the frame headers of large bodies share a buffer', async (t) => {
  const { outbound, transport, flush } = opened();
  outbound.maxPayload = 131_064;
  transport.hold();
  const message = messageOf(body(20_000));
  for (let i = 0; i < 50; i++) outbound.content(1, message);
  flush();
  const others = new Set(transport.waiting.map(({ buffer }) => buffer));
  others.delete(message.bytes.buffer);
  t.equal(others.size, 1);
});

void t.test('more than a buffer holds leaves in order all the same', async (t) => {
  const { outbound, transport, flush, frames } = opened();
  outbound.maxPayload = 131_064;
  for (let i = 1; i <= 100; i++)
    outbound.deliver(1, TAG, i, false, messageOf(body(i % 7 === 0 ? 50_000 : 5000)));
  flush();
  t.equal(transport.writes.length, 1);
  const tags = frames().flatMap((one) =>
    one.kind === 'method' ? [(one.args as { deliveryTag: number }).deliveryTag] : [],
  );
  t.strictSame(
    tags,
    Array.from({ length: 100 }, (_, at) => at + 1),
  );
});

void t.test('a method longer than a buffer is sent whole', async (t) => {
  const { outbound, flush, frames } = opened();
  const long = Buffer.alloc(100_000, 'l');
  outbound.method(0, 'connection.secure', { challenge: long });
  outbound.method(1, 'basic.qos-ok', {});
  flush();
  t.match(frames(), [{ args: { challenge: long } }, { name: 'basic.qos-ok' }]);
});

void t.test('buffers that the transport has taken are used again, those it holds are not', async (t) => {
  const pool = new BufferPool();
  const { outbound, transport, flush } = opened(pool);
  outbound.method(1, 'basic.qos-ok', {});
  flush();
  const reused = pool.take();
  pool.give(reused);
  transport.hold();
  outbound.method(1, 'basic.qos-ok', {});
  flush();
  t.equal(transport.waiting[0]?.buffer, reused.buffer, 'it was taken, so it was free');
  outbound.method(2, 'basic.qos-ok', {});
  flush();
  t.not(transport.waiting[1]?.buffer, reused.buffer, 'it is held now');
  t.not(pool.take(), reused);
});

/** Octets of the buffers that are kept alive by what waits. */
function keptAlive(waiting: readonly Buffer[]): number {
  let octets = 0;
  for (const whole of new Set(waiting.map(({ buffer }) => buffer))) octets += whole.byteLength;
  return octets;
}

void t.test('a client that reads nothing costs little more than what waits for it', async (t) => {
  const { outbound, transport, flush, frames } = opened();
  transport.hold();
  for (let i = 0; i < 20_000; i++) {
    outbound.deliver(1, TAG, i + 1, false, messageOf(body(16)));
    flush();
    if (i % 1000 === 0) t.ok(keptAlive(transport.waiting) <= 2 * outbound.pending + 131_072);
  }
  t.ok(transport.pending < 200_000, 'most of it waits for the transport to have room');
  t.ok(outbound.pending > CONGESTED);
  transport.take();
  flush();
  t.equal(frames().filter(({ kind }) => kind === 'body').length, 20_000, 'and nothing is lost');
  t.equal(outbound.pending, 0);
});

void t.test('a transport that is full is written to again when it has room, and at the end', async (t) => {
  const { outbound, transport, flush, frames } = opened();
  outbound.maxPayload = 131_064;
  transport.hold();
  outbound.content(1, messageOf(body(100_000)));
  flush();
  outbound.method(1, 'basic.qos-ok', {});
  flush();
  t.equal(transport.writes.length, 1);
  transport.take();
  t.equal(transport.writes.length, 2, 'without waiting for a turn');
  transport.hold();
  outbound.content(1, messageOf(body(100_000)));
  flush();
  outbound.method(0, 'connection.close-ok', {});
  outbound.end();
  transport.take();
  t.strictSame(
    frames().flatMap((one) => (one.kind === 'method' ? [one.name] : [])),
    ['basic.qos-ok', 'connection.close-ok'],
  );
});

void t.test('a large body in small frames is not copied either', async (t) => {
  const { outbound, transport, flush, frames } = opened();
  outbound.maxPayload = 4088;
  transport.hold();
  const message = messageOf(body(2_000_000));
  outbound.content(1, message);
  flush();
  const own = transport.waiting.filter(({ buffer }) => buffer !== message.bytes.buffer);
  t.ok(keptAlive(own) <= 65_536);
  transport.take();
  const sizes = frames().flatMap((one) => (one.kind === 'body' ? [one.bytes.length] : []));
  t.equal(sizes.length, Math.ceil(2_000_000 / 4088));
});

void t.test('it is congested while much waits, and tells once when it is not any more', async (t) => {
  const { outbound, transport, flush, relieved } = opened();
  transport.hold();
  outbound.maxPayload = 131_064;
  outbound.content(1, messageOf(body(CONGESTED)));
  t.equal(outbound.congested, true, 'before it was written');
  flush();
  t.equal(outbound.congested, true, 'after it was written');
  t.equal(relieved(), 0);
  transport.take(100_000);
  t.equal(outbound.congested, true, 'the transport tells nothing before it is empty');
  transport.take();
  t.equal(relieved(), 1);
  t.equal(outbound.congested, false);
  t.equal(outbound.pending, 0);
});

void t.test('a transport that takes everything at once tells no drain, and is not needed to', async (t) => {
  const { outbound, flush, relieved } = opened();
  outbound.maxPayload = 131_064;
  outbound.content(1, messageOf(body(CONGESTED)));
  t.equal(outbound.congested, true);
  flush();
  t.equal(relieved(), 1);
  t.equal(outbound.congested, false);
});

void t.test('one that nobody found congested tells nothing', async (t) => {
  const { outbound, transport, flush, relieved } = opened();
  transport.hold();
  outbound.content(1, messageOf(body(CONGESTED)));
  flush();
  transport.take();
  t.equal(relieved(), 0);
});

void t.test('pending counts what is gathered, what is ahead and what the transport holds', async (t) => {
  const { outbound, transport, flush } = opened();
  transport.hold();
  outbound.maxPayload = 131_064;
  let octets = 0;
  for (let i = 0; i < 30; i++) {
    const size = i % 3 === 0 ? 30_000 : 700;
    outbound.content(1, messageOf(body(size)));
    octets += size + 8 + 8 + 14;
    t.equal(outbound.pending, octets);
    if (i % 10 === 9) flush();
  }
  transport.take();
  t.equal(outbound.pending, 0);
});

void t.test('end sends what is there, and nothing that comes later', async (t) => {
  const { outbound, transport, flush, frames } = opened();
  outbound.method(0, 'connection.close-ok', {});
  outbound.end();
  t.equal(transport.isEnded, true);
  outbound.method(1, 'basic.qos-ok', {});
  outbound.end();
  flush();
  t.strictSame(frames().map(describe), ['connection.close-ok on channel 0 {}']);
});

void t.test('close forgets what is there', async (t) => {
  const { outbound, transport, flush } = opened();
  outbound.maxPayload = 131_064;
  outbound.content(1, messageOf(body(100_000)));
  outbound.close();
  outbound.heartbeat();
  flush();
  t.strictSame(transport.writes, []);
});

void t.test('whatever is sent, held and taken, the peer reads exactly what was sent', async (t) => {
  const random = new SeededRandom(SEED);
  const pool = new BufferPool();
  let failed = 0;
  for (let round = 0; round < 60; round++) {
    // Three connections share the pool: a buffer given back too early is written over by another one.
    const three = [opened(pool), opened(pool), opened(pool)];
    const wanted = three.map(() => [] as string[]);
    const got = three.map(() => [] as Received[]);
    for (let step = 0; step < 150; step++) {
      const at = random.below(3);
      const { outbound, transport, flush, frames } = three[at] as ReturnType<typeof opened>;
      outbound.maxPayload = 4088;
      const size = random.pick([0, 3, 100, 3000, 4089, 17_000, 70_000]);
      const fill = String.fromCharCode(97 + random.below(26));
      const choice = random.below(12);
      if (choice < 7) {
        outbound.maxPayload = random.pick([4088, 131_064]);
        outbound.content(step + 1, messageOf(body(size, fill)));
        wanted[at]?.push(`${step + 1} ${size} ${size === 0 ? '' : fill}`);
      } else if (choice < 9) flush();
      else if (choice === 9) transport.hold();
      else if (choice === 10) transport.take(random.below(100_000));
      else transport.take();
      got[at]?.push(...frames());
    }
    three.forEach(({ flush, transport, frames }, at) => {
      flush();
      transport.take();
      got[at]?.push(...frames());
      if (contents(got[at] ?? []).join() !== wanted[at]?.join()) failed++;
    });
  }
  t.equal(failed, 0);
});

/** A line for each content: channel, body size, and the one letter that all of its body is made of. */
function contents(received: readonly Received[]): string[] {
  const lines: string[] = [];
  let missing = 0n;
  for (const one of received) {
    if (one.kind === 'header') {
      lines.push(`${one.channel} ${one.size} `);
      missing = one.size;
    } else if (one.kind === 'body') {
      const fill = one.bytes.toString('latin1', 0, 1);
      if (!one.bytes.equals(body(one.bytes.length, fill))) throw new Error('damaged');
      missing -= BigInt(one.bytes.length);
      if (missing === 0n) lines[lines.length - 1] += fill;
    } else throw new Error(describe(one));
  }
  return lines;
}
