import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import amqp, { type Channel, type ChannelModel, type GetMessage, type Message } from 'amqplib';
import { eventually } from '../../spec/support/eventually.js';
import { BROKER_URL, PREFIX, refused } from '../support/interop.js';

export async function withConnection(use: (connection: ChannelModel) => Promise<void>): Promise<void> {
  const connection = await amqp.connect(BROKER_URL);
  try {
    await use(connection);
  } finally {
    await connection.close();
  }
}

export const withChannel = (use: (channel: Channel, connection: ChannelModel) => Promise<void>) =>
  withConnection(async (connection) => use(await connection.createChannel(), connection));

/** Runs one operation on a channel of its own, which must be closed with this code and text. */
export async function closesChannel(
  connection: ChannelModel,
  code: number,
  text: string,
  operate: (channel: Channel) => Promise<unknown>,
): Promise<void> {
  const channel = await connection.createChannel();
  const closed = once(channel, 'error');
  await refused(operate(channel), (error) => assert.ok(error.message.includes(text), error.message));
  const [error] = await closed;
  assert.equal(error.code, code);
}

/** A queue of this connection alone, which goes with it. */
export async function ownQueue(channel: Channel, name: string): Promise<string> {
  return (await channel.assertQueue(PREFIX + name, { exclusive: true, durable: false })).queue;
}

/** RabbitMQ counts ahead of publishes and acks that it has not worked off, so the count is waited for. */
export const holds = (channel: Channel, queue: string, count: number) =>
  eventually(
    `${count} messages in ${queue}`,
    async () => (await channel.checkQueue(queue)).messageCount === count,
  );

export async function get(channel: Channel, queue: string): Promise<GetMessage> {
  const message = await channel.get(queue);
  assert.ok(message !== false, `${queue} is empty`);
  return message;
}

export async function drain(channel: Channel, queue: string): Promise<string[]> {
  const bodies = [];
  for (let message = await channel.get(queue, { noAck: true }); message !== false; ) {
    bodies.push(message.content.toString());
    message = await channel.get(queue, { noAck: true });
  }
  return bodies;
}

export const body = (message: Message) => message.content.toString();
