import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;
const PATIENCE_MS = 20_000;

/** What `read` answers once it has moved by at most 1 % for `quietMs`, or when patience is over. */
export async function settled(quietMs: number, read: () => number): Promise<number> {
  const deadline = performance.now() + PATIENCE_MS;
  let reference = Number.NaN;
  let since = 0;
  for (;;) {
    const value = read();
    const now = performance.now();
    if (!(Math.abs(value - reference) <= reference / 100)) {
      reference = value;
      since = now;
    }
    if (now - since > quietMs || now > deadline) return value;
    await sleep(POLL_MS);
  }
}
