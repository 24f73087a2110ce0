import type { BrokerError } from '../base/errors.js';
import type { Broker } from '../broker/broker.js';
import type { Budget } from './budget.js';
import type { BufferPool } from './buffer-pool.js';
import type { Connection } from './connection.js';
import type { ConnectionSettings } from './connection-settings.js';
import type { TimeSlices } from './time-slices.js';

/** What the listener gives to each connection, and learns from it. */
export interface ConnectionPorts {
  readonly broker: Broker;
  readonly settings: ConnectionSettings;
  readonly pool: BufferPool;
  /** Of channels. [RMQ channel_max_per_node] */
  readonly budget: Budget;
  /** Of connections that are open. [RMQ connection_max] */
  readonly connections: Budget;
  readonly slices: TimeSlices;
  readonly log: ConnectionLog;
  /** The transport is closed and everything the connection held was given back. */
  readonly ended: (connection: Connection) => void;
}

/** What is worth telling the operator. */
export interface ConnectionLog {
  refused(connection: Connection, reason: string): void;
  opened(connection: Connection): void;
  failed(connection: Connection, error: BrokerError): void;
  /** A defect of the broker's own; the connection was closed. */
  defect(connection: Connection, error: unknown): void;
}
