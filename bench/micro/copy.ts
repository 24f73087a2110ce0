/**
 * What does it cost to move a few octets? The ways a broker can copy a message, nanoseconds of CPU for each call.
 * `node build/bench/micro/copy.js`; each way runs in a process of its own, so that none spoils another's compiled code.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

type Copy = (source: Buffer, from: number, target: Buffer, to: number, size: number) => void;

const SIZES = [8, 20, 40, 75, 120, 200, 500, 1000, 4000] as const;
const CALLS = 1_000_000;
const ROUNDS = 5;
const HALF = 65_536;

const slab = Buffer.allocUnsafeSlow(2 * HALF).fill(7);
const lower = slab.subarray(0, HALF);
const upper = Buffer.allocUnsafeSlow(HALF).fill(7);
const lowerView = new DataView(lower.buffer, lower.byteOffset, lower.length);
const upperView = new DataView(upper.buffer, upper.byteOffset, upper.length);

const WAYS: Readonly<Record<string, Copy>> = {
  'loop, octet by octet': (source, from, target, to, size) => {
    for (let i = 0; i < size; i++) target[to + i] = source[from + i]!;
  },
  'DataView, 4 octets at once': (source, from, target, to, size) => {
    let i = 0;
    for (; i + 4 <= size; i += 4) upperView.setInt32(to + i, lowerView.getInt32(from + i));
    for (; i < size; i++) target[to + i] = source[from + i]!;
  },
  'Buffer.copy': (source, from, target, to, size) => void source.copy(target, to, from, from + size),
  'set(subarray)': (source, from, target, to, size) => target.set(source.subarray(from, from + size), to),
  'copyWithin one slab': (_source, from, _target, to, size) =>
    void slab.copyWithin(HALF + to, from, from + size),
};

/** Positions move on, as in a log and an output buffer, so that the cache is used as there. */
function nanoseconds(copy: Copy, size: number, calls: number): number {
  let from = 0;
  let to = 0;
  const begin = process.cpuUsage();
  for (let i = 0; i < calls; i++) {
    copy(lower, from, upper, to, size);
    from += size + 8;
    to += size;
    if (from + size > HALF) from = 0;
    if (to + size > HALF) to = 0;
  }
  const { user, system } = process.cpuUsage(begin);
  return ((user + system) * 1000) / calls;
}

function row(way: string): string {
  const copy = WAYS[way]!;
  const cells = SIZES.map((size) => {
    const rounds = Array.from({ length: ROUNDS }, () =>
      nanoseconds(copy, size, size > 200 ? CALLS / 5 : CALLS),
    );
    return Math.min(...rounds).toFixed(0);
  });
  return `| ${way} | ${cells.join(' | ')} |`;
}

const only = process.argv[2];
if (only === undefined) {
  console.log(
    `Node ${process.versions.node}, ns\n\n| octets | ${SIZES.join(' | ')} |\n|---|${'--:|'.repeat(SIZES.length)}`,
  );
  const self = fileURLToPath(import.meta.url);
  for (const way of Object.keys(WAYS)) process.stdout.write(execFileSync(process.execPath, [self, way]));
} else {
  console.log(row(only));
}
