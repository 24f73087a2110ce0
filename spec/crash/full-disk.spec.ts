import { join } from 'node:path';
import tap, { type Test } from 'tap';
import { CrashClient } from '../support/crash-client.js';
import { drink, Flood } from '../support/crash-flood.js';
import { BrokerProcess } from '../support/crash-process.js';
import { SmallDisk } from '../support/crash-small-disk.js';
import { eventually } from '../support/eventually.js';

const QUEUE = 'q';
/** Together 24 MB. */
const MESSAGES = 6000;
const TOO_SMALL_MB = 16;
const LARGE_ENOUGH_MB = 64;
/** Nobody holds publishers back before the disk is full. */
const NO_ALARM = '0';
const EARLY_ALARM = '50MB';
const FULL = /the disk is full/;
/** For what a broken broker would never do. */
const WITHIN_MS = 20_000;

const sequence = (length: number): number[] => Array.from({ length }, (_, index) => index);

interface Place {
  readonly disk: SmallDisk;
  readonly broker: BrokerProcess;
}

interface Setting {
  readonly megabytes: number;
  /** disk_free_limit. */
  readonly limit: string;
}

/** Runs `body` with a broker that lives on a small disk; says why where there can be none. */
function onSmallDisk(
  name: string,
  { megabytes, limit }: Setting,
  body: (t: Test, place: Place) => Promise<void>,
): void {
  void tap.test(name, async (t) => {
    t.setTimeout(110_000);
    const disk = await SmallDisk.mount(megabytes);
    if (typeof disk === 'string') {
      t.pass(name, { skip: disk });
      return;
    }
    const flags = ['--disk_free_limit.absolute', limit];
    const dataDir = join(disk.directory, 'data');
    const broker = await BrokerProcess.create({ dataDir, flags, wrapper: disk.wrapper });
    t.teardown(async () => {
      await broker.signal('SIGKILL');
      await disk.unmount();
    });
    await broker.start();
    await body(t, { disk, broker });
  });
}

/** What RabbitMQ calls it. [RMQ blocked] */
const REASON = 'low on disk';

async function fullOf(broker: BrokerProcess): Promise<Flood> {
  const flood = await Flood.start(broker.port, QUEUE, MESSAGES);
  await eventually('the disk is full', () => FULL.test(broker.output), WITHIN_MS);
  return flood;
}

/** Nothing is missing, nothing came twice, nobody is left waiting. */
async function everythingArrives(t: Test, flood: Flood, { broker }: Place): Promise<void> {
  const numbers = await drink(broker.port, QUEUE);
  await eventually('everything is consumed', () => numbers.length >= MESSAGES, WITHIN_MS);
  await eventually('everything is confirmed', () => flood.confirmed === MESSAGES, WITHIN_MS);
  t.same(numbers, sequence(MESSAGES), 'every message came once, in order');
  t.equal(flood.refused, 0);
}

onSmallDisk(
  'a full disk is waited for until there is room',
  { megabytes: TOO_SMALL_MB, limit: NO_ALARM },
  async (t, place) => {
    const flood = await fullOf(place.broker);
    t.ok(flood.confirmed < MESSAGES, 'what has no room is not confirmed');
    await place.disk.resize(LARGE_ENOUGH_MB);
    await everythingArrives(t, flood, place);
  },
);

onSmallDisk(
  'a broker that was killed on a full disk has what it confirmed',
  { megabytes: TOO_SMALL_MB, limit: NO_ALARM },
  async (t, { disk, broker }) => {
    const flood = await fullOf(broker);
    await broker.signal('SIGKILL');
    await flood.client.ended;
    await disk.resize(LARGE_ENOUGH_MB);
    await broker.start();
    const numbers = await drink(broker.port, QUEUE);
    await eventually('all of it', () => numbers.length >= flood.confirmed, WITHIN_MS);
    t.ok(flood.confirmed > 0 && flood.confirmed < MESSAGES);
    t.same(numbers, sequence(numbers.length), 'each message once, in order');
  },
);

onSmallDisk(
  'publishers are held back before the disk is full',
  { megabytes: LARGE_ENOUGH_MB, limit: EARLY_ALARM },
  async (t, place) => {
    const flood = await Flood.start(place.broker.port, QUEUE, MESSAGES);
    await eventually('the publisher is blocked', () => flood.client.isBlocked, WITHIN_MS);
    await everythingArrives(t, flood, place);
    await eventually('the publisher is unblocked', () => !flood.client.isBlocked, WITHIN_MS);
    t.match(flood.client.blockedFor, [REASON]);
    t.notMatch(place.broker.output, FULL);
  },
);

onSmallDisk(
  'a full disk recovers when consumers make room',
  { megabytes: TOO_SMALL_MB, limit: NO_ALARM },
  async (t, place) => {
    const flood = await fullOf(place.broker);
    await eventually('the publisher is blocked', () => flood.client.isBlocked, WITHIN_MS);
    await everythingArrives(t, flood, place);
    await eventually('the publisher is unblocked', () => !flood.client.isBlocked, WITHIN_MS);
    t.match(flood.client.blockedFor, [REASON]);
  },
);

onSmallDisk(
  'definitions can be changed again when there is room',
  { megabytes: TOO_SMALL_MB, limit: NO_ALARM },
  async (t, { disk, broker }) => {
    await disk.fill();
    const channel = await (await CrashClient.open(broker.port)).channel();
    // The first few of them may find room in what the file system has already set aside.
    const early = Array.from({ length: 300 }, (_, number) =>
      channel.call('queue.declare', { queue: `early.${number}`, durable: true }),
    );
    await eventually('there is no room', () => FULL.test(broker.output), WITHIN_MS);
    await disk.unfill();
    const answers = await Promise.all(early);
    t.ok(answers.every(({ method }) => method.name === 'queue.declare-ok'));
    await broker.signal('SIGKILL');
    await broker.start();
    const later = await (await CrashClient.open(broker.port)).channel();
    const { method } = await later.call('queue.declare', { queue: 'early.299', passive: true });
    t.equal(method.name, 'queue.declare-ok');
  },
);
