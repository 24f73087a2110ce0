import { test } from 'tap';
import { ConfirmWindow } from '../../bench/load/confirm-window.js';
import { MessageLoop } from '../../bench/load/message-loop.js';
import type { PublisherPlan } from '../../bench/load/plan.js';
import { sinceStamp, writeStamp } from '../../bench/load/time-stamp.js';
import { parseOptions } from '../../bench/options.js';
import { publish } from '../../bench/wire/methods.js';

void test('a window has room until its size is unconfirmed', async (t) => {
  const window = new ConfirmWindow(10);
  t.equal(window.room, 10);
  window.publish(10);
  t.equal(window.room, 0);
  t.equal(window.settle(4, true), 4);
  t.equal(window.room, 4);
});

void test('single confirms out of order make room when the oldest has come', async (t) => {
  const window = new ConfirmWindow(4);
  window.publish(4);
  t.equal(window.settle(2, false), 1);
  t.equal(window.room, 0);
  t.equal(window.settle(1, false), 1);
  t.equal(window.room, 2);
});

void test('a multiple confirm counts what single ones have settled before only once', async (t) => {
  const window = new ConfirmWindow(8);
  window.publish(8);
  t.equal(window.settle(3, false), 1);
  t.equal(window.settle(3, false), 0);
  t.equal(window.settle(6, true), 5);
  t.equal(window.settle(6, true), 0);
  t.equal(window.room, 6);
});

void test('every publish is counted once over many turns of the window', async (t) => {
  const window = new ConfirmWindow(7);
  let published = 0;
  let confirmed = 0;
  while (published < 1000) {
    const count = Math.min(window.room, 3);
    window.publish(count);
    published += count;
    confirmed += window.settle(published, published % 2 === 0);
  }
  confirmed += window.settle(published, true);
  t.equal(confirmed, published);
});

void test('a confirm for what was not published is an error', async (t) => {
  const window = new ConfirmWindow(7);
  window.publish(2);
  t.throws(() => window.settle(3, false), /not published/);
});

const plan = (routingKeys: readonly string[]): PublisherPlan => ({
  role: 'publisher',
  url: '',
  exchange: '',
  routingKeys,
  bodySize: 16,
  persistent: false,
  window: 0,
  rate: 0,
  limit: 0,
});

void test('messages use the routing keys in turn, also over the end of the prebuilt buffer', async (t) => {
  const keys = ['key.1', 'key.2', 'key.3'];
  const messages = new MessageLoop(plan(keys));
  const expected = keys.map((key) => publish('', key, false, Buffer.alloc(16, 'warren')).toString('latin1'));
  let index = 0;
  for (let round = 0; round < 40; round++) {
    const bytes = messages.take(101).toString('latin1');
    for (let at = 0; at < bytes.length; at += messages.messageSize) {
      if (bytes.slice(at, at + messages.messageSize) !== expected[index++ % 3]) t.fail(`message ${index}`);
    }
  }
  t.ok(index > 3000);
});

void test('routing keys of unequal length are refused', async (t) => {
  t.throws(() => new MessageLoop(plan(['a', 'bc'])), /unequal length/);
});

void test('a time stamp tells how long ago it was written', async (t) => {
  const bytes = Buffer.alloc(8);
  writeStamp(bytes, 0);
  const passed = sinceStamp(bytes, 0);
  t.ok(passed >= 0);
  bytes.writeUInt32BE(bytes.readUInt32BE(0) - 2, 0);
  t.ok(sinceStamp(bytes, 0) >= 2000);
});

void test('options have defaults and take workloads by name', async (t) => {
  const options = parseOptions(['--workload', 'a,b', '--seconds', '0.5', '--', '--log.level', 'debug']);
  t.strictSame(options.workloads, ['a', 'b']);
  t.equal(options.measuredMs, 500);
  t.equal(options.rounds, 3);
  t.strictSame(options.brokerFlags, ['--log.level', 'debug']);
});

void test('an option that is no number above 0 is named', async (t) => {
  t.throws(() => parseOptions(['--rounds', 'many']), /--rounds wants a number above 0, not 'many'/);
});

void test('scenarios have sizes of their own, a window, and none of it where there are no confirms', async (t) => {
  t.strictSame(parseOptions([]).sizes, { messages: undefined, queues: undefined, window: 1000 });
  const sizes = parseOptions(['--messages', '5000', '--queues', '10', '--window', '0']).sizes;
  t.strictSame(sizes, { messages: 5000, queues: 10, window: 0 });
});
