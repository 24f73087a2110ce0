import type { Operation, Permissions } from '../auth/permissions.js';
import type { User } from '../auth/user-directory.js';
import { brokerError } from '../base/errors.js';
import type { Change } from '../meta/metadata-store.js';
import { ArgumentError } from './arguments/argument-error.js';
import { ExchangeDoor } from './doors/exchange-door.js';
import { PublishDoor } from './doors/publish-door.js';
import { QueueDoor } from './doors/queue-door.js';
import type { Facilities } from './facilities.js';
import type { Guest } from './guest.js';
import type { Vhost } from './vhost.js';

const OPERATIONS = ['configure', 'write', 'read'] as const satisfies readonly Operation[];
/** Exclusive queues that go in one turn when their connection ends. */
const REMOVED_AT_ONCE = 256;

/**
 * The one door to a vhost, for every protocol: permissions, names and arguments are checked here and nowhere else.
 * One per connection. Everything throws (or rejects with) BrokerError.
 */
export class AuthorizedVhost {
  readonly broker: Facilities;
  readonly vhost: Vhost;
  readonly user: User;
  readonly #guest: Guest;
  readonly exchanges: ExchangeDoor;
  readonly queues: QueueDoor;
  readonly publishing: PublishDoor;
  #permissions: Permissions | undefined;
  #permissionsVersion = -1;

  constructor(broker: Facilities, vhost: Vhost, user: User, guest: Guest) {
    this.broker = broker;
    this.vhost = vhost;
    this.user = user;
    this.#guest = guest;
    vhost.guests.add(guest);
    this.exchanges = new ExchangeDoor(this);
    this.queues = new QueueDoor(this);
    this.publishing = new PublishDoor(this);
  }

  /** Id of the connection; owns its exclusive queues. */
  get connection(): string {
    return this.#guest.id;
  }

  /** Throws accessRefused unless the user may do `operation` on the queue or exchange. */
  require(operation: Operation, what: 'queue' | 'exchange', name: string): void {
    if (!this.#allows(operation, name)) this.#refuse(what, name);
  }

  /** Throws accessRefused unless the user may do anything at all with the queue or exchange. */
  requireAny(what: 'queue' | 'exchange', name: string): void {
    if (!OPERATIONS.some((operation) => this.#allows(operation, name))) this.#refuse(what, name);
  }

  #allows(operation: Operation, name: string): boolean {
    const { users } = this.broker;
    if (this.#permissionsVersion !== users.version) {
      this.#permissions = users.permissions(this.user.name, this.vhost.name);
      this.#permissionsVersion = users.version;
    }
    return this.#permissions?.allows(operation, name === '' ? 'amq.default' : name) === true;
  }

  #refuse(what: 'queue' | 'exchange', name: string): never {
    throw brokerError(
      'accessRefused',
      what,
      name === '' ? 'amq.default' : name,
      this.vhost.name,
      this.user.name,
    );
  }

  /** Throws topicRefused if the user has topic permissions on the exchange that do not cover the routing key. */
  requireTopic(operation: 'write' | 'read', exchange: string, key: string): void {
    const { name } = this.vhost;
    if (this.vhost.exchange(exchange)?.definition.type !== 'topic') return;
    const topics = this.broker.users.topicPermissions(this.user.name, name, exchange);
    if (topics?.allows(operation, key) === false) {
      throw brokerError('topicRefused', key, exchange, name, this.user.name);
    }
  }

  /** Runs `check`, which throws ArgumentError, and words its refusal for the resource. */
  checked<T>(what: 'queue' | 'exchange', name: string, check: () => T): T {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof ArgumentError)) throw error;
      throw brokerError('invalidArgument', error.explain(this.resource(what, name)));
    }
  }

  resource(what: 'queue' | 'exchange', name: string): string {
    return `${what} '${name}' in vhost '${this.vhost.name}'`;
  }

  /**
   * Changes the definitions; resolves when this node has applied them. False: one of `absent` was there. Rejects with
   * vhostNotFound once the vhost was deleted, with shutdown once the node stops.
   */
  async apply(changes: readonly Change[], absent: readonly string[] = []): Promise<boolean> {
    const { ended, name } = this.vhost;
    if (ended === 'vhostNotFound') throw brokerError(ended, name);
    if (ended !== undefined) throw brokerError(ended);
    return this.broker.metadata.apply(changes, absent);
  }

  /** The connection has ended: its exclusive queues go. */
  async leave(): Promise<void> {
    this.vhost.guests.delete(this.#guest);
    const own = this.vhost.queuesOf(this.connection);
    for (let at = 0; at < own.length; at += REMOVED_AT_ONCE) {
      if (at > 0) await this.broker.turn.next();
      if (this.vhost.ended !== undefined) return;
      const some = own.slice(at, at + REMOVED_AT_ONCE);
      await this.queues.remove(some.filter(({ isDeleted }) => !isDeleted));
    }
  }
}
