import { test } from 'tap';
import { type DefaultDefinitions, ensureDefaults } from '../../lib/auth/default-definitions.js';
import { UserDirectory } from '../../lib/auth/user-directory.js';
import { MemoryMetadataStore } from '../../lib/meta/memory-metadata-store.js';
import { metaKey } from '../../lib/meta/metadata-store.js';

const GUEST: DefaultDefinitions = {
  vhost: '/',
  user: 'guest',
  pass: 'guest',
  tags: ['administrator'],
  permissions: { configure: '.*', write: '^w', read: '.*' },
};

void test('an empty store gets the vhost, the user and its permissions', async (t) => {
  const store = new MemoryMetadataStore();
  t.equal(await ensureDefaults(store, GUEST), true);
  const users = await UserDirectory.open(store);
  t.match(users.authenticate('guest', 'guest'), { tags: ['administrator'] });
  t.equal(users.permissions('guest', '/')?.allows('write', 'w1'), true);
  t.equal(users.permissions('guest', '/')?.allows('write', 'x'), false);
  t.strictSame(await store.get(metaKey('vhost', '/')), {
    name: '/',
    description: '',
    tags: [],
    defaultQueueType: null,
  });
});

void test('a store that has a user or a vhost is left alone', async (t) => {
  for (const key of [metaKey('user', 'ann'), metaKey('vhost', 'v')]) {
    const store = new MemoryMetadataStore();
    await store.apply([{ key, value: {}, lifetime: 'durable' }]);
    t.equal(await ensureDefaults(store, GUEST), false);
    t.strictSame(await store.list(''), [[key, {}]]);
  }
});

void test('of two that seed at the same time, one does', async (t) => {
  const store = new MemoryMetadataStore();
  const answers = await Promise.all([
    ensureDefaults(store, GUEST),
    ensureDefaults(store, { ...GUEST, pass: 'x' }),
  ]);
  t.strictSame(answers, [true, false]);
});

void test('permissions that do not compile are refused before anything is written', async (t) => {
  const store = new MemoryMetadataStore();
  const permissions = { ...GUEST.permissions, read: '(' };
  await t.rejects(ensureDefaults(store, { ...GUEST, permissions }), {
    name: 'AuthError',
    kind: 'invalid_pattern',
  });
  t.strictSame(await store.list(''), []);
});
