import tap from 'tap';
import type { StoreFile } from '../../lib/store/files.js';
import { RECORD, RECORD_HEADER } from '../../lib/store/record.js';
import { RecordBuffer } from '../../lib/store/record-buffer.js';
import { WalStretches } from '../../lib/store/wal-stretches.js';

const MIB = 2 ** 20;

/** A WAL file of records of any length, with the stretches that a first reading finds in it. */
class Wal {
  readonly stretches = new WalStretches();
  readonly #buffer = new RecordBuffer();
  /** Octets that were read from it, as pairs of from and to. */
  readonly reads: [number, number][] = [];

  message(queue: number, position: number, length: number): void {
    const offset = this.#record(length);
    this.stretches.enter(offset, this.#buffer.length);
    this.stretches.add(queue, position);
  }

  damaged(length: number): void {
    this.#record(length);
    this.stretches.interrupt();
  }

  /** The offsets of what is visited when the queues with these numbers are needed. */
  async visited(...queues: number[]): Promise<number[]> {
    const bytes = Buffer.concat(this.#buffer.pieces());
    const file: Pick<StoreFile, 'read'> = {
      read: async (into, at) => {
        this.reads.push([at, at + into.length]);
        return bytes.copy(into, 0, at, at + into.length);
      },
    };
    const visited: number[] = [];
    await this.stretches.read(
      file as StoreFile,
      (span) => queues.includes(span.queue),
      (_type, from, start) => visited.push(from.readUInt32LE(start + RECORD_HEADER)),
    );
    return visited;
  }

  /** A record that tells its own offset. */
  #record(length: number): number {
    const offset = this.#buffer.length;
    const start = this.#buffer.begin(RECORD.message, 0, length);
    this.#buffer.view.setUint32(start + RECORD_HEADER, offset, true);
    this.#buffer.seal(start);
    return offset;
  }
}

void tap.test('a stretch that nobody needs is not read', async (t) => {
  const wal = new Wal();
  wal.message(1, 7, MIB);
  wal.message(2, 1, MIB / 2);
  wal.message(1, 5, MIB / 2);
  wal.message(3, 1, 100);
  t.same(await wal.visited(2), [MIB, MIB + MIB / 2]);
  t.same(wal.reads, [[MIB, 2 * MIB]]);
  t.same(await wal.visited(4), []);
});

void tap.test('a stretch tells where in each queue its messages stand', async (t) => {
  const wal = new Wal();
  for (const position of [7, 5, 9]) wal.message(1, position, 100);
  wal.message(2, 3, 100);
  const spans: unknown[] = [];
  const keep = (span: object): boolean => spans.push({ ...span }) === 0;
  await wal.stretches.read({} as StoreFile, keep, () => {});
  t.same(spans, [
    { queue: 1, first: 5, last: 9 },
    { queue: 2, first: 3, last: 3 },
  ]);
});

void tap.test('a stretch of many queues is always read', async (t) => {
  const wal = new Wal();
  for (let queue = 1; queue <= 9; queue++) wal.message(queue, 1, 100);
  t.equal((await wal.visited()).length, 9);
});

void tap.test('damaged octets are in no stretch', async (t) => {
  const wal = new Wal();
  wal.message(1, 1, 100);
  wal.damaged(50);
  wal.message(1, 2, 100);
  t.same(await wal.visited(1), [0, 150]);
  t.same(wal.reads, [
    [0, 100],
    [150, 250],
  ]);
});
