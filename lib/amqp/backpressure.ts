import type { AlarmListener, Alarms } from '../broker/alarms.js';
import type { Dispatcher, Publisher } from '../broker/dispatcher.js';
import { HOLD, type InputGate } from './input-gate.js';
import type { Outbound } from './outbound.js';

/** Waiting to be sent to the client: above this the connection is not read. Octets. */
const MOST_UNSENT = 16 * 1024 * 1024;
/** A chunk this large, with publishes in it, says that more is waiting. Octets. */
const FLOOD = 32_768;

/** What a connection has to give way to. */
export interface Pressure {
  readonly alarms: Alarms;
  readonly dispatcher: Dispatcher;
}

/** Stops reading a connection that outruns the broker, or its own reading. */
export class Backpressure implements Publisher, AlarmListener {
  readonly #pressure: Pressure;
  readonly #gate: InputGate;
  readonly #outbound: Outbound;
  #toldBlocked = false;
  /** The client understands connection.blocked. */
  tellsBlocked = false;

  constructor(pressure: Pressure, gate: InputGate, outbound: Outbound) {
    this.#pressure = pressure;
    this.#gate = gate;
    this.#outbound = outbound;
  }

  /** Decides after a chunk of so many octets, in which something was `published` or not, whether reading goes on. */
  received(octets: number, published: boolean): void {
    // Whoever finds it congested is called back when it is not any more.
    if (this.#outbound.pending >= MOST_UNSENT && this.#outbound.congested) this.#gate.hold(HOLD.unsent);
    if (!published) return;
    const { alarms, dispatcher } = this.#pressure;
    if (alarms.active) this.#block(alarms.reason);
    if (octets < FLOOD || this.#gate.isHeldFor(HOLD.turn)) return;
    this.#gate.hold(HOLD.turn);
    dispatcher.wait(this);
  }

  /** The client has taken much of what waited for it. */
  relieved(): void {
    if (this.#outbound.pending < MOST_UNSENT) this.#gate.release(HOLD.unsent);
  }

  /** The dispatcher lets this publisher read on. */
  admit(): void {
    this.#gate.release(HOLD.turn);
  }

  /** Memory or disk space has run short, or is there again. */
  alarmsChanged(): void {
    if (this.#pressure.alarms.active) return;
    if (this.#toldBlocked) this.#outbound.method(0, 'connection.unblocked', {});
    this.#toldBlocked = false;
    this.#gate.release(HOLD.alarm);
  }

  /** A publisher is not read while memory or disk space is short; consumers go on. [RMQ blocked] */
  #block(reason: string): void {
    if (this.#gate.isHeldFor(HOLD.alarm)) return;
    this.#gate.hold(HOLD.alarm);
    if (!this.tellsBlocked) return;
    this.#toldBlocked = true;
    this.#outbound.method(0, 'connection.blocked', { reason });
  }
}
