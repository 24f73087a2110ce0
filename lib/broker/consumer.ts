import type { Entry } from '../store/entry.js';

/** What a queue asks of whoever takes its messages. Implemented by the protocols. */
export interface Consumer {
  readonly tag: string;
  /** Deliveries count as settled when they are handed over. */
  readonly noAck: boolean;
  readonly exclusive: boolean;
  /** x-priority; the highest with credit is served first. */
  readonly priority: number;
  /** Whether `deliver` may be called now: credit is left and the connection takes more bytes. */
  readonly ready: boolean;
  deliver(entry: Entry): void;
  /** The queue is gone or will not serve this consumer any more. */
  cancelled(): void;
}
