/**
 * Puts what clients see and send in one order, and tells which part of it the broker has certainly synced.
 *
 * The guarantee this rests on: one write-ahead log takes all changes of a node in the order in which they happen, and
 * group commit syncs it in that order. What consumers did (takes, acknowledgements, purges) goes with the next batch
 * at the latest. So once a publish is confirmed, everything is on disk that the broker had done before it took in
 * that publish:
 *
 * - what any client had seen of the broker (deliveries, purge-ok) when the publish was sent, on any connection;
 * - what had been sent on the publish's own connection (acks, nacks), because a connection is worked on in order.
 *
 * What happened later may be lost with the process. A tx.commit-ok stands for itself.
 */
export class SyncOrder {
  /** Everything that was seen up to here is on disk. */
  synced = 0;
  /** What the broker did by itself when that was synced (it lets go of a dead-lettered message) is on disk, too. */
  syncedTwice = 0;
  #now = 0;

  /** The moment of something that is seen or sent now. */
  tick(): number {
    return ++this.#now;
  }

  send(): SyncPoint {
    return { at: this.tick(), syncedBefore: this.synced };
  }

  /** A persistent publish to a durable queue was confirmed. */
  reach({ at, syncedBefore }: SyncPoint): void {
    this.synced = Math.max(this.synced, at);
    this.syncedTwice = Math.max(this.syncedTwice, syncedBefore);
  }
}

/** A publish whose confirm will tell something. */
export interface SyncPoint {
  readonly at: number;
  readonly syncedBefore: number;
}

/** What something that was done to a message depends on to be on disk. */
export interface Synced {
  /** Everything up to here is. */
  readonly synced: number;
}
