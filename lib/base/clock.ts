/** A pending call made by {@link Clock.after}; `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

/** The one source of time. Specs hand in a manual one; see `ManualClock`. */
export interface Clock {
  /** Wall time, milliseconds since the epoch. */
  now(): number;
  /** Calls `task` once, at least `ms` milliseconds from now. Does not keep the process alive. */
  after(ms: number, task: () => void): Timer;
}

/** setTimeout cannot hold more than this; longer waits are taken in steps. */
const LONGEST_STEP_MS = 0x7fffffff;

class SystemTimer implements Timer {
  readonly #task: () => void;
  #handle: NodeJS.Timeout | undefined;

  constructor(ms: number, task: () => void) {
    this.#task = task;
    this.#step(ms);
  }

  #step(ms: number): void {
    const now = Math.min(ms, LONGEST_STEP_MS);
    this.#handle = setTimeout(() => {
      if (ms > now) this.#step(ms - now);
      else this.#task();
    }, now);
    this.#handle.unref();
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, task) => new SystemTimer(ms, task),
};

interface Alarm {
  readonly due: number;
  readonly order: number;
  readonly task: () => void;
}

/** A clock that stands still until `advance` moves it. Tasks run in order of their due time. */
export class ManualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #alarms = new Set<Alarm>();

  constructor(start = Date.now()) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, task: () => void): Timer {
    const alarm: Alarm = { due: this.#now + ms, order: this.#order++, task };
    this.#alarms.add(alarm);
    return { cancel: () => void this.#alarms.delete(alarm) };
  }

  /** Moves time by `ms` milliseconds and runs everything that falls due on the way. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#alarms.delete(next);
      this.#now = Math.max(this.#now, next.due);
      next.task();
    }
    this.#now = end;
  }

  #next(end: number): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.due > end) continue;
      if (
        first === undefined ||
        alarm.due < first.due ||
        (alarm.due === first.due && alarm.order < first.order)
      ) {
        first = alarm;
      }
    }
    return first;
  }
}
