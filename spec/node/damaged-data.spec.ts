import { connect } from 'amqplib';
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tap, { type Test } from 'tap';
import { createBroker } from '../../lib/index.js';

const isTorture = process.env['WARRENMQ_TORTURE'] !== undefined;
if (isTorture) tap.setTimeout(7_200_000);
/** The short form looks at every so manieth octet. */
const STRIDE = isTorture ? 5 : 997;
const QUEUES = ['one', 'two', 'three'];

async function inBroker<T>(dataDir: string, use: (url: string) => Promise<T>): Promise<T> {
  const broker = createBroker({ dataDir });
  await broker.start();
  try {
    return await use(broker.url);
  } finally {
    await broker.stop();
  }
}

/** The data directory of a stopped broker with two messages in each of its queues. */
async function sample(t: Test): Promise<string> {
  const directory = join(t.testdir(), 'data');
  await inBroker(directory, async (url) => {
    const client = await connect(url);
    const channel = await client.createConfirmChannel();
    for (const queue of QUEUES) {
      await channel.assertQueue(queue, { durable: true });
      for (const body of ['first', 'second'])
        channel.sendToQueue(queue, Buffer.from(body), { persistent: true });
    }
    await channel.waitForConfirms();
    await client.close();
  });
  return directory;
}

/** How many messages a broker on the directory delivers; all of its queues must be there. */
async function messagesIn(directory: string): Promise<number> {
  return inBroker(directory, async (url) => {
    const client = await connect(url);
    const channel = await client.createChannel();
    let count = 0;
    for (const queue of QUEUES) {
      const { messageCount } = await channel.checkQueue(queue);
      for (let left = messageCount; left > 0; left--) if (await channel.get(queue, { noAck: true })) count++;
    }
    await client.close();
    return count;
  });
}

const isData = (path: string): boolean => statSync(path).isFile() && !/LOCK$|LOG(\.old)?$/.test(path);

void tap.test(
  'whatever octet of the data directory is flipped, or cut off, a broker starts and serves the rest',
  async (t) => {
    const directory = await sample(t);
    const copy = join(t.testdirName, 'copy');
    const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted();
    let tried = 0;
    for (const name of names.filter((one) => isData(join(directory, one)))) {
      const bytes = readFileSync(join(directory, name));
      for (let at = tried % STRIDE; at < bytes.length; at += STRIDE) {
        const flipped = Buffer.from(bytes);
        flipped[at]! ^= 1 << (at % 8);
        for (const [what, damaged] of [
          ['flipped', flipped],
          ['cut', bytes.subarray(0, at)],
        ] as const) {
          rmSync(copy, { recursive: true, force: true });
          cpSync(directory, copy, { recursive: true });
          writeFileSync(join(copy, name), damaged);
          const count = await messagesIn(copy);
          // One record, or the records behind a cut, may be gone; and nothing may be where only definitions are damaged.
          const least = name.startsWith('definitions') ? 6 : what === 'flipped' ? 5 : 0;
          if (count < least || count > 6) t.fail(`${count} messages after ${name} was ${what} at ${at}`);
          if (!t.passing()) return;
          tried++;
        }
      }
    }
    t.ok(tried > 10, `${tried} tried`);
  },
);
