import t from 'tap';
import { AckTimeout } from '../../lib/amqp/ack-timeout.js';
import { type Taker, UnackedLedger } from '../../lib/amqp/unacked-ledger.js';
import { ManualClock } from '../../lib/base/clock.js';
import { Entry } from '../../lib/store/entry.js';
import { BrokerUnderTest } from '../support/broker-under-test.js';
import { memoryInUse } from '../support/memory-in-use.js';
import { messageOf } from '../support/messages.js';

const MINUTE = 60_000;
const message = messageOf('body');
const taker = (timeout: number): Taker => ({ timeout, settled: () => {} }) as unknown as Taker;
const entry = (): Entry => new Entry(message, 0, 0);

/** A ledger that is watched; `expired` are the timeouts that passed. */
function watched() {
  const clock = new ManualClock();
  const ledger = new UnackedLedger();
  const expired: number[] = [];
  const timeout = new AckTimeout(clock, ledger, (ms) => expired.push(ms));
  return { clock, ledger, expired, timeout };
}

void t.test('a delivery that stays is noticed not early, and not much late', async (t) => {
  for (const ms of [100, 1000, 30 * MINUTE, 600 * MINUTE]) {
    const { clock, ledger, expired, timeout } = watched();
    timeout.watch(ms);
    clock.advance(ms * 3);
    ledger.add(entry(), taker(ms));
    clock.advance(ms - 1);
    t.strictSame(expired, [], `${ms} ms`);
    clock.advance(Math.max(200, Math.min(ms / 2, 2 * MINUTE)) + 1);
    t.strictSame(expired, [ms], `${ms} ms`);
  }
});

void t.test('deliveries that are acknowledged in time are no matter, however many', async (t) => {
  const { clock, ledger, expired, timeout } = watched();
  timeout.watch(1000);
  for (let round = 0; round < 1000; round++) {
    const tag = ledger.add(entry(), taker(1000));
    clock.advance(100);
    if (round >= 8) ledger.remove(tag - 8);
  }
  t.strictSame(expired, []);
});

void t.test('each delivery has the timeout of who took it', async (t) => {
  const { clock, ledger, expired, timeout } = watched();
  timeout.watch(10_000);
  timeout.watch(1000);
  ledger.add(entry(), taker(10_000));
  ledger.add(entry(), taker(Infinity));
  clock.advance(9999);
  t.strictSame(expired, []);
  clock.advance(1000);
  t.strictSame(expired, [10_000]);
});

void t.test('one that was given back by a transaction is as old as before', async (t) => {
  const { clock, ledger, expired, timeout } = watched();
  timeout.watch(1000);
  const tag = ledger.add(entry(), taker(1000));
  ledger.add(entry(), taker(Infinity));
  clock.advance(900);
  const delivery = ledger.remove(tag);
  clock.advance(900);
  t.strictSame(expired, []);
  if (delivery !== undefined) ledger.restore(delivery);
  clock.advance(300);
  t.strictSame(expired, [1000]);
});

void t.test('a delivery without a timeout may stay for years, and costs nothing', async (t) => {
  const { clock, ledger, expired, timeout } = watched();
  timeout.watch(Infinity);
  timeout.watch(1000);
  ledger.add(entry(), taker(Infinity));
  const before = memoryInUse();
  for (let hour = 0; hour < 20; hour++) clock.advance(60 * MINUTE);
  t.ok(memoryInUse() - before < 1_000_000);
  t.strictSame(expired, []);
  ledger.add(entry(), taker(1000));
  clock.advance(2000);
  t.strictSame(expired, [1000]);
});

void t.test('after stop nothing is looked at any more', async (t) => {
  const { clock, ledger, expired, timeout } = watched();
  timeout.watch(1000);
  ledger.add(entry(), taker(1000));
  timeout.stop();
  clock.advance(MINUTE);
  t.strictSame(expired, []);
});

const timedOut = (channel: number, ms: number): object => ({
  name: 'channel.close',
  args: {
    replyCode: 406,
    replyText:
      `PRECONDITION_FAILED - delivery acknowledgement on channel ${channel} timed out. Timeout value used: ${ms} ms. ` +
      'This timeout value can be configured, see consumers doc guide to learn more',
    classId: 0,
    methodId: 0,
  },
});

/** A channel, and one delivery on it, to a consumer or by basic.get. */
async function delivered(setup: { queue?: object; consume?: object; get?: boolean; global?: number }) {
  const settings = { consumerTimeout: setup.global ?? 30 * MINUTE };
  const world = await BrokerUnderTest.open({ settings });
  const client = await world.connect();
  const channel = await client.channel(7);
  await channel.call('queue.declare', { queue: 'q', arguments: { ...setup.queue } });
  channel.publish('slow', { routingKey: 'q' });
  if (setup.get === true) await channel.get({ queue: 'q' });
  else {
    await channel.call('basic.consume', { queue: 'q', consumerTag: 'c', arguments: { ...setup.consume } });
    await channel.expectDelivery({ deliveryTag: 1 }, 'slow');
  }
  return { world, client, channel };
}

for (const [title, setup, ms] of [
  ['consumer_timeout', {}, 30 * MINUTE],
  ["the queue's x-consumer-timeout", { queue: { 'x-consumer-timeout': 5000 } }, 5000],
  [
    "the consumer's x-consumer-timeout, though the queue has one",
    { queue: { 'x-consumer-timeout': 5000 }, consume: { 'x-consumer-timeout': 90_000 } },
    90_000,
  ],
  [
    'x-consumer-timeout where there is none otherwise',
    { consume: { 'x-consumer-timeout': 1000 }, global: Infinity },
    1000,
  ],
  ['consumer_timeout after a basic.get', { get: true, global: 10_000 }, 10_000],
] as const) {
  void t.test(`a channel that does not acknowledge within ${title} is closed with 406`, async (t) => {
    const { world, client, channel } = await delivered(setup);
    await world.advance(ms - 1);
    t.strictSame(await client.lines(), []);
    await world.advance(ms / 2 + 2);
    t.match(await channel.next(), timedOut(7, ms));
    channel.send('channel.close-ok');
    await channel.call('channel.open');
    await channel.get({ queue: 'q' }, { redelivered: true }, 'slow');
    t.match(world.log.failures, [{ kind: 'consumerTimeout' }]);
  });
}

void t.test('what is acknowledged, or needs no acknowledgement, times out nobody', async (t) => {
  const { world, client, channel } = await delivered({ global: 1000 });
  channel.send('basic.ack', { deliveryTag: 1 });
  await channel.call('basic.consume', { queue: 'q', consumerTag: 'n', noAck: true });
  channel.publish('quick', { routingKey: 'q' });
  await world.advance(10 * MINUTE);
  t.match(await client.lines(), [/^basic.deliver/, /^content header/, /^body/]);
});

void t.test(
  'a timeout while a commit is awaited closes the channel, and the connection goes on',
  async (t) => {
    const { world, client, channel } = await delivered({ global: 1000 });
    const other = await client.channel(8);
    await channel.call('tx.select');
    channel.publish('x', { routingKey: 'q', properties: { deliveryMode: 2 } });
    Object.defineProperty(world.broker.messages, 'transact', { value: () => 5 });
    channel.send('tx.commit');
    other.send('basic.qos');
    t.strictSame(await client.lines(), [], 'what follows a commit waits for it');
    await world.advance(2000);
    t.match(await client.all(), [timedOut(7, 1000), { name: 'basic.qos-ok', channel: 8 }]);
  },
);
