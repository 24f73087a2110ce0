/** How many channels the connections of this node have open, of how many they may. [RMQ channel_max_per_node] */
export class ChannelBudget {
  /** Infinity for no limit. */
  readonly most: number;
  #open = 0;

  constructor(most: number) {
    this.most = most;
  }

  get open(): number {
    return this.#open;
  }

  get isSpent(): boolean {
    return this.#open >= this.most;
  }

  take(): void {
    this.#open++;
  }

  giveBack(channels: number): void {
    this.#open -= channels;
  }
}
