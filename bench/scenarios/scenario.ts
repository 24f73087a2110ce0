import type { StartOptions } from '../broker/started-broker.js';
import type { Measurement } from '../figure.js';

/** How large a scenario is to be. */
export interface ScenarioSizes {
  /** Messages; undefined: as many as the scenario is about. */
  readonly messages: number | undefined;
  readonly queues: number | undefined;
  /** Publishes unconfirmed at most; 0: without confirms. */
  readonly window: number;
}

/** The scenarios' own sizes. */
export const DEFAULT_SIZES: ScenarioSizes = { messages: undefined, queues: undefined, window: 1000 };

export const grouped = (count: number): string => count.toLocaleString('en-US');

/** A longer story with a broker of ours that is started for it, of a given number of messages instead of a given time. */
export interface Scenario {
  readonly name: string;
  about(sizes: ScenarioSizes): string;
  measure(options: StartOptions, sizes: ScenarioSizes): Promise<Measurement>;
}
