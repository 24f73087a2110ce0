/** One measured number. */
export interface Figure {
  /** What it is, without the workload's name; empty where the workload has but one. */
  readonly of: string;
  readonly unit: 'msg/s' | 'queues/s' | 'ms' | 'MB' | 'KB' | '%';
  readonly value: number;
}

/** What one round of one workload against one broker gave. */
export interface Measurement {
  readonly figures: readonly Figure[];
  /** How the round went, for judging the figures; absent for measurements without a load. */
  readonly conditions?: Conditions;
}

export interface Conditions {
  /** Messages ready in the queues at the end of the measured time. */
  readonly backlog: number;
  /** CPU time of the busiest publishing and consuming process over the measured time; 1 is a whole core. */
  readonly publisherBusy: number;
  readonly consumerBusy: number;
  /** The same of the broker, where its process id is known. */
  readonly brokerBusy: number | undefined;
  /** How often connection.blocked came. */
  readonly blocked: number;
}
