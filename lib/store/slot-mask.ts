import { PAGE_SLOTS } from './page.js';

/** A set of slots of one page, one bit each. */
export class SlotMask {
  readonly #bits = new Uint32Array(PAGE_SLOTS / 32);

  add(slot: number): void {
    this.#bits[slot >>> 5]! |= 1 << (slot & 31);
  }

  has(slot: number): boolean {
    return (this.#bits[slot >>> 5]! & (1 << (slot & 31))) !== 0;
  }

  *slots(): Iterable<number> {
    for (let slot = 0; slot < PAGE_SLOTS; slot++) if (this.has(slot)) yield slot;
  }
}
