/** From the environment variable WARRENMQ_SEED, or of the moment: a spec that draws from it prints it. */
export const SEED = seed();

function seed(): number {
  const given = Number(process.env['WARRENMQ_SEED']);
  return process.env['WARRENMQ_SEED'] !== undefined && Number.isSafeInteger(given)
    ? given | 0
    : Math.trunc(Date.now() * 7919) | 0;
}

/** A reproducible source of random numbers (mulberry32). */
export class SeededRandom {
  #state: number;

  constructor(state: number) {
    this.#state = state | 0;
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * limit);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; at++) bytes[at] = this.below(256);
    return bytes;
  }
}
