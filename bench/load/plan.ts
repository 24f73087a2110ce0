import type { Percentiles } from './percentiles.js';

/** What one publishing process does. */
export interface PublisherPlan {
  readonly role: 'publisher';
  readonly url: string;
  readonly exchange: string;
  /** Used in turn, message by message; all of one length. */
  readonly routingKeys: readonly string[];
  /** Octets. */
  readonly bodySize: number;
  readonly persistent: boolean;
  /** At most this many unconfirmed; 0: without confirms. */
  readonly window: number;
  /** Messages a second; 0: as many as the broker takes. */
  readonly rate: number;
  /** Messages altogether; 0: until stopped. */
  readonly limit: number;
}

/** What one consuming process does. */
export interface ConsumerPlan {
  readonly role: 'consumer';
  readonly url: string;
  readonly queues: readonly string[];
  /** 0: consume without acknowledgements. */
  readonly prefetch: number;
  /** One basic.ack with `multiple` for so many deliveries. */
  readonly ackEvery: number;
  /** Bodies begin with the time of sending. */
  readonly stamped: boolean;
  /** Deliveries that are waited for: after so many all of them are acknowledged; 0: until stopped. */
  readonly limit: number;
}

export type Plan = PublisherPlan | ConsumerPlan;

/** A process's counters at one moment. */
export interface Sample {
  /** Milliseconds, of this process. */
  readonly at: number;
  /** Deliveries, or confirms, or, without confirms, publishes so far. */
  readonly count: number;
  /** CPU milliseconds used so far. */
  readonly cpu: number;
  /** Of the time since the previous sample, milliseconds; only where the plan asks for a latency. */
  readonly latency: Percentiles | undefined;
  /** How often the broker has sent connection.blocked. */
  readonly blocked: number;
  /** Where the plan has a limit: when it began, and when each tenth of the limit was reached; milliseconds as `at`. */
  readonly laps: readonly number[];
}

export type Order = { readonly do: 'start'; readonly plan: Plan } | { readonly do: 'sample' | 'stop' };

export type Report =
  | { readonly is: 'started' | 'stopped' }
  | { readonly is: 'sample'; readonly sample: Sample }
  | { readonly is: 'failed'; readonly reason: string };
