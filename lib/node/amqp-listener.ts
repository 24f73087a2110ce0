import { createServer, type Server, type Socket } from 'node:net';
import { brokerError } from '../base/errors.js';
import { Connection } from '../amqp/connection.js';
import type { ConnectionPorts } from '../amqp/connection-ports.js';
import { SocketTransport } from '../amqp/socket-transport.js';
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

/** How long clients have to answer connection.close when the node stops, milliseconds. */
const GOODBYE_MS = 5000;

/** Accepts AMQP connections on one address. */
export class AmqpListener {
  readonly #ports: Omit<ConnectionPorts, 'ended'>;
  readonly #options: ListenOptions;
  readonly #connections = new Set<Connection>();
  readonly #server: Server;
  /** More connections than this are refused. */
  readonly #most: number;
  #allEnded: (() => void) | undefined;

  constructor(ports: Omit<ConnectionPorts, 'ended'>, options: ListenOptions, most: number) {
    this.#ports = ports;
    this.#options = options;
    this.#most = most;
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
      this.#server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, this.#options)));
      this.#server.listen({ port, backlog, ...(host === undefined ? {} : { host }) }, () => {
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
    if (this.#connections.size >= this.#most) {
      socket.destroy();
      return;
    }
    const transport = new SocketTransport(socket);
    const connection = new Connection(transport, {
      ...this.#ports,
      ended: (ended) => this.#ended(ended),
    });
    this.#connections.add(connection);
    transport.attach(connection);
  }

  #ended(connection: Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#allEnded?.();
  }
}

function listenError(error: NodeJS.ErrnoException, { host, port }: ListenOptions): StartError {
  const where = `${host ?? '*'}:${port}`;
  if (error.code === 'EADDRINUSE') return new StartError(`cannot listen on ${where}: the port is in use`);
  if (error.code === 'EACCES') return new StartError(`cannot listen on ${where}: permission denied`);
  return new StartError(`cannot listen on ${where}: ${error.message}`);
}
