import { test } from 'tap';
import { FRAME, frame, longString, methodKey, table, u8, u16, u32 } from '../../bench/wire/encode.js';
import { FrameScanner } from '../../bench/wire/frame-scanner.js';
import { ack, publish } from '../../bench/wire/methods.js';
import { identityOf } from '../../bench/wire/server-properties.js';

const STREAM = Buffer.concat([
  publish('', 'some.queue', true, Buffer.from('a first body')),
  frame(FRAME.HEARTBEAT, 0, Buffer.alloc(0)),
  publish('exchange', 'key', false, Buffer.alloc(300, 'b')),
  ack(0x1_0000_0001, true),
]);

/** The frames of STREAM's pieces in the order shown: type and payload in hexadecimal. */
function framesOf(pieces: readonly Buffer[]): string[] {
  const seen: string[] = [];
  const scanner = new FrameScanner(1000, (type, buffer, start, end) => {
    seen.push(`${type} ${buffer.toString('hex', start, end)}`);
  });
  for (const piece of pieces) scanner.scan(piece, piece.length);
  return seen;
}

const WHOLE = framesOf([STREAM]);

void test('every frame of a chunk is shown with its type and payload', async (t) => {
  t.equal(WHOLE.length, 8);
  t.equal(WHOLE[2], `3 ${Buffer.from('a first body').toString('hex')}`);
  t.equal(WHOLE[3], '8 ');
  t.equal(WHOLE[7], '1 003c0050000000010000000101');
});

void test('a cut at any place shows the same frames', async (t) => {
  for (let cut = 0; cut <= STREAM.length; cut++) {
    t.strictSame(framesOf([STREAM.subarray(0, cut), STREAM.subarray(cut)]), WHOLE, `cut at ${cut}`);
  }
});

void test('two cuts at any distance show the same frames', async (t) => {
  for (let distance = 1; distance < 40; distance++) {
    for (let cut = 0; cut + distance <= STREAM.length; cut += 7) {
      const pieces = [
        STREAM.subarray(0, cut),
        STREAM.subarray(cut, cut + distance),
        STREAM.subarray(cut + distance),
      ];
      if (framesOf(pieces).join() !== WHOLE.join()) t.fail(`cuts at ${cut} and ${cut + distance}`);
    }
  }
});

void test('octets that come singly show the same frames', async (t) => {
  t.strictSame(framesOf(Array.from(STREAM, (octet) => u8(octet))), WHOLE);
});

void test('only the given length of a chunk is read', async (t) => {
  const scanner = new FrameScanner(1000, () => t.fail('a frame beyond the length'));
  scanner.scan(STREAM, 5);
});

void test('a missing frame end is an error, in one chunk and over a cut', async (t) => {
  const broken = Buffer.from(ack(1, false));
  broken[broken.length - 1] = 0;
  t.throws(() => framesOf([broken, STREAM]), /frame end/);
  t.throws(() => framesOf([broken.subarray(0, 3), broken.subarray(3)]), /frame end/);
});

void test('a frame beyond the largest size is an error', async (t) => {
  const large = frame(FRAME.BODY, 1, Buffer.alloc(1001));
  t.throws(() => framesOf([large]), /1001 octets/);
  t.throws(() => framesOf([large.subarray(0, 2), large.subarray(2)]), /1001 octets/);
});

void test('product and version are found in connection.start', async (t) => {
  const properties = table({
    capabilities: { 'basic.nack': true },
    product: 'Some Broker',
    version: '3.10.8',
  });
  const start = Buffer.concat([
    u32(methodKey(10, 10)),
    u8(0),
    u8(9),
    properties,
    longString('PLAIN'),
    u16(0),
  ]);
  t.strictSame(identityOf(start), { product: 'Some Broker', version: '3.10.8' });
});

void test('a broker with other server properties is unknown, not an error', async (t) => {
  const properties = Buffer.concat([u32(4), Buffer.from('\x01xd\x00', 'latin1')]);
  const start = Buffer.concat([u32(methodKey(10, 10)), u8(0), u8(9), properties]);
  t.strictSame(identityOf(start), { product: 'unknown', version: 'unknown' });
});
