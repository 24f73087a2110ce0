/** Something that gathers work and does it once per turn. */
export interface TurnTask {
  runTurn(): void;
}

/**
 * One turn: what arrived on all sockets since the last one is worked through together, then everything that was
 * written leaves together. `work` runs first (and may add more), `flush` last.
 */
export class Turn {
  readonly #schedule: (run: () => void) => void;
  #work: TurnTask[] = [];
  #next: TurnTask[] = [];
  #flush: TurnTask[] = [];
  #scheduled = false;
  readonly #run = (): void => this.#runAll();

  /** @param schedule calls back after the sockets that are readable now were read; `setImmediate` by default. */
  constructor(schedule: (run: () => void) => void = setImmediate) {
    this.#schedule = schedule;
  }

  /** Runs `task` in this turn, or in the one under way. The caller adds a task once at a time. */
  work(task: TurnTask): void {
    this.#work.push(task);
    this.#ensure();
  }

  /** Runs `task` in the turn after this one, so that sockets are read in between. */
  again(task: TurnTask): void {
    this.#next.push(task);
    this.#ensure();
  }

  /** Resolves in the turn after this one. */
  next(): Promise<void> {
    return new Promise((resolve) => this.again({ runTurn: resolve }));
  }

  /** Runs `task` when all work of this turn is done. */
  flush(task: TurnTask): void {
    this.#flush.push(task);
    this.#ensure();
  }

  #ensure(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#schedule(this.#run);
  }

  #runAll(): void {
    const work = this.#work;
    if (this.#next.length > 0) {
      for (const task of this.#next) work.push(task);
      this.#next = [];
    }
    // Both lists may grow while they are worked off.
    for (let i = 0; i < work.length; i++) (work[i] as TurnTask).runTurn();
    work.length = 0;
    const flush = this.#flush;
    for (let i = 0; i < flush.length; i++) (flush[i] as TurnTask).runTurn();
    flush.length = 0;
    this.#scheduled = false;
    if (this.#next.length > 0 || work.length > 0) this.#ensure();
  }
}
