import { CrashClient } from './crash-client.js';
import { propertiesOf } from './crash-publication.js';

const BODY_OCTETS = 4096;
const PERSISTENT = propertiesOf(true, 0, Infinity);

function bodyOf(number: number): Buffer {
  const body = Buffer.alloc(BODY_OCTETS, '.');
  body.write(`${number} `);
  return body;
}

/** A publisher of numbered messages of 4 KiB, all at once, that knows which of them were confirmed. */
export class Flood {
  /** Messages below are confirmed. */
  confirmed = 0;
  refused = 0;
  readonly client: CrashClient;

  private constructor(client: CrashClient) {
    this.client = client;
  }

  static async start(port: number, queue: string, messages: number): Promise<Flood> {
    const client = await CrashClient.open(port);
    const flood = new Flood(client);
    const channel = await client.channel();
    await channel.call('confirm.select', {});
    await channel.call('queue.declare', { queue, durable: true });
    channel.onConfirm = (tag, _multiple, isSafe) => {
      if (isSafe) flood.confirmed = tag;
      else flood.refused++;
    };
    for (let number = 0; number < messages; number++) channel.publish('', queue, PERSISTENT, bodyOf(number));
    return flood;
  }
}

/** The numbers of a flood's messages, which grow as these come and are acknowledged. */
export async function drink(port: number, queue: string): Promise<readonly number[]> {
  const client = await CrashClient.open(port);
  const channel = await client.channel();
  const numbers: number[] = [];
  channel.onDeliver = ({ body, tag }) => {
    numbers.push(Number.parseInt(body.toString('latin1', 0, 12), 10));
    channel.send('basic.ack', { deliveryTag: tag });
  };
  await channel.call('basic.qos', { prefetchCount: 100 });
  await channel.call('basic.consume', { queue });
  return numbers;
}
