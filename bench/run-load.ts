import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMs } from './broker/process-stats.js';
import type { Conditions, Figure, Measurement } from './figure.js';
import { LoadGenerator } from './load/load-generator.js';
import type { ConsumerPlan, PublisherPlan, Sample } from './load/plan.js';
import { Topology } from './topology.js';
import { Session } from './wire/session.js';
import type { Workload } from './workloads.js';

/** A broker to put under load. */
export interface Target {
  readonly url: string;
  /** Of its process, where that is known: for its CPU time. */
  readonly pid: number | undefined;
}

export interface Timing {
  /** Milliseconds of load before anything counts. */
  readonly warmUpMs: number;
  readonly measuredMs: number;
  /** Flags for the node processes of the load. */
  readonly execArgv: readonly string[];
}

/** One round: declares, loads, measures, deletes. */
export async function runLoad(target: Target, workload: Workload, timing: Timing): Promise<Measurement> {
  const session = await Session.open(target.url);
  const topology = new Topology(session, workload);
  const generators: LoadGenerator[] = [];
  try {
    await topology.declare();
    generators.push(await LoadGenerator.start(consumerPlan(target, workload, topology), timing.execArgv));
    generators.unshift(await LoadGenerator.start(publisherPlan(target, workload, topology), timing.execArgv));
    return await measure(target, workload, timing, topology, generators);
  } finally {
    for (const generator of generators) await generator.stop();
    // A broker that is gone cannot delete; what became of it, the load's own error says.
    await topology.delete().catch(() => undefined);
    await session.close();
  }
}

const consumerPlan = (target: Target, workload: Workload, topology: Topology): ConsumerPlan => ({
  role: 'consumer',
  url: target.url,
  queues: topology.queues,
  prefetch: workload.prefetch,
  ackEvery: workload.ackEvery,
  stamped: workload.counted === 'delivery latency',
  limit: 0,
});

const publisherPlan = (target: Target, workload: Workload, topology: Topology): PublisherPlan => ({
  role: 'publisher',
  url: target.url,
  exchange: topology.exchange,
  routingKeys: topology.routingKeys,
  bodySize: workload.bodySize,
  persistent: workload.durable,
  window: workload.window,
  rate: workload.rate,
  limit: 0,
});

/** What was counted between two moments of the load. */
interface Span {
  readonly publisher: readonly [Sample, Sample];
  readonly consumer: readonly [Sample, Sample];
  readonly backlog: number;
  readonly brokerCpuMs: number | undefined;
}

async function measure(
  target: Target,
  workload: Workload,
  timing: Timing,
  topology: Topology,
  [publisher, consumer]: readonly LoadGenerator[],
): Promise<Measurement> {
  await sleep(timing.warmUpMs);
  const [firstPublisher, firstConsumer] = await Promise.all([publisher!.sample(), consumer!.sample()]);
  const firstCpu = brokerCpu(target);
  await sleep(timing.measuredMs);
  const [lastPublisher, lastConsumer] = await Promise.all([publisher!.sample(), consumer!.sample()]);
  const lastCpu = brokerCpu(target);
  const span: Span = {
    publisher: [firstPublisher, lastPublisher],
    consumer: [firstConsumer, lastConsumer],
    backlog: await topology.backlog(),
    brokerCpuMs: firstCpu === undefined || lastCpu === undefined ? undefined : lastCpu - firstCpu,
  };
  return { figures: figuresOf(workload, span), conditions: conditionsOf(span) };
}

const brokerCpu = (target: Target): number | undefined =>
  target.pid === undefined ? undefined : cpuMs(target.pid);

function figuresOf({ counted }: Workload, span: Span): Figure[] {
  if (counted === 'deliveries') return [rate(span.consumer)];
  if (counted === 'confirms') return [rate(span.publisher)];
  if (counted === 'delivery latency') return percentiles(span.consumer);
  return [rate(span.publisher), ...percentiles(span.publisher)];
}

const rate = ([first, last]: readonly [Sample, Sample]): Figure => ({
  of: '',
  unit: 'msg/s',
  value: ((last.count - first.count) * 1000) / (last.at - first.at),
});

function percentiles([, last]: readonly [Sample, Sample]): Figure[] {
  const { p50 = Number.NaN, p99 = Number.NaN, p999 = Number.NaN } = last.latency ?? {};
  return [
    { of: 'p50', unit: 'ms', value: p50 },
    { of: 'p99', unit: 'ms', value: p99 },
    { of: 'p99.9', unit: 'ms', value: p999 },
  ];
}

function conditionsOf(span: Span): Conditions {
  const elapsed = span.consumer[1].at - span.consumer[0].at;
  return {
    backlog: span.backlog,
    publisherBusy: busy(span.publisher),
    consumerBusy: busy(span.consumer),
    brokerBusy: span.brokerCpuMs === undefined ? undefined : span.brokerCpuMs / elapsed,
    blocked: span.publisher[1].blocked,
  };
}

const busy = ([first, last]: readonly [Sample, Sample]): number =>
  (last.cpu - first.cpu) / (last.at - first.at);
