import { amqpMessageCodec } from '../../lib/amqp/message-codec.js';
import { Budget } from '../../lib/amqp/budget.js';
import { BufferPool } from '../../lib/amqp/buffer-pool.js';
import { Connection } from '../../lib/amqp/connection.js';
import type { ConnectionLog } from '../../lib/amqp/connection-ports.js';
import type { ConnectionSettings } from '../../lib/amqp/connection-settings.js';
import { TimeSlices } from '../../lib/amqp/time-slices.js';
import { ensureDefaults } from '../../lib/auth/default-definitions.js';
import { UserDirectory } from '../../lib/auth/user-directory.js';
import { ManualClock } from '../../lib/base/clock.js';
import type { BrokerError } from '../../lib/base/errors.js';
import { Turn } from '../../lib/base/turn.js';
import { Broker } from '../../lib/broker/broker.js';
import { MemoryMetadataStore } from '../../lib/meta/memory-metadata-store.js';
import type { MetadataStore } from '../../lib/meta/metadata-store.js';
import { MemoryMessageStore } from '../../lib/store/memory-message-store.js';
import type { MessageStore } from '../../lib/store/message-store.js';
import { fromPlain } from '../../lib/wire/values.js';
import { MemoryTransport } from './memory-transport.js';
import { type Hello, ProtocolClient } from './protocol-client.js';

export const SETTINGS: ConnectionSettings = {
  frameMax: 131_072,
  channelMax: 2047,
  heartbeat: 60,
  handshakeTimeout: 10_000,
  maxMessageSize: 134_217_728,
  consumerTimeout: 1_800_000,
  consumersPerChannel: Infinity,
  loopbackUsers: ['guest'],
  serverProperties: fromPlain({ product: 'spec' }),
};

export interface BrokerSetup {
  readonly settings?: Partial<ConnectionSettings>;
  readonly metadata?: MetadataStore;
  readonly messages?: MessageStore;
  /** Most channels of all connections. */
  readonly mostChannels?: number;
  readonly mostConnections?: number;
}

/** What connections told the operator. */
export class RecordedLog implements ConnectionLog {
  readonly refusals: string[] = [];
  readonly failures: BrokerError[] = [];
  readonly defects: unknown[] = [];

  refused(_connection: Connection, reason: string): void {
    this.refusals.push(reason);
  }

  opened(): void {}

  failed(_connection: Connection, error: BrokerError): void {
    this.failures.push(error);
  }

  defect(_connection: Connection, error: unknown): void {
    this.defects.push(error);
  }
}

/** A broker in memory whose time and turns are moved by hand, and connections to it without sockets. */
export class BrokerUnderTest {
  readonly clock: ManualClock;
  readonly broker: Broker;
  readonly users: UserDirectory;
  readonly settings: ConnectionSettings;
  readonly log = new RecordedLog();
  readonly pool = new BufferPool();
  readonly budget: Budget;
  readonly connections: Budget;
  readonly slices: TimeSlices;
  /** Failures of definitions in the background. */
  readonly failures: unknown[];
  /** Connections that told that they ended. */
  readonly ended: Connection[] = [];
  readonly #clients: ProtocolClient[] = [];
  readonly #pendingTurn: { run: (() => void) | undefined };

  private constructor(
    parts: Pick<
      BrokerUnderTest,
      'clock' | 'broker' | 'users' | 'settings' | 'failures' | 'budget' | 'connections'
    >,
    pendingTurn: { run: (() => void) | undefined },
  ) {
    this.clock = parts.clock;
    this.broker = parts.broker;
    this.users = parts.users;
    this.settings = parts.settings;
    this.failures = parts.failures;
    this.budget = parts.budget;
    this.connections = parts.connections;
    this.slices = new TimeSlices(this.clock, this.broker.turn);
    this.#pendingTurn = pendingTurn;
  }

  static async open(setup: BrokerSetup = {}): Promise<BrokerUnderTest> {
    const metadata = setup.metadata ?? new MemoryMetadataStore();
    const everything = { configure: '.*', write: '.*', read: '.*' };
    await ensureDefaults(metadata, {
      vhost: '/',
      user: 'guest',
      pass: 'guest',
      tags: ['administrator'],
      permissions: everything,
    });
    const clock = new ManualClock(1_700_000_000_000);
    const users = await UserDirectory.open(metadata);
    const pendingTurn: { run: (() => void) | undefined } = { run: undefined };
    const failures: unknown[] = [];
    const broker = await Broker.open({
      metadata,
      messages: setup.messages ?? new MemoryMessageStore(),
      users,
      clock,
      turn: new Turn((run) => {
        pendingTurn.run = run;
      }),
      codec: amqpMessageCodec,
      failed: (error) => failures.push(error),
    });
    const settings = { ...SETTINGS, ...setup.settings };
    const budget = new Budget(setup.mostChannels ?? Infinity);
    const connections = new Budget(setup.mostConnections ?? Infinity);
    return new BrokerUnderTest(
      { clock, broker, users, settings, failures, budget, connections },
      pendingTurn,
    );
  }

  /** A client that has sent nothing yet. */
  client(host?: string): ProtocolClient {
    const transport = new MemoryTransport(host);
    const { broker, settings, pool, log, budget, connections, slices } = this;
    const ended = (connection: Connection): void => void this.ended.push(connection);
    const connection = new Connection(transport, {
      broker,
      settings,
      pool,
      log,
      budget,
      connections,
      slices,
      ended,
    });
    transport.attach(connection);
    const client = new ProtocolClient(transport, connection, () => this.rest());
    this.#clients.push(client);
    return client;
  }

  /** A client whose connection is open. */
  connect(hello: Hello = {}): Promise<ProtocolClient> {
    return this.client().open(hello);
  }

  /** Moves bytes, promises and turns until nothing happens any more. */
  async rest(): Promise<void> {
    for (;;) {
      const delivered = this.deliver();
      // As in Node's event loop, promises are done between the reading of sockets and the turn.
      await new Promise((resolve) => setImmediate(resolve));
      // A promise may have let a client's bytes in that waited for it.
      if (!this.runTurn() && !delivered && !this.deliver()) return;
    }
  }

  /** Delivers what clients have sent. True: there was something. */
  deliver(): boolean {
    let delivered = false;
    for (const { transport } of this.#clients) delivered = transport.deliver() || delivered;
    return delivered;
  }

  /** Runs the turn that is due. False: there is none. */
  runTurn(): boolean {
    const { run } = this.#pendingTurn;
    this.#pendingTurn.run = undefined;
    run?.();
    return run !== undefined;
  }

  /** Moves time by `ms`, and lets the broker come to rest. */
  async advance(ms: number): Promise<void> {
    await this.rest();
    this.clock.advance(ms);
    await this.rest();
  }

  /** Forgets clients that are gone; for specs with thousands of them. */
  forgetClients(): void {
    this.#clients.length = 0;
  }
}
