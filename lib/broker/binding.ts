import type { FieldTable } from '../wire/values.js';
import type { Exchange } from './exchange.js';
import type { Queue } from './queue.js';

export type Destination = Queue | Exchange;

/** Messages that reach `source` and match go on to `destination`. */
export interface Binding {
  /** Its key among the definitions: source, destination, routing key and arguments are its identity. */
  readonly key: string;
  readonly source: Exchange;
  readonly destination: Destination;
  readonly routingKey: string;
  readonly arguments: FieldTable;
}
