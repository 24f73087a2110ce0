import { setTimeout as sleep } from 'node:timers/promises';
import { LoadGenerator } from '../load/load-generator.js';
import type { ConsumerPlan, Plan, PublisherPlan, Sample } from '../load/plan.js';

const POLL_MS = 100;

/** Persistent messages through the default exchange. */
export const publishing = (
  url: string,
  routingKeys: readonly string[],
  bodySize: number,
  window: number,
  limit: number,
): PublisherPlan => {
  const fixed = { role: 'publisher', exchange: '', persistent: true, rate: 0 } as const;
  return { ...fixed, url, routingKeys, bodySize, window, limit };
};

/** With prefetch 1000 and an ack for every 64. */
export const consuming = (url: string, queue: string, limit: number): ConsumerPlan => {
  const fixed = { role: 'consumer', prefetch: 1000, ackEvery: 64, stamped: false } as const;
  return { ...fixed, url, queues: [queue], limit };
};

/** Starts a load for each plan, in that order, and waits until all have reached their limits. */
export async function runToLimit(...plans: readonly Plan[]): Promise<Sample[]> {
  const generators: LoadGenerator[] = [];
  try {
    for (const plan of plans) generators.push(await LoadGenerator.start(plan));
    return await Promise.all(generators.map((generator, index) => reached(generator, plans[index]!.limit)));
  } finally {
    for (const generator of generators) await generator.stop();
  }
}

async function reached(generator: LoadGenerator, limit: number): Promise<Sample> {
  for (;;) {
    const sample = await generator.sample();
    if (sample.count >= limit) return sample;
    await sleep(POLL_MS);
  }
}
