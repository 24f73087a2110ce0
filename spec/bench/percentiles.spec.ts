import { test } from 'tap';
import { median, percentile, SampleSet } from '../../bench/load/percentiles.js';
import { amount } from '../../bench/report.js';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

void test('a percentile is the smallest sample that so large a share does not exceed', async (t) => {
  t.equal(percentile(upTo(100), 0.5), 50);
  t.equal(percentile(upTo(100), 0.99), 99);
  t.equal(percentile(upTo(1000), 0.999), 999);
  t.equal(percentile(upTo(10), 0.99), 10);
  t.equal(percentile(upTo(10), 1), 10);
  t.equal(percentile([7], 0.001), 7);
});

void test('the percentile and the median of nothing are not a number', async (t) => {
  t.ok(Number.isNaN(percentile([], 0.5)));
  t.ok(Number.isNaN(median([])));
});

void test('the median of an even number of values lies between the middle two', async (t) => {
  t.equal(median([9, 1, 3]), 3);
  t.equal(median([9, 1, 3, 5]), 4);
});

void test('a sample set grows, sorts by value and starts anew when taken', async (t) => {
  const samples = new SampleSet();
  for (const sample of upTo(5000).toReversed()) samples.add(sample);
  t.strictSame(samples.take(), { count: 5000, p50: 2500, p99: 4950, p999: 4995 });
  samples.add(10);
  t.strictSame(samples.take(), { count: 1, p50: 10, p99: 10, p999: 10 });
  t.equal(samples.take().count, 0);
});

void test('amounts are grouped when large and short when small', async (t) => {
  t.equal(amount(1_234_567.8), '1,234,568');
  t.equal(amount(0.123456), '0.123');
  t.equal(amount(999.4), '999');
  t.equal(amount(Number.NaN), '-');
});
