import { test } from 'tap';
import { hashPassword } from '../../lib/auth/password-hash.js';
import { UserDirectory } from '../../lib/auth/user-directory.js';
import { MemoryMetadataStore } from '../../lib/meta/memory-metadata-store.js';
import { metaKey } from '../../lib/meta/metadata-store.js';

const ALL = { configure: '.*', write: '.*', read: '.*' };

async function start(): Promise<{ store: MemoryMetadataStore; users: UserDirectory }> {
  const store = new MemoryMetadataStore();
  for (const name of ['/', 'a/b']) {
    await store.apply([{ key: metaKey('vhost', name), value: { name }, lifetime: 'durable' }]);
  }
  const users = await UserDirectory.open(store);
  await users.putUser({ name: 'ann', password: 'secret', tags: ['monitoring'] });
  return { store, users };
}

void test('a user logs in with its password, as text or bytes', async (t) => {
  const { users } = await start();
  t.match(users.authenticate('ann', 'secret'), { name: 'ann', tags: ['monitoring'] });
  t.equal(users.authenticate('ann', Buffer.from('secret')), users.user('ann'));
});

void test('nobody logs in with a wrong or empty password, or as somebody who is not there', async (t) => {
  const { users } = await start();
  await users.putUser({ name: 'open', password: '', tags: [] });
  await users.putUser({ name: 'none', tags: [] });
  t.equal(users.authenticate('ann', 'Secret'), undefined);
  t.equal(users.authenticate('ann', ''), undefined);
  t.equal(users.authenticate('open', ''), undefined);
  t.equal(users.authenticate('none', ''), undefined);
  t.equal(users.authenticate('none', 'nobody'), undefined);
  t.equal(users.authenticate('nobody', 'nobody'), undefined);
});

void test('a user can be put with a hash of any algorithm', async (t) => {
  const { users } = await start();
  const algorithm = 'rabbit_password_hashing_sha512';
  const passwordHash = hashPassword('pw', algorithm);
  await users.putUser({ name: 'bob', passwordHash, hashingAlgorithm: algorithm, tags: [] });
  t.match(users.authenticate('bob', 'pw'), { name: 'bob', passwordHash, hashingAlgorithm: algorithm });
});

void test('a bad hash and an unknown algorithm change nothing', async (t) => {
  const { users } = await start();
  const bad = [
    users.putUser({ name: 'ann', passwordHash: '!', tags: [] }),
    users.putUser({ name: 'ann', password: 'x', hashingAlgorithm: 'rot13', tags: [] }),
  ];
  const kinds = (await Promise.allSettled(bad)).map(
    (outcome) => outcome.status === 'rejected' && outcome.reason.kind,
  );
  t.strictSame(kinds, ['invalid_password_hash', 'unknown_hashing_algorithm']);
  t.ok(users.authenticate('ann', 'secret'));
});

void test('putting a user again replaces password and tags and leaves the permissions', async (t) => {
  const { users } = await start();
  await users.setPermissions('ann', '/', ALL);
  await users.putUser({ name: 'ann', password: 'new', tags: [] });
  t.equal(users.authenticate('ann', 'secret'), undefined);
  t.match(users.authenticate('ann', 'new'), { tags: [] });
  t.ok(users.permissions('ann', '/'));
});

void test('permissions are those of one user in one vhost', async (t) => {
  const { users } = await start();
  await users.setPermissions('ann', 'a/b', { ...ALL, write: '^mine' });
  t.equal(users.permissions('ann', 'a/b')?.allows('write', 'mine'), true);
  t.equal(users.permissions('ann', 'a/b')?.allows('write', 'yours'), false);
  t.equal(users.permissions('ann', '/'), undefined);
  t.equal(users.permissions('bob', 'a/b'), undefined);
  t.equal(users.permissions('ann', 'a/b'), users.permissions('ann', 'a/b'));
  t.strictSame(users.listPermissions(), [
    { user: 'ann', vhost: 'a/b', configure: '.*', write: '^mine', read: '.*' },
  ]);
  await users.clearPermissions('ann', 'a/b');
  t.equal(users.permissions('ann', 'a/b'), undefined);
});

void test('permissions need a user, a vhost and patterns that compile', async (t) => {
  const { users } = await start();
  await t.rejects(users.setPermissions('bob', '/', ALL), {
    name: 'AuthError',
    kind: 'no_such_user',
    message: "user 'bob' does not exist",
  });
  await t.rejects(users.setPermissions('ann', 'x', ALL), {
    name: 'AuthError',
    kind: 'no_such_vhost',
    message: "vhost 'x' does not exist",
  });
  await t.rejects(users.setPermissions('ann', '/', { ...ALL, read: '(' }), {
    name: 'AuthError',
    kind: 'invalid_pattern',
  });
  await t.rejects(users.setTopicPermissions('bob', '/', 'x', ALL), {
    name: 'AuthError',
    kind: 'no_such_user',
  });
  await t.rejects(users.setTopicPermissions('ann', 'x', 'x', ALL), {
    name: 'AuthError',
    kind: 'no_such_vhost',
  });
  await t.rejects(users.setTopicPermissions('ann', '/', 'x', { write: '(', read: '' }), {
    name: 'AuthError',
    kind: 'invalid_pattern',
  });
  t.strictSame(users.listPermissions(), []);
});

