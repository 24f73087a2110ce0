import {
  type Change,
  metaKey,
  type JsonValue,
  type MetadataStore,
  splitMetaKey,
} from '../meta/metadata-store.js';
import { AuthError } from './auth-error.js';
import {
  checkPasswordHash,
  DEFAULT_HASHING_ALGORITHM,
  hashingAlgorithm,
  hashPassword,
  verifyPassword,
} from './password-hash.js';
import { type PermissionPatterns, Permissions } from './permissions.js';
import { storedPermissions, storedTopicPermissions, storedUser, type User } from './stored-values.js';
import { type TopicPermissionPatterns, TopicPermissions } from './topic-permissions.js';

export type { User } from './stored-values.js';

/** Give `password`, or `passwordHash` with its algorithm, or neither for a user who has no password. */
export interface NewUser {
  readonly name: string;
  readonly tags: readonly string[];
  readonly password?: string | Buffer;
  readonly passwordHash?: string;
  readonly hashingAlgorithm?: string;
}

export interface PermissionEntry extends PermissionPatterns {
  readonly user: string;
  readonly vhost: string;
}

export interface TopicPermissionEntry extends TopicPermissionPatterns {
  readonly user: string;
  readonly vhost: string;
  readonly exchange: string;
}

/** Checked against when there is no such user, so that the answer does not come sooner. */
const NOBODY_HASH = hashPassword('nobody');

/** Users and what they may do, kept in memory by a watch on the store, so that reads are plain calls. */
export class UserDirectory {
  readonly #store: MetadataStore;
  readonly #users = new Map<string, User>();
  readonly #permissions = new Map<string, Permissions>();
  readonly #topicPermissions = new Map<string, TopicPermissions>();
  #version = 0;
  #lastMutation: Promise<unknown> = Promise.resolve();
  #unwatch = () => {};

  private constructor(store: MetadataStore) {
    this.#store = store;
  }

  static async open(store: MetadataStore): Promise<UserDirectory> {
    const directory = new UserDirectory(store);
    await directory.#load();
    return directory;
  }

  /** Grows with every change of users or permissions: what was derived from an older version is void. */
  get version(): number {
    return this.#version;
  }

  user(name: string): User | undefined {
    return this.#users.get(metaKey('user', name));
  }

  /** Undefined for an unknown user, a wrong password, an empty password, or a user who has none. */
  authenticate(name: string, password: string | Buffer): User | undefined {
    const user = this.user(name);
    const hash = user?.passwordHash || NOBODY_HASH;
    const matches = verifyPassword(password, hash, user?.hashingAlgorithm ?? DEFAULT_HASHING_ALGORITHM);
    if (!matches || password.length === 0 || hash === NOBODY_HASH) return undefined;
    return user;
  }

  /** Undefined: no access to the vhost at all. The same object is returned until the permissions change. */
  permissions(user: string, vhost: string): Permissions | undefined {
    return this.#permissions.get(metaKey('permission', vhost, user));
  }

  /** Undefined: every routing key is allowed. */
  topicPermissions(user: string, vhost: string, exchange: string): TopicPermissions | undefined {
    if (this.#topicPermissions.size === 0) return undefined;
    return this.#topicPermissions.get(metaKey('topic-permission', vhost, user, exchange));
  }

  listUsers(): readonly User[] {
    return [...this.#users.values()];
  }

  listPermissions(): readonly PermissionEntry[] {
    return [...this.#permissions].map(([key, { patterns }]) => {
      const [, vhost = '', user = ''] = splitMetaKey(key);
      return { user, vhost, ...patterns };
    });
  }

  listTopicPermissions(): readonly TopicPermissionEntry[] {
    return [...this.#topicPermissions].map(([key, { patterns }]) => {
      const [, vhost = '', user = '', exchange = ''] = splitMetaKey(key);
      return { user, vhost, exchange, ...patterns };
    });
  }

  /** Creates the user, or replaces its password and tags; its permissions stay. */
  async putUser(user: NewUser): Promise<void> {
    const change = userChange(user);
    await this.#inTurn(() => this.#store.apply([change]));
  }

  /** Deletes the user with its permissions; false if there is none of that name. */
  async deleteUser(name: string): Promise<boolean> {
    return this.#inTurn(async () => {
      if (!this.#users.has(metaKey('user', name))) return false;
      const keys = [...this.#permissions.keys(), ...this.#topicPermissions.keys()];
      const own = keys.filter((key) => splitMetaKey(key)[2] === name);
      return this.#store.apply([metaKey('user', name), ...own].map(deletion));
    });
  }

