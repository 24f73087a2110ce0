import type { BrokerError } from '../base/errors.js';
import type { Connection } from '../amqp/connection.js';
import type { ConnectionLog } from '../amqp/connection-ports.js';
import { textValue } from '../wire/values.js';
import type { Logger } from './logger.js';

/** Puts into the log what an operator wants to know about connections. */
export class ConnectionLogger implements ConnectionLog {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  refused(connection: Connection, reason: string): void {
    this.#log.warn({ connection: connection.name }, reason);
  }

  opened(connection: Connection): void {
    const { name, user, clientProperties } = connection;
    const client =
      textValue(clientProperties.get('connection_name')) ?? textValue(clientProperties.get('product'));
    this.#log.debug({ connection: name, user, client }, 'connection opened');
  }

  failed(connection: Connection, error: BrokerError): void {
    this.#log.warn({ connection: connection.name, user: connection.user }, error.message);
  }

  defect(connection: Connection, error: unknown): void {
    const { name, user } = connection;
    this.#log.error(
      { connection: name, user, stack: error instanceof Error ? error.stack : String(error) },
      'internal error',
    );
  }
}
