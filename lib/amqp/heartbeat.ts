import type { Clock, Timer } from '../base/clock.js';

/** What a heartbeat watches and does. */
export interface HeartbeatEvents {
  /** True if something was received since the last call. */
  wasHeard(): boolean;
  /** True if something was sent since the last call. */
  hasSpoken(): boolean;
  sendHeartbeat(): void;
  /** Nothing was received for two intervals. */
  peerIsSilent(): void;
}

/** Sends when nothing else was sent for half an interval, and gives up on a peer after two. [AMQP 4.2.7] */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #half: number;
  readonly #events: HeartbeatEvents;
  #timer: Timer | undefined;
  #silentHalves = 0;

  /** @param interval as negotiated, seconds, above 0 */
  constructor(clock: Clock, interval: number, events: HeartbeatEvents) {
    this.#clock = clock;
    this.#half = (interval * 1000) / 2;
    this.#events = events;
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #arm(): void {
    this.#timer = this.#clock.after(this.#half, () => this.#tick());
  }

  #tick(): void {
    this.#silentHalves = this.#events.wasHeard() ? 0 : this.#silentHalves + 1;
    if (this.#silentHalves >= HALVES_UNTIL_DEAD) {
      this.#events.peerIsSilent();
      return;
    }
    if (!this.#events.hasSpoken()) this.#events.sendHeartbeat();
    this.#arm();
  }
}

const HALVES_UNTIL_DEAD = 4;
