import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const PROTOCOL_HEADER = Buffer.from('AMQP\x00\x00\x09\x01', 'latin1');
const POLL_MS = 20;

/**
 * Resolves when a protocol header sent to host and port is answered with a method frame (connection.start).
 * Rejects after `withinMs`, or as soon as `givenUp` returns a reason.
 */
export async function accepting(
  host: string,
  port: number,
  withinMs: number,
  givenUp: () => string | undefined = () => undefined,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await answers(host, port))) {
    const reason = givenUp();
    if (reason !== undefined) throw new Error(reason);
    if (Date.now() > deadline) throw new Error(`no broker answers on ${host}:${port} within ${withinMs} ms`);
    await delay(POLL_MS);
  }
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(2_000, () => settle(false));
    socket.on('connect', () => socket.write(PROTOCOL_HEADER));
    socket.on('data', (chunk) => settle(chunk[0] === 1));
    socket.on('error', () => settle(false));
    socket.on('close', () => settle(false));
  });
}
