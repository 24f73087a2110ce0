import { type MetadataStore, metaKey } from '../meta/metadata-store.js';
import { Permissions, type PermissionPatterns } from './permissions.js';
import { userChange } from './user-directory.js';

/** What a node that has nothing yet starts with: RabbitMQ's default_vhost, default_user and so on. */
export interface DefaultDefinitions {
  readonly vhost: string;
  readonly user: string;
  readonly pass: string;
  readonly tags: readonly string[];
  readonly permissions: PermissionPatterns;
}

/** Creates the vhost, the user and its permissions, but only where no user and no vhost exists. True if it did. */
export async function ensureDefaults(store: MetadataStore, defaults: DefaultDefinitions): Promise<boolean> {
  for (const kind of ['user/', 'vhost/']) {
    if ((await store.list(kind)).length > 0) return false;
  }
  const { vhost, user, pass, tags } = defaults;
  const { patterns } = new Permissions(defaults.permissions);
  const vhostKey = metaKey('vhost', vhost);
  const description = { name: vhost, description: '', tags: [], defaultQueueType: null };
  return store.apply(
    [
      { key: vhostKey, value: description, lifetime: 'durable' },
      userChange({ name: user, password: pass, tags }),
      { key: metaKey('permission', vhost, user), value: { ...patterns }, lifetime: 'durable' },
    ],
    [vhostKey, metaKey('user', user)],
  );
}
