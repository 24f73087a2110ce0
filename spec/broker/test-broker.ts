import { amqpMessageCodec } from '../../lib/amqp/message-codec.js';
import type { PermissionPatterns } from '../../lib/auth/permissions.js';
import { UserDirectory } from '../../lib/auth/user-directory.js';
import { ManualClock } from '../../lib/base/clock.js';
import { Turn } from '../../lib/base/turn.js';
import type { AuthorizedVhost } from '../../lib/broker/authorized-vhost.js';
import { Broker } from '../../lib/broker/broker.js';
import { vhostKey } from '../../lib/broker/definitions.js';
import type { BindingRequest } from '../../lib/broker/doors/exchange-door.js';
import type { QueueRequest } from '../../lib/broker/doors/queue-door.js';
import type { ExchangeDefinition } from '../../lib/broker/exchange.js';
import { MemoryMetadataStore } from '../../lib/meta/memory-metadata-store.js';
import type { MetadataStore } from '../../lib/meta/metadata-store.js';
import { EMPTY_TABLE } from '../../lib/wire/values.js';
import { TestMessageStore } from './test-message-store.js';

export const ALL: PermissionPatterns = { configure: '.*', write: '.*', read: '.*' };

/** A queue request with everything left out that does not matter. */
export function queueOf(name: string, request: Partial<QueueRequest> = {}): QueueRequest {
  return { name, durable: true, exclusive: false, autoDelete: false, arguments: EMPTY_TABLE, ...request };
}

export function exchangeOf(name: string, definition: Partial<ExchangeDefinition> = {}): ExchangeDefinition {
  const flags = { durable: true, autoDelete: false, internal: false };
  return { name, type: 'direct', ...flags, arguments: EMPTY_TABLE, ...definition };
}

export function bindingOf(
  source: string,
  destination: string,
  request: Partial<BindingRequest> = {},
): BindingRequest {
  return { source, destination, routingKey: '', arguments: EMPTY_TABLE, ...request };
}

/** A broker in memory, with vhost `/` and the user `ann` who may do everything there. */
export class TestBroker {
  readonly metadata: MetadataStore;
  readonly messages: TestMessageStore;
  readonly users: UserDirectory;
  readonly broker: Broker;
  readonly clock: ManualClock;
  readonly failures: unknown[];
  readonly #runs: (() => void)[];
  #connections = 0;

  private constructor(
    parts: Pick<TestBroker, 'metadata' | 'messages' | 'users' | 'broker' | 'clock' | 'failures'>,
    runs: (() => void)[],
  ) {
    this.metadata = parts.metadata;
    this.messages = parts.messages;
    this.users = parts.users;
    this.broker = parts.broker;
    this.clock = parts.clock;
    this.failures = parts.failures;
    this.#runs = runs;
  }

  /** @param metadata with definitions in it: those of a broker that ran before */
  static async open(metadata?: MetadataStore): Promise<TestBroker> {
    const store = metadata ?? new MemoryMetadataStore();
    const users = await UserDirectory.open(store);
    if (metadata === undefined) {
      await store.apply([{ key: vhostKey('/'), value: { name: '/' }, lifetime: 'durable' }]);
      await users.putUser({ name: 'ann', password: 'secret', tags: [] });
      await users.setPermissions('ann', '/', ALL);
    }
    const runs: (() => void)[] = [];
    const failures: unknown[] = [];
    const messages = new TestMessageStore();
    const clock = new ManualClock(1_700_000_000_000);
    const broker = await Broker.open({
      metadata: store,
      messages,
      users,
      clock,
      turn: new Turn((run) => void runs.push(run)),
      codec: amqpMessageCodec,
      failed: (error) => failures.push(error),
    });
    return new TestBroker({ metadata: store, messages, users, broker, clock, failures }, runs);
  }

  /** The vhost as a connection of `ann` sees it, or of another user. */
  enter(vhost = '/', user = 'ann'): AuthorizedVhost {
    return this.broker.enter(vhost, this.users.user(user)!, { id: `c${this.#connections++}`, close() {} });
  }

  /** Adds a user with these permissions for `/` and lets it in. */
  async enterAs(name: string, permissions: Partial<PermissionPatterns>): Promise<AuthorizedVhost> {
    await this.users.putUser({ name, password: 'pw', tags: [] });
    await this.users.setPermissions(name, '/', { configure: '', write: '', read: '', ...permissions });
    return this.enter('/', name);
  }

  /** Every definition's key. */
  async keys(prefix = ''): Promise<string[]> {
    return (await this.metadata.list(prefix)).map(([key]) => key);
  }

  queues(vhost = '/'): string[] {
    return [...(this.broker.vhost(vhost)?.queues.keys() ?? [])];
  }

  /** Names of the exchanges that were declared. */
  exchanges(vhost = '/'): string[] {
    const names = this.broker.vhost(vhost)?.exchanges.keys() ?? [];
    return [...names].filter((name) => name !== '' && !name.startsWith('amq.'));
  }

  /** `source destination` of each binding. */
  bindings(vhost = '/'): string[] {
    const bindings = this.broker.vhost(vhost)?.bindings() ?? [];
    return [...bindings].map(({ source, destination }) => `${source.name} ${destination.name}`);
  }

  /** Takes turns until nobody has anything to do. */
  rest(): void {
    for (let run = this.#runs.shift(); run !== undefined; run = this.#runs.shift()) run();
  }
}
