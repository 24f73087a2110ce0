/*
 * XXH32, a checksum of 32 bits [xxHash specification 0.1.1]. Each step maps different states to different states: where
 * only octets of one aligned word differ, so does the checksum, for certain. The code takes words where CRC-32 takes
 * octets; a call into the runtime's own CRC-32 costs more than all of it for most messages.
 */

const PRIME_1 = 0x9e3779b1 | 0;
const PRIME_2 = 0x85ebca77 | 0;
const PRIME_3 = 0xc2b2ae3d | 0;
const PRIME_4 = 0x27d4eb2f;
const PRIME_5 = 0x165667b1;

/** Octets that are taken in one step. */
const STRIPE = 16;
/** Views of longer buffers are not kept, nor is their memory. */
const KEPT_VIEW = 1 << 20;

let lastBytes: Buffer = Buffer.alloc(0);
let lastView = viewOf(lastBytes);

const lanes = new Int32Array(4);
const carry = Buffer.alloc(STRIPE);

/** Checksum of bytes[start, end), 0 to 2^32 - 1. `seed`: any 32-bit number that reader and writer agree on. */
export function checksum(bytes: Buffer, start: number, end: number, seed: number): number {
  const view = viewOnto(bytes);
  const length = end - start;
  if (length < STRIPE) return finish((seed + PRIME_5) | 0, length, view, start, end);
  begin(seed);
  const rest = end - (length % STRIPE);
  absorb(view, start, rest);
  return finish(merged(), length, view, rest, end);
}

/** Checksum of the pieces, as if they stood one behind the other. */
export function checksumOf(pieces: readonly Buffer[], seed: number): number {
  begin(seed);
  let length = 0;
  let carried = 0;
  for (const piece of pieces) {
    length += piece.length;
    let at = 0;
    if (carried > 0) {
      at = piece.copy(carry, carried);
      carried += at;
      if (carried < STRIPE) continue;
      absorb(viewOnto(carry), 0, STRIPE);
    }
    const rest = piece.length - ((piece.length - at) % STRIPE);
    absorb(viewOnto(piece), at, rest);
    carried = piece.copy(carry, 0, rest);
  }
  const state = length < STRIPE ? (seed + PRIME_5) | 0 : merged();
  return finish(state, length, viewOnto(carry), 0, carried);
}

function begin(seed: number): void {
  lanes[0] = seed + PRIME_1 + PRIME_2;
  lanes[1] = seed + PRIME_2;
  lanes[2] = seed;
  lanes[3] = seed - PRIME_1;
}

/** Takes in the stripes of view[from, to). */
function absorb(view: DataView, from: number, to: number): void {
  let a = lanes[0]!;
  let b = lanes[1]!;
  let c = lanes[2]!;
  let d = lanes[3]!;
  for (let at = from; at < to; at += STRIPE) {
    a = (a + Math.imul(view.getInt32(at, true), PRIME_2)) | 0;
    a = Math.imul((a << 13) | (a >>> 19), PRIME_1);
    b = (b + Math.imul(view.getInt32(at + 4, true), PRIME_2)) | 0;
    b = Math.imul((b << 13) | (b >>> 19), PRIME_1);
    c = (c + Math.imul(view.getInt32(at + 8, true), PRIME_2)) | 0;
    c = Math.imul((c << 13) | (c >>> 19), PRIME_1);
    d = (d + Math.imul(view.getInt32(at + 12, true), PRIME_2)) | 0;
    d = Math.imul((d << 13) | (d >>> 19), PRIME_1);
  }
  lanes[0] = a;
  lanes[1] = b;
  lanes[2] = c;
  lanes[3] = d;
}

function merged(): number {
  return (
    (rotated(lanes[0]!, 1) + rotated(lanes[1]!, 7) + rotated(lanes[2]!, 12) + rotated(lanes[3]!, 18)) | 0
  );
}

/** Takes in view[from, to), less than a stripe, and spreads what each bit did over all others. */
function finish(state: number, length: number, view: DataView, from: number, to: number): number {
  let hash = (state + length) | 0;
  let at = from;
  for (; at + 4 <= to; at += 4) {
    hash = Math.imul(rotated((hash + Math.imul(view.getInt32(at, true), PRIME_3)) | 0, 17), PRIME_4);
  }
  for (; at < to; at++) {
    hash = Math.imul(rotated((hash + Math.imul(view.getUint8(at), PRIME_5)) | 0, 11), PRIME_1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** Records come by the thousand in one buffer. */
function viewOnto(bytes: Buffer): DataView {
  if (bytes === lastBytes) return lastView;
  const view = viewOf(bytes);
  if (bytes.length > KEPT_VIEW) return view;
  lastBytes = bytes;
  lastView = view;
  return view;
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