  async setPermissions(user: string, vhost: string, patterns: PermissionPatterns): Promise<void> {
    const { patterns: value } = new Permissions(patterns);
    await this.#inTurn(async () => {
      await this.#requireUserAndVhost(user, vhost);
      await this.#store.apply([setting(metaKey('permission', vhost, user), { ...value })]);
    });
  }

  /** Takes away the access to the vhost. */
  async clearPermissions(user: string, vhost: string): Promise<void> {
    await this.#inTurn(() => this.#store.apply([deletion(metaKey('permission', vhost, user))]));
  }

  async setTopicPermissions(
    user: string,
    vhost: string,
    exchange: string,
    patterns: TopicPermissionPatterns,
  ): Promise<void> {
    const { patterns: value } = new TopicPermissions(patterns, user, vhost);
    await this.#inTurn(async () => {
      await this.#requireUserAndVhost(user, vhost);
      await this.#store.apply([setting(metaKey('topic-permission', vhost, user, exchange), { ...value })]);
    });
  }

  /** Without `exchange`: those of every exchange of the vhost. */
  async clearTopicPermissions(user: string, vhost: string, exchange?: string): Promise<void> {
    await this.#inTurn(async () => {
      const own = [...this.#topicPermissions.keys()].filter((key) => {
        const [, ofVhost, ofUser, ofExchange] = splitMetaKey(key);
        return ofVhost === vhost && ofUser === user && (exchange === undefined || ofExchange === exchange);
      });
      await this.#store.apply(own.map(deletion));
    });
  }

  /** Ends the watch; the store stays open. */
  close(): void {
    this.#unwatch();
  }

  async #load(): Promise<void> {
    // What the watch tells meanwhile is newer than what the lists show.
    const told = new Set<string>();
    const stop = this.#store.watch((changes) => changes.forEach(({ key }) => told.add(key)));
    this.#unwatch = this.#store.watch((changes) => this.#follow(changes));
    for (const prefix of ['user/', 'permission/', 'topic-permission/']) {
      for (const [key, value] of await this.#store.list(prefix)) {
        if (!told.has(key)) this.#set(key, value);
      }
    }
    stop();
  }

  #follow(changes: readonly Change[]): void {
    let touched = false;
    for (const { key, value } of changes) touched = this.#set(key, value) || touched;
    if (touched) this.#version += 1;
  }

  /** False when the key is not one of the directory's. */
  #set(key: string, value: JsonValue | undefined): boolean {
    const kind = key.slice(0, key.indexOf('/'));
    if (kind === 'user') put(this.#users, key, value, storedUser);
    else if (kind === 'permission') put(this.#permissions, key, value, storedPermissions);
    else if (kind === 'topic-permission') put(this.#topicPermissions, key, value, storedTopicPermissions);
    else return false;
    return true;
  }

  /** Mutations read before they write, so they take turns. */
  #inTurn<T>(mutation: () => Promise<T>): Promise<T> {
    const result = this.#lastMutation.then(mutation);
    this.#lastMutation = result.catch(() => {});
    return result;
  }

  async #requireUserAndVhost(user: string, vhost: string): Promise<void> {
    if (!this.#users.has(metaKey('user', user)))
      throw new AuthError('no_such_user', `user '${user}' does not exist`);
    if ((await this.#store.get(metaKey('vhost', vhost))) === undefined) {
      throw new AuthError('no_such_vhost', `vhost '${vhost}' does not exist`);
    }
  }
}

/** Throws {@link AuthError} for a bad hash or algorithm. */
export function userChange(user: NewUser): Change {
  const algorithm = hashingAlgorithm(user.hashingAlgorithm ?? DEFAULT_HASHING_ALGORITHM);
  const passwordHash =
    user.password === undefined ? (user.passwordHash ?? '') : hashPassword(user.password, algorithm);
  checkPasswordHash(passwordHash);
  const { name, tags } = user;
  return setting(metaKey('user', name), { name, tags: [...tags], passwordHash, hashingAlgorithm: algorithm });
}

function setting(key: string, value: JsonValue): Change {
  return { key, value, lifetime: 'durable' };
}

function deletion(key: string): Change {
  return { key, value: undefined, lifetime: 'durable' };
}

function put<T>(
  map: Map<string, T>,
  key: string,
  value: JsonValue | undefined,
  read: (key: string, value: JsonValue) => T,
): void {
  if (value === undefined) map.delete(key);
  else map.set(key, read(key, value));
}
