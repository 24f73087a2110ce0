/** How much of something the connections of this node have together, of how much they may. */
export class Budget {
  /** Infinity for no limit. */
  readonly most: number;
  #taken = 0;

  constructor(most: number) {
    this.most = most;
  }

  get taken(): number {
    return this.#taken;
  }

  get isSpent(): boolean {
    return this.#taken >= this.most;
  }

  take(): void {
    this.#taken++;
  }

  giveBack(count: number): void {
    this.#taken -= count;
  }
}
