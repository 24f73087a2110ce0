import type { Permissions } from '../auth/permissions.js';
import type { User, UserDirectory } from '../auth/user-directory.js';
import type { Clock } from '../base/clock.js';
import { brokerError } from '../base/errors.js';
import type { Turn } from '../base/turn.js';
import {
  type Change,
  type JsonValue,
  metaKey,
  type MetadataStore,
  splitMetaKey,
} from '../meta/metadata-store.js';
import type { Entry } from '../store/entry.js';
import type { MessageStore } from '../store/message-store.js';
import { AbandonedQueues } from './abandoned-queues.js';
import { Alarms } from './alarms.js';
import { AuthorizedVhost } from './authorized-vhost.js';
import { DeadLetterer } from './dead-letterer.js';
import { deletion, VHOST_KINDS, vhostKey } from './definitions.js';
import { ReplyRegistry } from './direct-reply.js';
import { Dispatcher } from './dispatcher.js';
import type { CommitListener, Facilities } from './facilities.js';
import type { Guest } from './guest.js';
import type { MessageCodec } from './message-codec.js';
import type { DeadLetterReason, Queue, QueueEvents, QueuePorts } from './queue.js';
import { Removal } from './removal.js';
import { Vhost } from './vhost.js';

export interface BrokerPorts {
  readonly metadata: MetadataStore;
  readonly messages: MessageStore;
  readonly users: UserDirectory;
  readonly clock: Clock;
  readonly turn: Turn;
  readonly codec: MessageCodec;
  /** A definition could not be changed in the background; the message says which. */
  readonly failed: (error: unknown) => void;
}

const NONE: readonly string[] = [];

/** All vhosts of one node, kept equal to the definitions in the metadata store. */
export class Broker implements QueueEvents, Facilities {
  readonly metadata: MetadataStore;
  readonly messages: MessageStore;
  readonly users: UserDirectory;
  readonly clock: Clock;
  readonly turn: Turn;
  readonly codec: MessageCodec;
  readonly dispatcher: Dispatcher;
  readonly replies = new ReplyRegistry();
  readonly alarms = new Alarms();
  readonly #deadLetterer: DeadLetterer;
  readonly #abandoned: AbandonedQueues;
  readonly #failed: (error: unknown) => void;
  readonly #queuePorts: QueuePorts & { isRecovering: boolean };
  readonly #vhosts = new Map<string, Vhost>();
  #waiting = new Set<CommitListener>();
  #unwatch = (): void => {};

  private constructor(ports: BrokerPorts) {
    this.metadata = ports.metadata;
    this.messages = ports.messages;
    this.users = ports.users;
    this.clock = ports.clock;
    this.turn = ports.turn;
    this.codec = ports.codec;
    this.#failed = ports.failed;
    this.dispatcher = new Dispatcher(ports.turn);
    this.#queuePorts = { messages: ports.messages, clock: ports.clock, events: this, isRecovering: true };
    this.#deadLetterer = new DeadLetterer(ports.turn, ports.messages, ports.codec, ports.clock, (name) =>
      this.#vhosts.get(name),
    );
    this.#abandoned = new AbandonedQueues(ports.turn, (queue) => this.#remove(queue));
    ports.messages.onCommitted(() => this.#tellCommitted());
  }

  /** Brings up everything that is defined. Nothing else may change the definitions meanwhile. */
  static async open(ports: BrokerPorts): Promise<Broker> {
    const broker = new Broker(ports);
    const orphans: string[] = [];
    for (const prefix of ['vhost/', 'exchange/', 'queue/', 'binding/']) {
      for (const [key, value] of await ports.metadata.list(prefix))
        orphans.push(...broker.#apply(key, value));
    }
    if (orphans.length > 0) await ports.metadata.apply(orphans.map((key) => deletion(key, true)));
    await ports.messages.recovered();
    broker.#queuePorts.isRecovering = false;
    broker.#unwatch = ports.metadata.watch((changes) => broker.#follow(changes));
    return broker;
  }

  vhost(name: string): Vhost | undefined {
    return this.#vhosts.get(name);
  }

  vhosts(): IterableIterator<Vhost> {
    return this.#vhosts.values();
  }

  waitForCommit(listener: CommitListener): void {
    this.#waiting.add(listener);
  }

  /** False: it was there already. */
  async createVhost(name: string): Promise<boolean> {
    const key = vhostKey(name);
    const value = { name, description: '', tags: [], defaultQueueType: null };
    return this.metadata.apply([{ key, value, lifetime: 'durable' }], [key]);
  }

  /** Deletes the vhost, all that is in it and all permissions for it. False: there is none of that name. */
  async deleteVhost(name: string): Promise<boolean> {
    if (!this.#vhosts.has(name)) return false;
    const keys = [vhostKey(name)];
    for (const kind of VHOST_KINDS) {
      for (const [key] of await this.metadata.list(`${metaKey(kind, name)}/`)) keys.push(key);
    }
    return this.metadata.apply(keys.map((key) => deletion(key, true)));
  }

  /** What `user` may reach in the vhost, on behalf of `guest`. Throws vhostNotFound, vhostRefused. */
  enter(name: string, user: User, guest: Guest): AuthorizedVhost {
    const vhost = this.#vhosts.get(name);
    if (vhost === undefined) throw brokerError('vhostNotFound', name);
    const permissions: Permissions | undefined = this.users.permissions(user.name, name);
    if (permissions === undefined) throw brokerError('vhostRefused', name, user.name);
    return new AuthorizedVhost(this, vhost, user, guest);
  }

  ready(queue: Queue): void {
    this.dispatcher.ready(queue);
  }

  deadLetter(queue: Queue, entry: Entry, reason: DeadLetterReason): void {
    this.#deadLetterer.add(queue, entry, reason);
  }

  abandoned(queue: Queue): void {
    this.#abandoned.add(queue);
  }

  /** Stops following the definitions and stops every timer. The ports stay open. */
  close(): void {
    this.#unwatch();
    this.#deadLetterer.close();
    for (const vhost of this.#vhosts.values()) vhost.stop();
  }

  #remove(queue: Queue): void {
    const vhost = this.#vhosts.get(queue.vhost);
    if (vhost === undefined) return;
    this.metadata.apply(new Removal(vhost).queue(queue).changes).catch(this.#failed);
  }

  #tellCommitted(): void {
    this.#deadLetterer.committed();
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const listener of waiting) listener.committed();
  }

  /** Two transactions that knew nothing of each other may leave definitions behind that belong to nothing: those go. */
  #follow(changes: readonly Change[]): void {
    const orphans = changes.flatMap(({ key, value }) => this.#apply(key, value));
    if (orphans.length === 0) return;
    this.metadata.apply(orphans.map((key) => deletion(key, true))).catch(this.#failed);
  }

  /** Returns the keys of what belongs to nothing any more. */
  #apply(key: string, value: JsonValue | undefined): readonly string[] {
    const segments = splitMetaKey(key);
    const [kind, name = ''] = segments;
    if (kind === 'vhost') this.#applyVhost(name, value);
    else if (kind === 'exchange' || kind === 'queue' || kind === 'binding') {
      const vhost = this.#vhosts.get(name);
      if (vhost !== undefined) return vhost.apply(key, segments, value);
      if (value !== undefined) return [key];
    }
    return NONE;
  }

  #applyVhost(name: string, value: JsonValue | undefined): void {
    const existing = this.#vhosts.get(name);
    if (value === undefined) {
      this.#vhosts.delete(name);
      existing?.delete();
    } else if (existing === undefined) {
      this.#vhosts.set(name, new Vhost(name, this.#queuePorts));
    }
  }
}
