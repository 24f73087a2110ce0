/** A first-in first-out sequence on a power-of-two array. `push`, `shift` and `at` take constant time. */
export class Ring<T> {
  #slots: (T | undefined)[];
  #mask: number;
  #head = 0;
  #length = 0;

  constructor(capacity = 16) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(2, capacity)));
    this.#slots = new Array<T | undefined>(size).fill(undefined);
    this.#mask = size - 1;
  }

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length > this.#mask) this.#resize(this.#slots.length * 2);
    this.#slots[(this.#head + this.#length) & this.#mask] = item;
    this.#length++;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    this.#length--;
    if (this.#mask >= 1023 && this.#length < this.#slots.length >> 3) this.#resize(this.#slots.length >> 2);
    return item;
  }

  /** The item `index` places behind the head; undefined beyond the end. */
  at(index: number): T | undefined {
    return index < this.#length ? this.#slots[(this.#head + index) & this.#mask] : undefined;
  }

  /** Replaces the item `index` places behind the head, which must exist. */
  set(index: number, item: T): void {
    this.#slots[(this.#head + index) & this.#mask] = item;
  }

  clear(): void {
    this.#slots = new Array<T | undefined>(16).fill(undefined);
    this.#mask = 15;
    this.#head = 0;
    this.#length = 0;
  }

  #resize(size: number): void {
    const slots = new Array<T | undefined>(size).fill(undefined);
    for (let i = 0; i < this.#length; i++) slots[i] = this.#slots[(this.#head + i) & this.#mask];
    this.#slots = slots;
    this.#mask = size - 1;
    this.#head = 0;
  }
}
