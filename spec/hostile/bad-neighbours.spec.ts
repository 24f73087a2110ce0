import { connect, type Socket } from 'node:net';
import t from 'tap';
import { createBroker } from '../../lib/index.js';

async function started(settings: Record<string, string> = {}): Promise<number> {
  const broker = createBroker({ settings });
  await broker.start();
  t.teardown(() => broker.stop());
  return broker.ports.amqp;
}

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.on('error', () => {});
    socket.once('close', () => resolve());
    socket.resume();
  });

void t.test('a client that never finishes its handshake is dropped', async () => {
  const port = await started({ handshake_timeout: '50' });
  const [silent, half] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  half.write('AMQP');
  await Promise.all([closed(silent), closed(half)]);
});

void t.test('hundreds of clients that come and vanish leave the next one alone', async (t) => {
  const port = await started();
  for (let round = 0; round < 10; round++) {
    const sockets = Array.from({ length: 50 }, () => connect(port, '127.0.0.1'));
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    for (const [i, socket] of sockets.entries()) {
      socket.on('error', () => {});
      if (i % 3 === 0) socket.resetAndDestroy();
      else if (i % 3 === 1) socket.end('AMQP');
      else socket.destroy();
    }
  }
  const next = connect(port, '127.0.0.1');
  next.write('AMQP\0\0\x09\x01');
  const answer = await new Promise<Buffer>((resolve) => next.once('data', resolve));
  t.equal(answer[0], 1, 'it is sent connection.start');
  next.destroy();
});
