import { ConfirmingChannel } from './crash-confirming-channel.js';
import { type Actor, type Load, pause } from './crash-load.js';
import { QUEUES } from './crash-topology.js';

const MOST = 150;

/** Fills a queue that is its own, and purges it. */
export class Purger implements Actor {
  readonly name = 'purger';

  async run(load: Load): Promise<void> {
    const { ledger, random } = load;
    const client = await load.open();
    const channel = await ConfirmingChannel.open(client, ledger);
    const book = ledger.book(QUEUES.purged.name);
    while (!client.isEnded) {
      for (let left = random.below(MOST); left > 0; left--) {
        const publication = ledger.publication({ publisher: this.name, persistent: !random.oneIn(10) });
        book.expect(publication);
        channel.publish('', book.name, publication);
      }
      if (random.oneIn(2)) await channel.below(0);
      if (random.oneIn(3)) await this.#purge(load, channel);
      await pause(random);
    }
  }

  async #purge({ ledger }: Load, channel: ConfirmingChannel): Promise<void> {
    const book = ledger.book(QUEUES.purged.name);
    const there = [...book.copies.values()].filter(({ departure }) => departure === undefined);
    // Whatever happens from here on, the messages may be gone.
    for (const copy of there) copy.depart(Infinity, ledger.order);
    const { method } = await channel.raw.call('queue.purge', { queue: book.name });
    const at = ledger.order.tick();
    for (const copy of there) copy.depart(at, ledger.order);
    if (method.name !== 'queue.purge-ok') ledger.complain(`${book.name}: ${method.name} after queue.purge`);
    else if (method.args.messageCount !== there.length) {
      ledger.complain(`${book.name}: purged ${method.args.messageCount} messages of ${there.length}`);
    }
    // The confirm of this one tells that the purge is on disk.
    channel.fence();
  }
}
