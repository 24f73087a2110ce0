import { crc32 } from 'node:zlib';

/** What one copy of the definitions holds, so that two can be compared and each with itself. */
export class ContentSum {
  /** Grows with every batch. */
  revision = 0;
  /** Modulo 2^32. */
  #sum = 0;
  readonly #hashes = new Map<string, number>();

  has(key: string): boolean {
    return this.#hashes.has(key);
  }

  get size(): number {
    return this.#hashes.size;
  }

  put(key: string, value: string): void {
    this.delete(key);
    const hash = crc32(value, crc32(key));
    this.#hashes.set(key, hash);
    this.#sum = (this.#sum + hash) >>> 0;
  }

  delete(key: string): void {
    const hash = this.#hashes.get(key);
    if (hash === undefined) return;
    this.#hashes.delete(key);
    this.#sum = (this.#sum - hash) >>> 0;
  }

  /** As it is stored beside the content. */
  get text(): string {
    return `${this.revision} ${this.size} ${this.#sum}`;
  }
}
