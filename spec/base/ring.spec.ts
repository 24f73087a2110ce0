import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import t from 'tap';
import { Ring } from '../../lib/base/ring.js';

void t.test('what goes in first comes out first', async (t) => {
  const ring = new Ring<string>();
  for (const item of ['a', 'b', 'c']) ring.push(item);
  t.equal(ring.length, 3);
  t.same([ring.shift(), ring.shift(), ring.shift(), ring.shift()], ['a', 'b', 'c', undefined]);
  t.equal(ring.length, 0);
});

void t.test('items can be read and replaced where they stand', async (t) => {
  const ring = new Ring<string>(2);
  for (const item of ['a', 'b', 'c']) ring.push(item);
  ring.shift();
  ring.set(1, 'C');
  t.same([ring.at(0), ring.at(1), ring.at(2)], ['b', 'C', undefined]);
});

void t.test('any capacity asked for is one to begin with', async (t) => {
  for (const capacity of [0, 1, 3, 16, 1000]) {
    const ring = new Ring<number>(capacity);
    for (let i = 0; i < 40; i++) ring.push(i);
    t.equal(ring.at(39), 39, `capacity ${capacity}`);
  }
});

void t.test('a cleared ring is empty and can be filled again', async (t) => {
  const ring = new Ring<number>();
  for (let i = 0; i < 5000; i++) ring.push(i);
  ring.clear();
  t.equal(ring.length, 0);
  t.equal(ring.shift(), undefined);
  ring.push(7);
  t.same([ring.length, ring.at(0), ring.shift()], [1, 7, 7]);
});

void t.test('a ring that was long keeps its order while it shrinks', async (t) => {
  const ring = new Ring<number>();
  for (let i = 0; i < 100_000; i++) ring.push(i);
  for (let i = 0; i < 100_000; i++) if (ring.shift() !== i) return t.fail(`lost its order at ${i}`);
  ring.push(1);
  t.equal(ring.shift(), 1);
  return undefined;
});

/** What a ring is to do, done to an array. */
class Twins {
  readonly #ring = new Ring<number>();
  #array: number[] = [];
  #next = 0;

  push(times: number): void {
    for (let i = 0; i < times; i++, this.#next++) {
      this.#ring.push(this.#next);
      this.#array.push(this.#next);
    }
  }

  shift(times: number): void {
    for (let i = 0; i < times; i++) assert.equal(this.#ring.shift(), this.#array[i]);
    this.#array = this.#array.slice(times);
  }

  set(at: number): void {
    if (at >= this.#array.length) return;
    this.#ring.set(at, -1);
    this.#array[at] = -1;
  }

  clear(): void {
    this.#ring.clear();
    this.#array = [];
  }

  compare(): void {
    assert.equal(this.#ring.length, this.#array.length);
    assert.deepEqual(
      this.#array.map((_, at) => this.#ring.at(at)),
      this.#array,
    );
    assert.equal(this.#ring.at(this.#array.length), undefined);
  }
}

void t.test('a ring does what an array does', async () => {
  const step = fc.tuple(fc.constantFrom('push', 'shift', 'set', 'clear'), fc.nat(3000));
  const steps = fc.array(step, { maxLength: 20 });
  fc.assert(
    fc.property(steps, (given) => {
      const twins = new Twins();
      for (const [what, times] of given) {
        twins[what](times);
        twins.compare();
      }
    }),
    { numRuns: 60 },
  );
});
