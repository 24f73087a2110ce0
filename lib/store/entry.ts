import type { Message } from './message.js';

/** One message in one queue, from the moment it is taken until it is settled or put back. */
export class Entry {
  /** Another object with the same content may take its place as long as the entry is taken. */
  message: Message;
  /** Place in the queue; grows with arrival and never changes, so that a requeue finds its way back. */
  readonly position: number;
  /** How often it was taken and came back; above 0 the next delivery carries redelivered. */
  returns: number;

  constructor(message: Message, position: number, returns: number) {
    this.message = message;
    this.position = position;
    this.returns = returns;
  }
}
