import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { test } from 'tap';
import type { PublisherPlan } from '../../bench/load/plan.js';
import { Publisher } from '../../bench/load/publisher.js';
import { FRAME, longString, method, shortString, table, u8, u16, u32 } from '../../bench/wire/encode.js';
import { FrameScanner } from '../../bench/wire/frame-scanner.js';
import { ack, METHOD, PROTOCOL_HEADER } from '../../bench/wire/methods.js';
import { eventually } from '../support/eventually.js';

const ANSWERS = new Map<number, Buffer>([
  [METHOD.CONNECTION_START_OK, method(0, METHOD.CONNECTION_TUNE, u16(10), u32(131_072), u16(0))],
  [METHOD.CONNECTION_OPEN, method(0, METHOD.CONNECTION_OPEN_OK, shortString(''))],
  [METHOD.CHANNEL_OPEN, method(1, METHOD.CHANNEL_OPEN_OK, longString(''))],
  [METHOD.CONFIRM_SELECT, method(1, METHOD.CONFIRM_SELECT_OK)],
  [METHOD.CONNECTION_CLOSE, method(0, METHOD.CONNECTION_CLOSE_OK)],
]);

const BLOCKED = method(0, METHOD.CONNECTION_BLOCKED, shortString('low on memory'));
const UNBLOCKED = method(0, METHOD.CONNECTION_UNBLOCKED);

/** Answers what a publisher asks, counts publishes, and says whatever a test writes to `client`. */
class ScriptedBroker {
  published = 0;
  /** Publishes that came before connection.close. */
  publishedAtClose: number | undefined;
  client: Socket | undefined;
  readonly #server: Server = createServer((socket) => this.#accept(socket));

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('a listener without a port');
    return `amqp://127.0.0.1:${address.port}`;
  }

  stop(): void {
    this.client?.destroy();
    this.#server.close();
  }

  #accept(socket: Socket): void {
    this.client = socket;
    let header = PROTOCOL_HEADER.length;
    const scanner = new FrameScanner(131_072, (type, buffer, start) => this.#take(type, buffer, start));
    socket.on('data', (chunk: Buffer) => {
      scanner.scan(chunk.subarray(header), chunk.length - header);
      header = 0;
    });
    socket.write(
      method(0, METHOD.CONNECTION_START, u8(0), u8(9), table({}), longString('PLAIN'), longString('en_US')),
    );
  }

  #take(type: number, buffer: Buffer, start: number): void {
    if (type === FRAME.BODY) this.published++;
    if (type !== FRAME.METHOD) return;
    const key = buffer.readUInt32BE(start);
    if (key === METHOD.CONNECTION_CLOSE) this.publishedAtClose = this.published;
    const answer = ANSWERS.get(key);
    if (answer !== undefined) this.client?.write(answer);
  }
}

const plan = (url: string, window: number, limit: number): PublisherPlan => ({
  role: 'publisher',
  url,
  exchange: '',
  routingKeys: ['queue'],
  bodySize: 16,
  persistent: false,
  window,
  rate: 0,
  limit,
});

async function started(window: number, limit = 0): Promise<{ broker: ScriptedBroker; publisher: Publisher }> {
  const broker = new ScriptedBroker();
  const publisher = await Publisher.start(plan(await broker.listen(), window, limit), (error) => {
    throw error;
  });
  return { broker, publisher };
}

void test('a publisher never has more unconfirmed than its window', async (t) => {
  const { broker, publisher } = await started(10);
  await eventually('a full window', () => broker.published === 10);
  broker.client?.write(ack(4, true));
  await eventually('the confirms', () => publisher.sample().count === 4);
  await publisher.stop();
  t.equal(broker.publishedAtClose, 14);
  broker.stop();
});

void test('a blocked publisher sends nothing, although its window has room', async (t) => {
  const { broker, publisher } = await started(1);
  await eventually('the first publish', () => broker.published === 1);
  broker.client?.write(Buffer.concat([BLOCKED, ack(1, false)]));
  await eventually('the confirm', () => publisher.sample().count === 1);
  t.equal(publisher.sample().blocked, 1);
  await publisher.stop();
  t.equal(broker.publishedAtClose, 1);
  broker.stop();
});

void test('an unblocked publisher goes on', async (t) => {
  const { broker, publisher } = await started(1);
  await eventually('the first publish', () => broker.published === 1);
  broker.client?.write(Buffer.concat([BLOCKED, ack(1, false)]));
  await eventually('the confirm', () => publisher.sample().count === 1);
  broker.client?.write(UNBLOCKED);
  await eventually('the second publish', () => broker.published === 2);
  t.equal(publisher.sample().blocked, 1);
  await publisher.stop();
  broker.stop();
});

void test('a publisher that waits for each confirm tells how long it waited', async (t) => {
  const { broker, publisher } = await started(1);
  await eventually('the first publish', () => broker.published === 1);
  broker.client?.write(ack(1, false));
  const latency = await eventually('a sample', () => {
    const taken = publisher.sample().latency;
    return taken !== undefined && taken.count === 1 && taken;
  });
  t.ok(latency.p50 >= 0);
  await publisher.stop();
  broker.stop();
});

void test('a publisher with a limit stops there, and its laps end with the last confirm', async (t) => {
  const { broker, publisher } = await started(10, 25);
  for (const confirmed of [10, 20]) {
    await eventually(`${confirmed} publishes`, () => broker.published === confirmed);
    broker.client?.write(ack(confirmed, true));
  }
  await eventually('the last publishes', () => broker.published === 25);
  t.ok(publisher.sample().laps.length < 11);
  broker.client?.write(ack(25, true));
  await eventually('the last confirms', () => publisher.sample().laps.length === 11);
  await publisher.stop();
  t.equal(broker.publishedAtClose, 25);
  broker.stop();
});

void test('a publisher without confirms stops at its limit, too', async (t) => {
  const { broker, publisher } = await started(0, 12_345);
  await eventually('all publishes', () => broker.published === 12_345);
  t.equal(publisher.sample().count, 12_345);
  t.equal(publisher.sample().laps.length, 11);
  await publisher.stop();
  t.equal(broker.publishedAtClose, 12_345);
  broker.stop();
});
