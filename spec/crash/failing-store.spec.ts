import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tap, { type Test } from 'tap';
import { drink, Flood } from '../support/crash-flood.js';
import { BrokerProcess, type ProcessOptions } from '../support/crash-process.js';
import { eventually } from '../support/eventually.js';

const QUEUE = 'q';
/** Together 12 MB. */
const MESSAGES = 3000;
const WITHIN_MS = 20_000;
/**
 * No file gets longer than this many times 512 octets: a write behind it fails with EFBIG, which nobody can wait for. What
 * the test runner loads into every process is left out: it ends itself at the signal that comes before, which node ignores.
 */
const SHORT_FILES = ['sh', '-c', 'unset NODE_OPTIONS; ulimit -f 8192; exec "$0" "$@"'];
const LAST_WORDS = /\[critical\] (writing .* failed, nothing can be kept safe any more: .+)/;

async function brokerOf(t: Test, options: Omit<ProcessOptions, 'dataDir'>): Promise<BrokerProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), 'warrenmq-failing-'));
  const broker = await BrokerProcess.create({ dataDir, ...options });
  t.teardown(async () => {
    if (broker.isRunning) await broker.signal('SIGKILL');
    await rm(dataDir, { recursive: true, force: true });
  });
  await broker.start();
  return broker;
}

/** Ends the flood with the broker; what it was told holds for the next one. */
async function endsItself(t: Test, broker: BrokerProcess, flood: Flood): Promise<void> {
  const { code } = await broker.exit();
  await flood.client.ended;
  t.equal(code, 1, 'the exit code is 1');
  t.equal(broker.output.match(new RegExp(LAST_WORDS, 'g'))?.length, 1, 'it says why, once');
  t.comment(LAST_WORDS.exec(broker.output)?.[1]);
}

void tap.test('a broker that cannot write ends itself, and has what it confirmed', async (t) => {
  const broker = await brokerOf(t, { wrapper: SHORT_FILES });
  const flood = await Flood.start(broker.port, QUEUE, MESSAGES);
  await endsItself(t, broker, flood);
  broker.options = { dataDir: broker.options.dataDir };
  await broker.start();
  const numbers = await drink(broker.port, QUEUE);
  await eventually('all of it', () => numbers.length >= flood.confirmed, WITHIN_MS);
  t.ok(flood.confirmed > 0 && flood.confirmed < MESSAGES, 'what could not be written is not confirmed');
  t.same(
    numbers,
    numbers.map((_, index) => index),
    'each message comes once, in order',
  );
});

void tap.test('a broker whose data directory goes away ends itself', async (t) => {
  const broker = await brokerOf(t, { limits: { walFile: 64 * 1024 } });
  await rm(broker.options.dataDir, { recursive: true, force: true });
  await endsItself(t, broker, await Flood.start(broker.port, QUEUE, MESSAGES));
});
