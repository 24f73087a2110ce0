import { test } from 'tap';
import { lapRates, Laps } from '../../bench/load/laps.js';

void test('a count begins the first lap and marks every tenth of its limit once', async (t) => {
  const laps = new Laps(100);
  t.equal(laps.times.length, 1);
  laps.reach(9);
  t.equal(laps.times.length, 1);
  laps.reach(10);
  t.equal(laps.times.length, 2);
  laps.reach(10);
  t.equal(laps.times.length, 2);
  for (let count = 11; count <= 100; count++) laps.reach(count);
  t.equal(laps.times.length, 11);
  laps.reach(1000);
  t.equal(laps.times.length, 11);
});

void test('a count that leaps marks all the tenths that it passed', async (t) => {
  const laps = new Laps(40);
  laps.reach(13);
  t.equal(laps.times.length, 4);
  laps.reach(40);
  t.equal(laps.times.length, 11);
});

void test('a limit that ten does not divide ends with the last lap', async (t) => {
  const laps = new Laps(7);
  laps.reach(6);
  t.ok(laps.times.length < 11);
  laps.reach(7);
  t.equal(laps.times.length, 11);
});

void test('without a limit there are no laps', async (t) => {
  const laps = new Laps(0);
  laps.reach(1e9);
  t.equal(laps.times.length, 0);
});

void test('a rate of a lap is a tenth of the limit over the time that it took', async (t) => {
  t.strictSame(lapRates(1000, [500, 600, 1600]), [1000, 100]);
  t.strictSame(lapRates(1000, [500]), []);
});
