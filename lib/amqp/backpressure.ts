import type { Clock } from '../base/clock.js';
import type { AlarmListener, Alarms } from '../broker/alarms.js';
import type { Dispatcher, Publisher } from '../broker/dispatcher.js';
import { HOLD, type InputGate } from './input-gate.js';
import type { Outbound } from './outbound.js';
import type { TimeSlices } from './time-slices.js';

/** Waiting to be sent to the client: above this the connection is not read. Octets. */
const MOST_UNSENT = 16 * 1024 * 1024;
/** A chunk this large says that more is waiting. Octets. */
const FLOOD = 32_768;
/** After working so long on one connection's input the others have their turn. Milliseconds. */
const SLICE_MS = 10;
/** Frames between two looks at what a connection takes, in time and unread answers: where it takes little, and where much. */
const LOOK_AFTER = { little: 16, much: 1 } as const;

/** What a connection has to give way to. */
export interface Pressure {
  readonly alarms: Alarms;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
}

/** Stops reading a connection that outruns the broker, or its own reading. */
export class Backpressure implements Publisher, AlarmListener {
  readonly #pressure: Pressure;
  readonly #slices: TimeSlices;
  readonly #gate: InputGate;
  readonly #outbound: Outbound;
  /** When the slice at hand began, and when the time was looked at last. Milliseconds since the epoch. */
  #sliceStart = 0;
  #looked = 0;
  #untilLook: number = LOOK_AFTER.little;
  #toldBlocked = false;
  /** The client understands connection.blocked. */
  tellsBlocked = false;

  constructor(pressure: Pressure, slices: TimeSlices, gate: InputGate, outbound: Outbound) {
    this.#pressure = pressure;
    this.#slices = slices;
    this.#gate = gate;
    this.#outbound = outbound;
  }

  /** Input begins to be worked on. */
  begin(now: number): void {
    this.#sliceStart = this.#looked = now;
  }

  /** A frame was worked on. */
  frameDone(): void {
    if (--this.#untilLook > 0) return;
    const now = this.#pressure.clock.now();
    const takesMuch = now - this.#looked > 1 || this.#outbound.congested;
    this.#untilLook = takesMuch ? LOOK_AFTER.much : LOOK_AFTER.little;
    this.#looked = now;
    this.#awaitReader();
    if (now - this.#sliceStart >= SLICE_MS) this.#giveWay();
  }

  /** Decides after a chunk of so many octets, in which something was `published` or not, whether reading goes on. */
  received(octets: number, published: boolean): void {
    this.#awaitReader();
    const { alarms, dispatcher } = this.#pressure;
    if (published && alarms.active) this.#block(alarms.reason);
    if (octets < FLOOD || this.#gate.isHeldFor(HOLD.turn)) return;
    if (!published) {
      this.#giveWay();
      return;
    }
    this.#gate.hold(HOLD.turn);
    dispatcher.wait(this);
  }

  /** The client has taken much of what waited for it. */
  relieved(): void {
    if (this.#outbound.pending < MOST_UNSENT) this.#gate.release(HOLD.unsent);
  }

  /** The others had their turn. */
  admit(): void {
    this.begin(this.#pressure.clock.now());
    this.#gate.release(HOLD.turn);
  }

  /** Memory or disk space has run short, or is there again. */
  alarmsChanged(): void {
    if (this.#pressure.alarms.active) return;
    if (this.#toldBlocked) this.#outbound.method(0, 'connection.unblocked', {});
    this.#toldBlocked = false;
    this.#gate.release(HOLD.alarm);
  }

  /** A client that does not read what it asked for is not listened to for more. */
  #awaitReader(): void {
    // Whoever finds it congested is called back when it is not any more.
    if (this.#outbound.pending >= MOST_UNSENT && this.#outbound.congested) this.#gate.hold(HOLD.unsent);
  }

  #giveWay(): void {
    if (this.#gate.isHeldFor(HOLD.turn)) return;
    this.#gate.hold(HOLD.turn);
    this.#slices.wait(this);
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
