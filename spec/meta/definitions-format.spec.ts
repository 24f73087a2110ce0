import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import t from 'tap';
import { ensureDefaults } from '../../lib/auth/default-definitions.js';
import { UserDirectory } from '../../lib/auth/user-directory.js';
import { bindingChange, exchangeChange, queueChange } from '../../lib/broker/definitions.js';
import { LevelMetadataStore } from '../../lib/meta/level-metadata-store.js';
import { EMPTY_TABLE, type FieldTable } from '../../lib/wire/values.js';

const DOCUMENT = readFileSync(new URL('../../../docs/storage-format.md', import.meta.url), 'utf8');
const PERMISSIONS = { configure: '.*', write: '.*', read: '^orders' };
const ARGUMENTS: FieldTable = new Map([['x-max-priority', { type: 'signedint', value: 5 }]]);
/** A salt of zeros, so that the example is the same every time. */
const PASSWORD_HASH = Buffer.alloc(36).toString('base64');

/** One definition of each kind, through the functions that the broker has for them. */
async function define(directory: string): Promise<void> {
  const store = await LevelMetadataStore.open(directory);
  await ensureDefaults(store, { vhost: '/', user: 'ann', pass: '', tags: [], permissions: PERMISSIONS });
  const users = await UserDirectory.open(store);
  await users.putUser({ name: 'ann', tags: ['monitoring'], passwordHash: PASSWORD_HASH });
  await users.setTopicPermissions('ann', '/', 'logs', { write: '^a', read: '.*' });
  const common = { durable: true, autoDelete: false };
  const exchange = { ...common, name: 'logs', type: 'topic', internal: false, arguments: EMPTY_TABLE };
  const id = 'mP3zC1e8Qd0hVt7K';
  const queue = {
    ...common,
    id,
    name: 'my orders',
    exclusive: false,
    owner: undefined,
    arguments: ARGUMENTS,
  };
  const ends = {
    source: 'logs',
    destination: 'my orders',
    destinationKind: 'queue',
    routingKey: 'a.#',
  } as const;
  await store.apply([exchangeChange('/', exchange), queueChange('/', queue)]);
  await store.apply([bindingChange('/', { ...ends, arguments: EMPTY_TABLE }, true)]);
  await store.apply([bindingChange('/', { ...ends, arguments: ARGUMENTS }, true)]);
  users.close();
  await store.close();
}

async function entriesIn(directory: string): Promise<string> {
  const level = new ClassicLevel(directory);
  await level.open();
  const entries = await level.iterator().all();
  await level.close();
  return entries.map(([key, value]) => `${key}\n    ${value}\n`).join('');
}

void t.test(
  'both databases hold what docs/storage-format.md says of a definition of each kind',
  async (t) => {
    const directory = join(t.testdir(), 'definitions');
    await define(directory);
    const [, documented] = /^```definitions\n([^]*?)^```$/m.exec(DOCUMENT) ?? [];
    t.equal(await entriesIn(directory), documented);
    t.equal(await entriesIn(join(directory, 'second')), documented);
  },
);
