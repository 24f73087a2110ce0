import type { ClientChannel } from './crash-client-channel.js';
import { CrashClient } from './crash-client.js';
import { allQueues, argumentsOf, FAN, FAN_IN, FENCE, QUEUES, TRANSACTION_FAN } from './crash-topology.js';

/** Declares everything that the load uses, on an empty broker. */
export async function setUp(port: number): Promise<void> {
  const client = await CrashClient.open(port);
  const channel = await client.channel();
  for (const traits of allQueues()) {
    await channel.call('queue.declare', {
      queue: traits.name,
      durable: true,
      arguments: argumentsOf(traits),
    });
  }
  await channel.call('queue.declare', { queue: FENCE, durable: true, arguments: { 'x-max-length': 100 } });
  await fanOut(channel, FAN, QUEUES.fan);
  await fanOut(channel, TRANSACTION_FAN, QUEUES.transactionOutput);
  await channel.call('exchange.declare', { exchange: FAN_IN, type: 'topic', durable: true });
  await channel.call('exchange.bind', { source: FAN_IN, destination: FAN, routingKey: 'to.*' });
  await client.close();
}

async function fanOut(
  channel: ClientChannel,
  exchange: string,
  queues: readonly { readonly name: string }[],
): Promise<void> {
  await channel.call('exchange.declare', { exchange, type: 'fanout', durable: true });
  for (const { name } of queues) await channel.call('queue.bind', { queue: name, exchange });
}
