/**
 * Which of the last publishes are unconfirmed. A broker may confirm singly and out of order, so each place of the window
 * knows whether it is settled. Publishes are numbered from 1, as delivery tags are. [RMQ confirms]
 */
export class ConfirmWindow {
  readonly #size: number;
  readonly #settled: Uint8Array;
  #oldest = 1;
  #next = 1;

  /** At most `size` publishes are to be unconfirmed at once. */
  constructor(size: number) {
    this.#size = size;
    this.#settled = new Uint8Array(size);
  }

  /** How many more may be published now. */
  get room(): number {
    return this.#size - (this.#next - this.#oldest);
  }

  /** Notes `count` publishes, at most `room`. */
  publish(count: number): void {
    this.#next += count;
  }

  /** Settles `tag`, or everything up to it; returns how many publishes that settled for the first time. */
  settle(tag: number, multiple: boolean): number {
    if (tag >= this.#next) throw new Error(`a confirm for ${tag}, which was not published yet`);
    let settled = 0;
    for (let each = multiple ? this.#oldest : tag; each <= tag; each++) settled += this.#settleOne(each);
    this.#advance();
    return settled;
  }

  #settleOne(tag: number): number {
    if (tag < this.#oldest || this.#settled[tag % this.#size] === 1) return 0;
    this.#settled[tag % this.#size] = 1;
    return 1;
  }

  #advance(): void {
    while (this.#oldest < this.#next && this.#settled[this.#oldest % this.#size] === 1) {
      this.#settled[this.#oldest % this.#size] = 0;
      this.#oldest++;
    }
  }
}
