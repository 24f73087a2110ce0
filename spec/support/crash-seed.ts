/** The full form: an hour of rounds instead of half a minute. */
export const isTorture = process.env['WARRENMQ_TORTURE'] !== undefined;

/** Repeats what was decided at random, as far as the timing of processes does not decide; named in each test. */
export const SEED = Number(process.env['WARRENMQ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
