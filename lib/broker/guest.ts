import type { BrokerError } from '../base/errors.js';

/** A connection, of whatever protocol, as the vhost sees it that it is in. */
export interface Guest {
  /** Unique in this node; owns exclusive queues. */
  readonly id: string;
  /** The vhost is no more. */
  close(error: BrokerError): void;
}
