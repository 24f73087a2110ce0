import type { FieldTable } from '../wire/values.js';

/** What every connection of a listener is held to. */
export interface ConnectionSettings {
  /** Largest frame with its overhead, octets. */
  readonly frameMax: number;
  readonly channelMax: number;
  /** Suggested interval, seconds; 0 for none. */
  readonly heartbeat: number;
  /** Milliseconds from the first byte to connection.open. */
  readonly handshakeTimeout: number;
  /** Largest message body, octets. */
  readonly maxMessageSize: number;
  /** How long a delivery may stay unacknowledged, milliseconds; Infinity for ever. */
  readonly consumerTimeout: number;
  /** Most consumers of one channel; Infinity for no limit. */
  readonly consumersPerChannel: number;
  /** Users that may only log in from this machine. */
  readonly loopbackUsers: readonly string[];
  readonly serverProperties: FieldTable;
}