void test('topic permissions are those of one exchange, and absent ones are undefined', async (t) => {
  const { users } = await start();
  t.equal(users.topicPermissions('ann', '/', 'amq.topic'), undefined);
  await users.setTopicPermissions('ann', '/', 'amq.topic', { write: '^{username}', read: '.*' });
  await users.setTopicPermissions('ann', '/', 'other', { write: '', read: '' });
  t.equal(users.topicPermissions('ann', '/', 'amq.topic')?.allows('write', 'ann.x'), true);
  t.equal(users.topicPermissions('ann', '/', 'amq.topic')?.allows('write', 'bob.x'), false);
  t.equal(users.topicPermissions('ann', '/', 'x'), undefined);
  t.strictSame(users.listTopicPermissions(), [
    { user: 'ann', vhost: '/', exchange: 'amq.topic', write: '^{username}', read: '.*' },
    { user: 'ann', vhost: '/', exchange: 'other', write: '', read: '' },
  ]);
  await users.clearTopicPermissions('ann', '/', 'amq.topic');
  t.equal(users.listTopicPermissions().length, 1);
  await users.clearTopicPermissions('ann', '/');
  t.equal(users.listTopicPermissions().length, 0);
});

void test('a user goes with all its permissions, and they do not come back with the name', async (t) => {
  const { store, users } = await start();
  await users.putUser({ name: 'bob', tags: [] });
  for (const name of ['ann', 'bob']) {
    await users.setPermissions(name, '/', ALL);
    await users.setTopicPermissions(name, 'a/b', 'x', ALL);
  }
  t.equal(await users.deleteUser('ann'), true);
  t.equal(await users.deleteUser('ann'), false);
  await users.putUser({ name: 'ann', tags: [] });
  t.equal(users.permissions('ann', '/'), undefined);
  t.equal(users.topicPermissions('ann', 'a/b', 'x'), undefined);
  t.ok(users.permissions('bob', '/'));
  t.equal((await store.list('permission/')).length, 1);
});

void test('permissions that are set while their user is being deleted are refused', async (t) => {
  const { users } = await start();
  const deleted = users.deleteUser('ann');
  await t.rejects(users.setPermissions('ann', '/', ALL), { name: 'AuthError', kind: 'no_such_user' });
  t.equal(await deleted, true);
});

void test('the version grows with every change of users or permissions and with nothing else', async (t) => {
  const { store, users } = await start();
  const changes = [
    () => users.putUser({ name: 'ann', tags: [] }),
    () => users.setPermissions('ann', '/', ALL),
    () => users.setTopicPermissions('ann', '/', 'x', ALL),
    () => users.clearTopicPermissions('ann', '/'),
    () => users.clearPermissions('ann', '/'),
    () => users.deleteUser('ann'),
  ];
  for (const change of changes) {
    const before = users.version;
    await change();
    t.equal(users.version, before + 1);
  }
  const before = users.version;
  await store.apply([{ key: metaKey('queue', '/', 'q'), value: {}, lifetime: 'durable' }]);
  t.equal(users.version, before);
});

void test('a directory that is opened later, or beside, has the same users', async (t) => {
  const { store, users } = await start();
  await users.setPermissions('ann', '/', ALL);
  await users.setTopicPermissions('ann', '/', 'x', ALL);
  const other = await UserDirectory.open(store);
  t.strictSame(other.listUsers(), users.listUsers());
  t.strictSame(other.listPermissions(), users.listPermissions());
  t.strictSame(other.listTopicPermissions(), users.listTopicPermissions());
  await users.putUser({ name: 'bob', tags: [] });
  t.ok(other.user('bob'));
  other.close();
  await users.deleteUser('bob');
  t.ok(other.user('bob'), 'a closed one follows no more');
});

void test('what changes while a directory is being opened is not overwritten by what was listed before', async (t) => {
  const { store, users } = await start();
  const opening = UserDirectory.open(store);
  await users.deleteUser('ann');
  await users.putUser({ name: 'bob', tags: [] });
  const opened = await opening;
  t.equal(opened.user('ann'), undefined);
  t.ok(opened.user('bob'));
});

void test('a stored definition of the wrong shape is a broken invariant that names its key', async (t) => {
  const shapes: [string, null | { tags: never[] }][] = [
    ['user/x', null],
    ['user/x', { tags: [] }],
    ['permission/%2F/x', { tags: [] }],
    ['topic-permission/%2F/x/y', null],
  ];
  for (const [key, value] of shapes) {
    const { store } = await start();
    await t.rejects(store.apply([{ key, value, lifetime: 'durable' }]), {
      name: 'InvariantError',
      message: new RegExp(`^invariant broken: ${key} `),
    });
  }
});
