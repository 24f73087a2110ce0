import { strict as assert } from 'node:assert';
import { type Channel, Connection, type SyncMessage } from 'rabbitmq-client';
import { eventually } from '../../spec/support/eventually.js';
import { BROKER_URL, PREFIX, refused, remark } from '../support/interop.js';

/** A connection that tells its errors instead of dying of them; it reconnects by itself. */
export function newConnection(): Connection {
  const connection = new Connection({ url: BROKER_URL, retryLow: 100, retryHigh: 1_000 });
  connection.on('error', (error: Error) => remark(`connection error: ${error.message}`));
  return connection;
}

export async function withConnection(use: (connection: Connection) => Promise<void>): Promise<void> {
  const connection = newConnection();
  try {
    await use(connection);
  } finally {
    // close() would wait for the channels of a check that failed.
    connection.unsafeDestroy();
  }
}

export const withChannel = (use: (channel: Channel, connection: Connection) => Promise<void>) =>
  withConnection(async (connection) => use(await connection.acquire(), connection));

/** Runs one operation on a channel of its own, which must be closed with this code and text. */
export async function closesChannel(
  connection: Connection,
  code: string,
  text: string,
  operate: (channel: Channel) => Promise<unknown>,
): Promise<void> {
  const channel = await connection.acquire();
  await refused(operate(channel), (error) => {
    assert.equal('code' in error ? error.code : undefined, code);
    assert.ok(error.message.includes(text), error.message);
  });
}

/** A queue of this connection alone, which goes with it. */
export async function ownQueue(channel: Channel, name: string): Promise<string> {
  return (await channel.queueDeclare({ queue: PREFIX + name, exclusive: true })).queue;
}

/** RabbitMQ counts ahead of publishes and acks that it has not worked off, so the count is waited for. */
export const holds = (channel: Channel, queue: string, count: number) =>
  eventually(`${count} messages in ${queue}`, async () => {
    const { messageCount } = await channel.queueDeclare({ queue, passive: true });
    return messageCount === count;
  });

export async function get(channel: Channel, queue: string): Promise<SyncMessage> {
  const message = await channel.basicGet({ queue });
  assert.ok(message !== undefined, `${queue} is empty`);
  return message;
}

export async function drain(channel: Channel, queue: string): Promise<unknown[]> {
  const bodies: unknown[] = [];
  for (let message = await channel.basicGet({ queue, noAck: true }); message !== undefined; ) {
    bodies.push(message.body);
    message = await channel.basicGet({ queue, noAck: true });
  }
  return bodies;
}
