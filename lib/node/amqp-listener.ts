import { createServer, type Server, type Socket } from 'node:net';
import { brokerError } from '../base/errors.js';
import { Connection } from '../amqp/connection.js';
import type { ConnectionPorts } from '../amqp/connection-ports.js';
import { SocketTransport } from '../amqp/socket-transport.js';
import type { ConnectionBudget } from './connection-budget.js';
import type { Logger } from './logger.js';
import { StartError } from './start-error.js';

export interface ListenOptions {
  /** Undefined: every address of this machine. */
  readonly host: string | undefined;
  /** 0: any that is free. */
  readonly port: number;
  readonly backlog: number;
  readonly noDelay: boolean;
  readonly keepAlive: boolean;
}

/** What the listeners of a node share. */
export interface ListenerPorts {
  /** What each connection is given. */
  readonly connection: Omit<ConnectionPorts, 'ended'>;
  readonly budget: ConnectionBudget;
  readonly log: Logger;
}

/** How long clients have to answer connection.close when the node stops, milliseconds. */
const GOODBYE_MS = 5000;

/** Accepts AMQP connections on one address. */
export class AmqpListener {
  readonly #ports: ListenerPorts;
  readonly #options: ListenOptions;
  readonly #connections = new Set<Connection>();
  readonly #server: Server;
  #allEnded: (() => void) | undefined;

  constructor(ports: ListenerPorts, options: ListenOptions) {
    this.#ports = ports;
    this.#options = options;
    const { noDelay, keepAlive } = options;
    // Half-open, so that a client that shuts its sending side down still gets its answers.
    this.#server = createServer({ noDelay, keepAlive, allowHalfOpen: true }, (socket) =>
      this.#accept(socket),
    );
  }

  /** The connections of this listener. */
  get connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  /** Resolves with the port. Rejects with StartError. */
  listen(): Promise<number> {
    const { host, port, backlog } = this.#options;
    return new Promise((resolve, reject) => {
      const refuse = (error: Error): void => reject(listenError(error, this.#options));
      this.#server.once('error', refuse);
      this.#server.listen({ port, backlog, ...(host === undefined ? {} : { host }) }, () => {
        this.#server.off('error', refuse);
        this.#server.on('error', (error) => this.#acceptFailed(error));
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  /** Accepts nobody any more, sends connection.close 320 to everybody, and resolves when all are gone. */
  async close(): Promise<void> {
    this.#server.close();
    for (const connection of this.#connections) connection.close(brokerError('shutdown'));
    if (this.#connections.size === 0) return;
    await new Promise<void>((resolve) => {
      const deadline = setTimeout(() => {
        for (const { transport } of this.#connections) transport.destroy();
      }, GOODBYE_MS);
      this.#allEnded = () => {
        clearTimeout(deadline);
        resolve();
      };
    });
  }

  /** Drops everybody at once. */
  destroy(): void {
    this.#server.close();
    for (const { transport } of this.#connections) transport.destroy();
  }

  #accept(socket: Socket): void {
    if (!this.#ports.budget.take()) {
      socket.destroy();
      return;
    }
    const transport = new SocketTransport(socket);
    const connection = new Connection(transport, {
      ...this.#ports.connection,
      ended: (ended) => this.#ended(ended),
    });
    this.#connections.add(connection);
    transport.attach(connection);
  }

  /** One connection was lost before it was one; the next may succeed. */
  #acceptFailed(error: Error): void {
    this.#ports.log.error({ error: error.message }, 'a connection could not be accepted');
  }

  #ended(connection: Connection): void {
    this.#connections.delete(connection);
    this.#ports.budget.giveBack();
    if (this.#connections.size === 0) this.#allEnded?.();
  }
}

function listenError(error: Error & { readonly code?: string }, { host, port }: ListenOptions): StartError {
  const where = `${host?.includes(':') ? `[${host}]` : (host ?? '*')}:${port}`;
  if (error.code === 'EADDRINUSE') return new StartError(`cannot listen on ${where}: the port is in use`);
  if (error.code === 'EACCES') return new StartError(`cannot listen on ${where}: permission denied`);
  if (error.code === 'EADDRNOTAVAIL')
    return new StartError(`cannot listen on ${where}: this machine has no such address`);
  return new StartError(`cannot listen on ${where}: ${error.message}`);
}
