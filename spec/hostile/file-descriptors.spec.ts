import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t from 'tap';
import { BrokerProcess } from '../support/crash-process.js';
import { eventually } from '../support/eventually.js';
import { rawChannel } from '../support/raw-client.js';

const DESCRIPTORS = 200;
/** So many of them are left for connections. */
const SOCKETS = 90;

/** A client that connects and waits, and whether it was sent away. */
class Guest {
  readonly socket: Socket;
  isGone = false;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.isGone = true;
    });
    this.socket.resume();
  }
}

void t.test(
  'a crowd of clients leaves the node its files',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const broker = await BrokerProcess.create({
      dataDir: t.testdir(),
      wrapper: ['sh', '-c', `ulimit -n ${DESCRIPTORS}; exec "$0" "$@"`],
      flags: ['--handshake_timeout', '600000'],
    });
    await broker.start();
    t.teardown(() => broker.signal('SIGKILL'));
    const channel = await rawChannel(broker.port);
    const guests = Array.from({ length: 300 }, () => new Guest(broker.port));
    t.teardown(() => guests.forEach(({ socket }) => socket.destroy()));
    const gone = (): number => guests.filter(({ isGone }) => isGone).length;
    await eventually('most are sent away', () => gone() === 300 - SOCKETS + 1);
    t.match(broker.output, /new connections are refused/);

    await channel.call('confirm.select');
    for (let i = 0; i < 50; i++) {
      await channel.call('queue.declare', { queue: `durable ${i}`, durable: true });
      channel.publish(Buffer.alloc(100_000), { routingKey: `durable ${i}`, properties: { deliveryMode: 2 } });
      await channel.expect('basic.ack');
    }

    const closed = guests.filter(({ isGone }) => !isGone).map(({ socket }) => once(socket, 'close'));
    for (const { socket } of guests) socket.destroy();
    await Promise.all(closed);
    await eventually('there is room again', () => /taken again/.test(broker.output));
    (await rawChannel(broker.port)).raw.destroy();
  },
);
