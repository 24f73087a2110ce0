import type { Publication } from './crash-publication.js';
import type { Synced, SyncOrder } from './crash-sync-order.js';

/** What ended a message's stay in a queue, as far as it is on disk. */
export interface Departure {
  readonly at: number;
  readonly by: Synced;
  /** It went to the dead-letter queue, and not because somebody was done with it. */
  readonly isMove: boolean;
}

/** What is known about one message in one queue. */
export class Copy {
  readonly publication: Publication;
  /** The life of the broker in which it came here. */
  readonly life: number;
  /** Of the queue; one that is deleted and declared again begins another. */
  readonly incarnation: number;
  /** Whoever publishes into this queue is told by confirms what it may rely on. */
  readonly isConfirmable: boolean;
  /** It was there after a restart, so it is on disk. */
  isKept = false;
  /** Somebody was done with it, and the broker may have forgotten that. */
  isDoubtful = false;
  departure: Departure | undefined;
  /** It was rejected and goes to the dead-letter queue, or is there. */
  isLeaving = false;
  /** It may have been dead-lettered when the broker was killed: once before, once after. */
  mayBeDouble = false;
  /** It was seen twice. */
  isTwice = false;
  /** A client has it and did not settle it. */
  isOut = false;
  /** When a client got it for the first time in this life of the broker; 0 for never. */
  deliveredAt = 0;
  /** A client had it in an earlier life, and that was synced. */
  wasDelivered = false;

  readonly #notes: string[] = [];

  constructor(publication: Publication, life: number, incarnation: number, isConfirmable: boolean) {
    this.publication = publication;
    this.life = life;
    this.incarnation = incarnation;
    this.isConfirmable = isConfirmable;
  }

  /** It must not get lost. */
  get isPromised(): boolean {
    if (this.isDoubtful || this.departure !== undefined) return false;
    return (
      this.isKept ||
      (this.isConfirmable && this.publication.persistent && this.publication.confirmedAt < Infinity)
    );
  }

  /** Its next delivery has to say so. */
  get isRedelivery(): boolean {
    return this.wasDelivered || this.deliveredAt > 0;
  }

  /** What happened to it, for a complaint. */
  get history(): string {
    const { persistent, publisher, confirmedAt } = this.publication;
    const kind = `${persistent ? '' : 'transient, '}${confirmedAt < Infinity ? 'confirmed' : 'not confirmed'}`;
    return [`by ${publisher}, ${kind}, life ${this.life}`, ...this.#notes].join(', ');
  }

  note(text: string): void {
    this.#notes.push(text);
  }

  depart(at: number, by: Synced): void {
    this.note(`done with at ${at}`);
    this.isOut = false;
    this.departure = { at, by, isMove: false };
  }

  /** It was seen in the dead-letter queue. The broker lets go of it when that is synced, which has to be synced in turn. */
  moveAway(at: number, order: SyncOrder): void {
    if (this.departure !== undefined) return;
    this.note(`dead-lettered at ${at}`);
    const by = {
      get synced() {
        return order.syncedTwice;
      },
    };
    this.departure = { at, by, isMove: true };
  }

  /** Whoever had it is gone, or gave it back. */
  comeBack(): void {
    if (this.isOut) this.note('came back');
    this.isOut = false;
  }

  /** The connection is gone over which it was settled: the broker may never have heard of that. */
  doubtDeparture(): void {
    if (this.departure === undefined || this.departure.by.synced >= this.departure.at) return;
    this.note('connection lost');
    this.departure = undefined;
    this.isDoubtful = true;
  }
}
