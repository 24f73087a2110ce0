import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tap from 'tap';
import { CrashClient } from '../support/crash-client.js';
import type { Arrival, ClientChannel } from '../support/crash-client-channel.js';
import { BrokerProcess } from '../support/crash-process.js';
import { propertiesOf } from '../support/crash-publication.js';
import { isTorture, SEED } from '../support/crash-seed.js';
import { CrashTrial } from '../support/crash-trial.js';
import { Random } from '../support/random.js';

const ROUNDS = isTorture ? 20 : 2;
const PERSISTENT = propertiesOf(true, 0, Infinity);
const TRANSIENT = propertiesOf(false, 0, Infinity);
const QUEUE = 'q';

void tap.test(`a broker that is stopped under load keeps what it promised, seed ${SEED}`, async (t) => {
  t.setTimeout(isTorture ? 3_600_000 : 110_000);
  const trial = await CrashTrial.create(new Random(SEED));
  t.teardown(() => trial.close());
  for (let round = 0; round < ROUNDS && trial.isGood; round++) await trial.round('stop');
  if (trial.isGood) await trial.drain();
  t.comment(trial.figures);
  for (const complaint of trial.complaints) t.fail(complaint, { diagnostic: false });
  t.ok(trial.isGood, 'the ledger has nothing to complain of');
});

void tap.test('after a stop in good order', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'warrenmq-stop-'));
  const broker = await BrokerProcess.create({ dataDir });
  t.teardown(async () => {
    await broker.signal('SIGKILL');
    await rm(dataDir, { recursive: true, force: true });
  });
  await broker.start();
  const client = await CrashClient.open(broker.port);
  const channel = await client.channel();
  await channel.call('queue.declare', { queue: QUEUE, durable: true });
  for (let number = 0; number < 100; number++) channel.publish('', QUEUE, PERSISTENT, body(number));
  for (let number = 100; number < 110; number++) channel.publish('', QUEUE, TRANSIENT, body(number));
  const taken = await take(channel, 60);
  for (const { tag } of taken.slice(0, 20)) channel.send('basic.ack', { deliveryTag: tag });
  for (const { tag } of taken.slice(20, 30))
    channel.send('basic.reject', { deliveryTag: tag, requeue: false });
  channel.send('basic.nack', { deliveryTag: taken[39]!.tag, multiple: true, requeue: true });
  // The answer tells that everything before it was worked on.
  await channel.call('basic.qos', { prefetchCount: 1 });
  const { code } = await broker.signal('SIGTERM');
  await client.ended;
  await broker.start();

  const again = await CrashClient.open(broker.port);
  const left = await take(await again.channel(), 200);
  const numbers = left.map((arrival) => Number(arrival.body.toString()));
  t.equal(code, 0, 'the exit code is 0');
  t.match(client.closeReason, /^320 CONNECTION_FORCED/, 'clients are told');
  t.notOk(
    numbers.some((number) => number < 30),
    'acknowledged and rejected messages do not come back',
  );
  t.notOk(
    numbers.some((number) => number >= 100),
    'transient messages do not come back',
  );
  t.same(numbers, sequence(30, 100), 'all others do, in order');
  t.ok(
    left.slice(0, 30).every(({ redelivered }) => redelivered),
    'redelivered, where somebody had them',
  );
  t.notOk(
    left.slice(30).some(({ redelivered }) => redelivered),
    'and only there',
  );
  await again.close();
});

const body = (number: number): Buffer => Buffer.from(String(number));

const sequence = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

/** The first messages of the queue, unacknowledged; fewer if there are no more. */
async function take(channel: ClientChannel, count: number): Promise<readonly Arrival[]> {
  const answers = Array.from({ length: count }, () => channel.call('basic.get', { queue: QUEUE }));
  const messages = (await Promise.all(answers)).map(({ message }) => message);
  return messages.filter((message) => message !== undefined);
}
