import type { Arrival } from './crash-client-channel.js';
import { Copy } from './crash-copy.js';
import { idIn, isIntact, type Publication } from './crash-publication.js';
import type { SyncOrder } from './crash-sync-order.js';

export interface QueueTraits {
  readonly name: string;
  /** x-max-priority; 0 for none. */
  readonly priorities: number;
  /** x-message-ttl, milliseconds; Infinity for none. */
  readonly ttl: number;
  /** x-max-length; Infinity for none. */
  readonly maxLength: number;
  /** The queue where its dead letters end. */
  readonly deadTo: string | undefined;
}

/** What all books share. */
export interface BookContext {
  readonly order: SyncOrder;
  /** Counts the broker's lives. */
  readonly life: number;
  complain(text: string): void;
}

/** The book about one queue: everything that may be in it, and what a client may see of it. */
export class QueueBook {
  readonly traits: QueueTraits;
  /** By the id of the publication. */
  readonly copies = new Map<number, Copy>();
  /** Queues whose dead letters end here. */
  readonly sources: QueueBook[] = [];
  deadBook: QueueBook | undefined;
  /** Nobody ever took a message from it. */
  isUntouched = true;
  /** Counts how often the queue was declared anew. */
  incarnation = 1;
  readonly #context: BookContext;

  constructor(traits: QueueTraits, context: BookContext) {
    this.traits = traits;
    this.#context = context;
  }

  get name(): string {
    return this.traits.name;
  }

  /** Where the message stands among those of other priorities. */
  levelOf({ priority }: Publication): number {
    return Math.min(priority, this.traits.priorities);
  }

  /** A publisher sends a message here. */
  expect(publication: Publication): Copy {
    const copy = new Copy(publication, this.#context.life, this.incarnation, true);
    this.copies.set(publication.id, copy);
    return copy;
  }

  /** A client gets a message from here. Undefined when it should not have been there at all. */
  deliver(arrival: Arrival): Copy | undefined {
    const at = this.#context.order.tick();
    const copy = this.#find(idIn(arrival.body), at);
    if (copy === undefined) {
      this.#complain(`${idIn(arrival.body)} was never there, or was done with`);
      return undefined;
    }
    for (const wrong of this.#faults(copy, arrival)) this.complainOf(copy, wrong);
    this.isUntouched = false;
    copy.note(`${arrival.redelivered ? 'redelivered' : 'delivered'} at ${at}`);
    if (copy.deliveredAt === 0) copy.deliveredAt = at;
    if (copy.isOut) copy.isTwice = true;
    copy.isOut = true;
    copy.isDoubtful = false;
    copy.departure = undefined;
    if (copy.life < this.#context.life) copy.isKept = true;
    return copy;
  }

  *#faults(copy: Copy, arrival: Arrival): Generator<string> {
    const { publication, mayBeDouble } = copy;
    if (!isIntact(publication, arrival.body)) yield 'has another body';
    if (this.sources.length === 0 && !arrival.properties.equals(publication.properties)) {
      yield 'has other properties';
    }
    // What is dropped or expires counts as taken until it is safe elsewhere.
    if (arrival.redelivered && this.isUntouched && this.deadBook === undefined)
      yield 'is redelivered, but nobody had it';
    if (mayBeDouble) return;
    if (copy.isOut) yield 'is delivered while somebody has it';
    if (copy.departure !== undefined) yield 'is delivered after somebody was done with it';
    if (!arrival.redelivered && copy.isRedelivery) yield 'is not redelivered, but somebody had it';
  }

  #find(id: number, at: number): Copy | undefined {
    const known = this.copies.get(id);
    for (const source of this.sources) {
      const original = source.copies.get(id);
      if (original === undefined || !source.mayDie(original)) continue;
      if (!original.mayBeDouble) source.#refuseDeath(original);
      original.moveAway(at, this.#context.order);
      if (known === undefined) return this.#addDead(original);
      known.mayBeDouble ||= original.mayBeDouble;
    }
    return known;
  }

  #refuseDeath(copy: Copy): void {
    if (copy.departure?.isMove === false)
      this.complainOf(copy, 'was dead-lettered after somebody was done with it');
    if (copy.isOut) this.complainOf(copy, 'was dead-lettered while somebody had it');
  }

  #addDead(original: Copy): Copy {
    const copy = new Copy(original.publication, this.#context.life, this.incarnation, false);
    copy.mayBeDouble = original.mayBeDouble;
    this.copies.set(copy.publication.id, copy);
    return copy;
  }

  /** Whether the message may go to the dead-letter queue from now on, or be there. */
  mayDie({ publication, isLeaving }: Copy): boolean {
    if (this.deadBook === undefined) return false;
    if (isLeaving || this.traits.maxLength < Infinity) return true;
    return Date.now() >= publication.sentAt + Math.min(publication.expiration, this.traits.ttl);
  }

  /** The broker is dead. What remains is what may be in its files. Books with a dead-letter queue come first. */
  survive(isClean: boolean): void {
    for (const copy of this.copies.values()) {
      if (!this.#survives(copy, isClean)) this.forget(copy);
      else copy.note(`the broker ended, synced ${this.#context.order.synced}`);
    }
  }

  /** There is no such message in the queue any more. */
  forget(copy: Copy): void {
    this.copies.delete(copy.publication.id);
  }

  complainOf(copy: Copy, text: string): void {
    const { id } = copy.publication;
    const others = [this.deadBook, ...this.sources].map((book) => book?.copies.get(id));
    const known = [copy, ...others].flatMap((one) => (one === undefined ? [] : [one.history]));
    this.#complain(`${id} ${text} (${known.join('; elsewhere: ')})`);
  }

  #survives(copy: Copy, isClean: boolean): boolean {
    const { order } = this.#context;
    if (!copy.publication.persistent) return false;
    const { departure } = copy;
    if (departure !== undefined) {
      if (departure.by.synced >= departure.at && !copy.mayBeDouble) return false;
      this.#doubt(copy);
    }
    if (copy.deliveredAt > 0 && (isClean || copy.deliveredAt <= order.synced)) {
      copy.wasDelivered = true;
      // Whatever a client had seen before something that is synced now was there before it.
      if (!copy.isDoubtful) copy.isKept = true;
    }
    copy.deliveredAt = 0;
    copy.isOut = false;
    if (this.mayDie(copy)) this.#mayComeTwice(copy);
    return true;
  }

  /** It left, and the broker may have forgotten that. */
  #doubt(copy: Copy): void {
    const isMove = copy.departure?.isMove === true;
    copy.departure = undefined;
    const dead = this.deadBook?.copies.get(copy.publication.id);
    const isDeadDone = dead === undefined || dead.departure !== undefined || dead.isDoubtful;
    if (isMove && !isDeadDone) copy.isLeaving = true;
    else copy.isDoubtful = true;
  }

  #mayComeTwice(copy: Copy): void {
    copy.mayBeDouble = true;
    const dead = this.deadBook?.copies.get(copy.publication.id);
    if (dead !== undefined) dead.mayBeDouble = true;
  }

  #complain(text: string): void {
    this.#context.complain(`${this.name}: ${text}`);
  }
}
