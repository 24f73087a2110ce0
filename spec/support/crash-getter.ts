import { ConfirmingChannel } from './crash-confirming-channel.js';
import { DeliveryOrder } from './crash-delivery-order.js';
import { type Actor, type Load, pause } from './crash-load.js';
import { QUEUES } from './crash-topology.js';

const MOST = 30;

/** Takes messages one by one with basic.get, and acknowledges most of them. */
export class CrashGetter implements Actor {
  readonly name = 'getter';

  async run(load: Load): Promise<void> {
    const { ledger, random } = load;
    const client = await load.open();
    const channel = await ConfirmingChannel.open(client, ledger);
    const order = new DeliveryOrder(ledger.book(QUEUES.fetched.name), ledger);
    while (!client.isEnded) {
      for (let left = random.below(MOST); left > 0; left--) await this.#get(load, channel, order);
      channel.fence();
      await pause(random);
    }
  }

  async #get({ ledger, random }: Load, channel: ConfirmingChannel, order: DeliveryOrder): Promise<void> {
    const book = ledger.book(QUEUES.fetched.name);
    const { message } = await channel.raw.call('basic.get', { queue: book.name });
    const copy = message === undefined ? undefined : book.deliver(message);
    if (message === undefined || copy === undefined) return;
    order.see(copy, message.redelivered);
    ledger.counts.delivered++;
    if (random.oneIn(8)) {
      channel.raw.send('basic.reject', { deliveryTag: message.tag, requeue: true });
      copy.comeBack();
    } else {
      channel.raw.send('basic.ack', { deliveryTag: message.tag });
      copy.depart(ledger.order.tick(), channel);
      ledger.counts.settled++;
    }
  }
}
