/** How a load's rate is counted: where, and of what. */
export type Counted = 'deliveries' | 'confirms' | 'delivery latency' | 'confirm latency';

export interface Workload {
  readonly name: string;
  readonly about: string;
  readonly counted: Counted;
  /** Octets of a body. */
  readonly bodySize: number;
  /** 0: publishes go to the default exchange; otherwise so many queues hang on one fanout exchange. */
  readonly fanout: number;
  /** Queues behind the default exchange, published to in turn. */
  readonly queues: number;
  /** Durable queues and persistent messages. */
  readonly durable: boolean;
  /** 0: consumers do not acknowledge. */
  readonly prefetch: number;
  readonly ackEvery: number;
  /** 0: publishers do not ask for confirms. */
  readonly window: number;
  /** Messages a second, 0: unlimited. */
  readonly rate: number;
}

const plain = {
  counted: 'deliveries',
  bodySize: 16,
  fanout: 0,
  queues: 1,
  durable: false,
  prefetch: 0,
  ackEvery: 1,
  window: 0,
  rate: 0,
} as const;

const acked = { prefetch: 1000, ackEvery: 64 } as const;
const confirmed = { window: 1000, counted: 'confirms' } as const;

export const WORKLOADS: readonly Workload[] = [
  { ...plain, name: 'noack-16', about: 'transient, no acks, 16 B' },
  { ...plain, name: 'noack-1k', about: 'transient, no acks, 1 KiB', bodySize: 1024 },
  { ...plain, ...acked, name: 'ack-16', about: 'transient, prefetch 1000, an ack for every 64, 16 B' },
  {
    ...plain,
    ...acked,
    name: 'ack-1k',
    about: 'transient, prefetch 1000, an ack for every 64, 1 KiB',
    bodySize: 1024,
  },
  {
    ...plain,
    ...acked,
    name: 'ack-each-16',
    about: 'transient, prefetch 1000, an ack for each, 16 B',
    ackEvery: 1,
  },
  { ...plain, ...confirmed, name: 'confirm-16', about: 'transient, confirms, window 1000, 16 B' },
  {
    ...plain,
    ...confirmed,
    name: 'confirm-1k',
    about: 'transient, confirms, window 1000, 1 KiB',
    bodySize: 1024,
  },
  { ...plain, name: 'fanout-10', about: 'fan-out to 10 queues, no acks, 16 B, deliveries', fanout: 10 },
  { ...plain, name: 'queues-100', about: '100 queues in turn, no acks, 16 B', queues: 100 },
  {
    ...plain,
    name: 'latency-10k',
    about: 'latency at 10,000 msg/s, each acked, 16 B',
    counted: 'delivery latency',
    prefetch: 1000,
    rate: 10_000,
  },
  {
    ...plain,
    ...confirmed,
    name: 'durable-confirm-16',
    about: 'durable, confirms, window 1000, 16 B',
    durable: true,
  },
  {
    ...plain,
    ...confirmed,
    name: 'durable-confirm-1k',
    about: 'durable, confirms, window 1000, 1 KiB',
    durable: true,
    bodySize: 1024,
  },
  { ...plain, name: 'durable-16', about: 'durable, no confirms, no acks, 16 B', durable: true },
  {
    ...plain,
    name: 'durable-confirm-each',
    about: 'durable, one publisher waits for each confirm, 16 B',
    counted: 'confirm latency',
    durable: true,
    window: 1,
  },
];
