import { totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { ensureDefaults } from '../auth/default-definitions.js';
import { UserDirectory } from '../auth/user-directory.js';
import { BufferPool } from '../amqp/buffer-pool.js';
import { Budget } from '../amqp/budget.js';
import { amqpMessageCodec } from '../amqp/message-codec.js';
import { serverProperties } from '../amqp/server-properties.js';
import type { ConnectionSettings } from '../amqp/connection-settings.js';
import { TimeSlices } from '../amqp/time-slices.js';
import type { Clock } from '../base/clock.js';
import { Turn } from '../base/turn.js';
import { Broker } from '../broker/broker.js';
import type { Config } from '../config/schema.js';
import { diskFreeLimit, memoryLimit } from '../config/watermarks.js';
import { LevelMetadataStore } from '../meta/level-metadata-store.js';
import { MemoryMetadataStore } from '../meta/memory-metadata-store.js';
import type { MetadataStore } from '../meta/metadata-store.js';
import { openDurableMessageStore } from '../store/durable-message-store.js';
import type { StoreLimits } from '../store/limits.js';
import { MemoryMessageStore } from '../store/memory-message-store.js';
import type { MessageStore } from '../store/message-store.js';
import { AmqpListener } from './amqp-listener.js';
import { ConnectionBudget } from './connection-budget.js';
import { ConnectionLogger } from './connection-logger.js';
import { DEFINITIONS, MESSAGES, requireWritable, storesRefused } from './data-directory.js';
import { descriptorLimit, mostSockets } from './file-descriptors.js';
import type { Logger } from './logger.js';
import { processProbe, ResourceMonitor } from './resource-monitor.js';

export interface NodeOptions {
  readonly config: Config;
  /** Undefined: everything is kept in memory and gone after `stop`. */
  readonly dataDir: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
  /** Where they differ from the usual ones; specs see with small ones what big nodes see with theirs. */
  readonly storeLimits?: Partial<StoreLimits>;
  /** Nothing can be kept safe any more: the node confirms nothing from now on, and has to be stopped. */
  readonly failed: (error: Error) => void;
}

/** How often a long recovery is reported, milliseconds. */
const PROGRESS_MS = 2000;

/** One broker process (or one inside a test): brings the parts up in order and down again. */
export class BrokerNode {
  readonly #options: NodeOptions;
  #metadata: MetadataStore | undefined;
  #messages: MessageStore | undefined;
  #users: UserDirectory | undefined;
  #broker: Broker | undefined;
  #monitor: ResourceMonitor | undefined;
  #listeners: AmqpListener[] = [];
  #ports: number[] = [];
  #diskFull = false;

  constructor(options: NodeOptions) {
    this.#options = options;
  }

  /** Ports of the AMQP listeners, in the order of the configuration. */
  get ports(): readonly number[] {
    return this.#ports;
  }

  get broker(): Broker | undefined {
    return this.#broker;
  }

  get users(): UserDirectory | undefined {
    return this.#users;
  }

  /** Rejects with StartError; what was started is stopped again. */
  async start(): Promise<void> {
    try {
      await this.#openStores();
      await this.#openBroker();
      await this.#watchResources();
      await this.#listen();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Tells the clients, finishes what is under way, closes the stores. */
  async stop(): Promise<void> {
    const listeners = this.#listeners;
    this.#listeners = [];
    await Promise.all(listeners.map((listener) => listener.close()));
    this.#monitor?.stop();
    this.#broker?.close();
    this.#users?.close();
    await this.#messages?.close();
    await this.#metadata?.close();
    this.#broker = this.#users = this.#messages = this.#metadata = undefined;
  }

  async #openStores(): Promise<void> {
    const { dataDir, log } = this.#options;
    if (dataDir === undefined) {
      this.#metadata = new MemoryMetadataStore();
      this.#messages = new MemoryMessageStore();
      return;
    }
    const directory = resolve(dataDir);
    await requireWritable(directory);
    const refuse = (error: unknown): never => {
      throw storesRefused(directory, error);
    };
    // Its lock keeps a second node out of the whole data directory, so it comes first.
    const metadata = await this.#openDefinitions(join(directory, DEFINITIONS)).catch(refuse);
    this.#metadata = metadata;
    for (const damage of metadata.damage) log.warn({ damage }, 'the definitions were damaged');
    this.#messages = await this.#openMessages(join(directory, MESSAGES)).catch(refuse);
  }

  #openDefinitions(directory: string): Promise<LevelMetadataStore> {
    const { clock, log, failed } = this.#options;
    return LevelMetadataStore.open(directory, {
      clock,
      onFull: (error) => log.error({ error: String(error) }, 'the disk is full: definitions wait for room'),
      onFailed: failed,
    });
  }

  async #openMessages(directory: string): Promise<MessageStore> {
    const { clock, log, failed, storeLimits = {} } = this.#options;
    let told = clock.now();
    const messages = await openDurableMessageStore({
      directory,
      clock,
      log,
      limits: storeLimits,
      onFull: (isFull) => this.#diskIsFull(isFull),
      onProgress: (done, total) => {
        if (clock.now() - told < PROGRESS_MS) return;
        told = clock.now();
        log.info({ done, total }, 'recovering messages');
      },
    });
    messages.onFailed(failed);
    return messages;
  }

  #diskIsFull(isFull: boolean): void {
    this.#diskFull = isFull;
    this.#monitor?.diskIsFull(isFull);
  }

  async #openBroker(): Promise<void> {
    const { config, clock, log } = this.#options;
    const metadata = this.#metadata as MetadataStore;
    await ensureDefaults(metadata, {
      vhost: config.default_vhost,
      user: config.default_user,
      pass: config.default_pass,
      tags: config.default_user_tags,
      permissions: {
        configure: config['default_permissions.configure'],
        write: config['default_permissions.write'],
        read: config['default_permissions.read'],
      },
    });
    this.#users = await UserDirectory.open(metadata);
    this.#broker = await Broker.open({
      metadata,
      messages: this.#messages as MessageStore,
      users: this.#users,
      clock,
      turn: new Turn(),
      codec: amqpMessageCodec,
      failed: (error) => log.error({ error: String(error) }, 'a definition could not be changed'),
    });
  }

  /** A broker in memory shares the process and the fate of a test; one that keeps data watches what it uses. */
  async #watchResources(): Promise<void> {
    const { config, dataDir, clock, log } = this.#options;
    if (dataDir === undefined) return;
    const system = constrainedMemory();
    const limits = { memory: memoryLimit(config, system), diskFree: diskFreeLimit(config, system) };
    const { alarms } = this.#broker as Broker;
    this.#monitor = new ResourceMonitor(limits, processProbe(resolve(dataDir)), alarms, clock, log);
    this.#monitor.diskIsFull(this.#diskFull);
    await this.#monitor.start();
  }

  async #listen(): Promise<void> {
    const { config, log, clock } = this.#options;
    const connection = {
      broker: this.#broker as Broker,
      settings: this.#settings(),
      pool: new BufferPool(),
      log: new ConnectionLogger(log),
      budget: new Budget(config.channel_max_per_node),
      connections: new Budget(config.connection_max),
      slices: new TimeSlices(clock, (this.#broker as Broker).turn),
    };
    const budget = await this.#connectionBudget();
    this.#ports = [];
    for (const { host, port } of config['listeners.tcp']) {
      const listener = new AmqpListener(
        { connection, budget, log },
        {
          host,
          port,
          backlog: config['tcp_listen_options.backlog'],
          noDelay: config['tcp_listen_options.nodelay'],
          keepAlive: config['tcp_listen_options.keepalive'],
        },
      );
      this.#ports.push(await listener.listen());
      this.#listeners.push(listener);
    }
  }

  async #connectionBudget(): Promise<ConnectionBudget> {
    const most = mostSockets(await descriptorLimit());
    const because = 'the other file descriptors are kept for files';
    return new ConnectionBudget({ most, because }, this.#options.log);
  }

  #settings(): ConnectionSettings {
    const { config, version } = this.#options;
    return {
      frameMax: config.frame_max,
      channelMax: config.channel_max,
      heartbeat: config.heartbeat,
      handshakeTimeout: config.handshake_timeout,
      maxMessageSize: config.max_message_size,
      consumerTimeout: config.consumer_timeout,
      consumersPerChannel: config.consumer_max_per_channel,
      loopbackUsers: config.loopback_users,
      serverProperties: serverProperties(config.cluster_name, version),
    };
  }
}

/** Octets of memory that this process may use: the machine's, or its container's. */
function constrainedMemory(): number {
  const constrained = process.constrainedMemory();
  const total = totalmem();
  return constrained > 0 && constrained < total ? constrained : total;
}
