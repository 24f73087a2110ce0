import { strict as assert } from 'node:assert';
import { type AMQPBaseClient, type AMQPChannel, AMQPClient, type AMQPMessage } from '@cloudamqp/amqp-client';
import { eventually } from '../../spec/support/eventually.js';
import { BROKER_URL, PREFIX, refused } from '../support/interop.js';

export async function withConnection(use: (connection: AMQPBaseClient) => Promise<void>): Promise<void> {
  const connection = await newClient(BROKER_URL).connect();
  try {
    await use(connection);
  } finally {
    await connection.close();
  }
}

export const withChannel = (use: (channel: AMQPChannel, connection: AMQPBaseClient) => Promise<void>) =>
  withConnection(async (connection) => use(await connection.channel(), connection));

/** A client without a log: errors are seen where they reject. */
export const newClient = (url: string) => new AMQPClient(url, undefined, null);

/** Runs one operation on a channel of its own, which must be closed with this code and text. */
export async function closesChannel(
  connection: AMQPBaseClient,
  code: number,
  text: string,
  operate: (channel: AMQPChannel) => Promise<unknown>,
): Promise<void> {
  const channel = await connection.channel();
  await refused(operate(channel), ({ message }) => {
    assert.ok(message.includes(text), message);
    assert.ok(message.includes(`(${code})`), message);
  });
}

/** A queue of this connection alone, which goes with it. */
export async function ownQueue(channel: AMQPChannel, name: string): Promise<string> {
  return (await channel.queueDeclare(PREFIX + name, { exclusive: true, durable: false })).name;
}

/** RabbitMQ counts ahead of publishes and acks that it has not worked off, so the count is waited for. */
export const holds = (channel: AMQPChannel, queue: string, count: number) =>
  eventually(`${count} messages in ${queue}`, async () => {
    const { messageCount } = await channel.queueDeclare(queue, { passive: true });
    return messageCount === count;
  });

export async function get(channel: AMQPChannel, queue: string): Promise<AMQPMessage> {
  const message = await channel.basicGet(queue, { noAck: false });
  assert.ok(message !== null, `${queue} is empty`);
  return message;
}

export async function drain(channel: AMQPChannel, queue: string): Promise<(string | null)[]> {
  const bodies = [];
  for (
    let message = await channel.basicGet(queue);
    message !== null;
    message = await channel.basicGet(queue)
  ) {
    bodies.push(message.bodyString());
  }
  return bodies;
}
