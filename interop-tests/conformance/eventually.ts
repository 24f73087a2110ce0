import { Broken } from './expectation.js';

/** ms between two looks at something that takes time. */
const LOOK_AGAIN = 5;
const PATIENCE = 8000;

/** Looks again and again until `look` finds what it expects; its last difference counts. */
export async function eventually<T>(look: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof Broken) || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
    }
  }
}
