/**
 * Resolves with the first value of `probe` that is neither undefined nor false; polls once per event-loop turn.
 * Rejects after `withinMs` with `what` in the message: a deadline for a broken broker, not a pause for a slow one.
 */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`not seen within ${withinMs} ms: ${what}`);
    await new Promise<void>((resolve) => setTimeout(resolve, 2));
  }
}
