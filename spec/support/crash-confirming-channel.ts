import type { CrashClient } from './crash-client.js';
import type { ClientChannel } from './crash-client-channel.js';
import { bodyOf, type Publication, propertiesOf } from './crash-publication.js';
import type { Ledger } from './crash-ledger.js';
import type { Synced, SyncPoint } from './crash-sync-order.js';
import { FENCE } from './crash-topology.js';

interface Unconfirmed {
  /** Undefined for a fence. */
  readonly publication: Publication | undefined;
  /** Undefined for what does not have to be synced. */
  readonly point: SyncPoint | undefined;
}

const FENCE_BODY = Buffer.from('fence');
const FENCE_PROPERTIES = propertiesOf(true, 0, Infinity);

/** A channel in confirm mode that keeps the ledger informed. */
export class ConfirmingChannel implements Synced {
  readonly raw: ClientChannel;
  /** Everything that was sent on this channel up to here is on disk. */
  synced = 0;
  readonly #ledger: Ledger;
  /** By sequence number. */
  readonly #unconfirmed = new Map<number, Unconfirmed>();
  #sequence = 0;
  #told = 0;
  #wake: (() => void) | undefined;

  private constructor(raw: ClientChannel, ledger: Ledger) {
    this.raw = raw;
    this.#ledger = ledger;
    raw.onConfirm = (tag, multiple, isSafe) => this.#confirmed(tag, multiple, isSafe);
  }

  static async open(client: CrashClient, ledger: Ledger): Promise<ConfirmingChannel> {
    const raw = await client.channel();
    await raw.call('confirm.select', {});
    return new ConfirmingChannel(raw, ledger);
  }

  get unconfirmed(): number {
    return this.#unconfirmed.size;
  }

  /** @param isSynced whether the confirm comes after a sync: a persistent message to at least one durable queue */
  publish(exchange: string, routingKey: string, publication: Publication, isSynced = true): void {
    const point = isSynced && publication.persistent ? this.#ledger.order.send() : undefined;
    this.#unconfirmed.set(++this.#sequence, { publication, point });
    this.raw.publish(exchange, routingKey, publication.properties, bodyOf(publication));
  }

  /** Publishes what tells, when it is confirmed, that everything sent before is on disk. */
  fence(): void {
    this.#unconfirmed.set(++this.#sequence, { publication: undefined, point: this.#ledger.order.send() });
    this.raw.publish('', FENCE, FENCE_PROPERTIES, FENCE_BODY);
  }

  /** Resolves when at most so many publishes are unconfirmed, or the connection is gone. */
  async below(most: number): Promise<void> {
    while (this.#unconfirmed.size > most && this.raw.isOpen) {
      await Promise.race([
        this.raw.client.ended,
        new Promise<void>((resolve) => {
          this.#wake = resolve;
        }),
      ]);
    }
  }

  #confirmed(tag: number, multiple: boolean, isSafe: boolean): void {
    if (!this.#unconfirmed.has(tag)) {
      this.#ledger.complain(`publish ${tag} was confirmed twice, or was never sent`);
    }
    for (let sequence = multiple ? this.#told + 1 : tag; sequence <= tag; sequence++) {
      this.#confirmOne(sequence, isSafe);
    }
    this.#told = Math.max(this.#told, tag);
    this.#wake?.();
  }

  #confirmOne(sequence: number, isSafe: boolean): void {
    const unconfirmed = this.#unconfirmed.get(sequence);
    this.#unconfirmed.delete(sequence);
    if (unconfirmed === undefined || !isSafe) return;
    const { publication, point } = unconfirmed;
    if (publication !== undefined) this.#ledger.confirm(publication);
    if (point === undefined) return;
    this.synced = Math.max(this.synced, point.at);
    this.#ledger.order.reach(point);
  }
}
