import type { FrameReader } from '../wire/frame-reader.js';
import type { Transport } from './transport.js';

/** Why a connection is not read for a while. */
export const HOLD = {
  /** A channel works on something that takes time; what follows must not overtake it. */
  work: 1,
  /** It publishes without pause, and others have their turn. */
  turn: 2,
  /** The client does not read what it is sent. */
  unsent: 4,
  /** It publishes, and memory or disk space is short. */
  alarm: 8,
} as const;

export type Hold = (typeof HOLD)[keyof typeof HOLD];

/** Lets a connection's input through while there is no reason to hold it back. */
export class InputGate {
  readonly #reader: FrameReader;
  readonly #transport: Transport;
  readonly #readOn: () => void;
  #reasons = 0;

  /** @param readOn resumes the reader; does not throw */
  constructor(reader: FrameReader, transport: Transport, readOn: () => void) {
    this.#reader = reader;
    this.#transport = transport;
    this.#readOn = readOn;
  }

  get held(): boolean {
    return this.#reasons !== 0;
  }

  isHeldFor(reason: Hold): boolean {
    return (this.#reasons & reason) !== 0;
  }

  hold(reason: Hold): void {
    if (this.#reasons === 0) {
      this.#reader.pause();
      this.#transport.pause();
    }
    this.#reasons |= reason;
  }

  /** Reads on with what was kept, unless there is another reason. */
  release(reason: Hold): void {
    this.#drop(reason);
  }

  /** Reads on, whatever the reasons were. */
  open(): void {
    this.#drop(this.#reasons);
  }

  #drop(reasons: number): void {
    if ((this.#reasons & reasons) === 0) return;
    this.#reasons &= ~reasons;
    if (this.#reasons !== 0) return;
    this.#readOn();
    if (this.#reasons === 0) this.#transport.resume();
  }
}
