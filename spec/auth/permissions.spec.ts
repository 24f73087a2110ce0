import { test } from 'tap';
import { Permissions } from '../../lib/auth/permissions.js';
import { TopicPermissions } from '../../lib/auth/topic-permissions.js';

void test('each operation has its own pattern', async (t) => {
  const permissions = new Permissions({ configure: '^mine-', write: 'orders', read: '.*' });
  t.equal(permissions.allows('configure', 'mine-1'), true);
  t.equal(permissions.allows('configure', 'orders'), false);
  t.equal(permissions.allows('write', 'my orders'), true);
  t.equal(permissions.allows('write', 'mine-1'), false);
  t.equal(permissions.allows('read', 'mine-1'), true);
});

void test('an answer is the same when it is asked for again', async (t) => {
  const permissions = new Permissions({ configure: 'a', write: '', read: 'b' });
  for (let round = 0; round < 2; round++) {
    t.equal(permissions.allows('configure', 'ab'), true);
    t.equal(permissions.allows('write', 'ab'), false);
    t.equal(permissions.allows('read', 'ab'), true);
    t.equal(permissions.allows('read', 'a'), false);
  }
});

void test('an empty pattern allows no name but the empty one', async (t) => {
  const permissions = new Permissions({ configure: '', write: '', read: '' });
  t.equal(permissions.allows('write', 'q'), false);
  t.equal(permissions.allows('write', ''), true);
});

void test('any number of names leaves a bounded memory of them', async (t) => {
  const permissions = new Permissions({ configure: '1$', write: '', read: '' });
  for (let n = 0; n < 20_000; n++) t.equal(permissions.allows('configure', `q${n}`), n % 10 === 1);
  t.ok(permissions.memoSize <= 4096, `${permissions.memoSize} names`);
});

void test('a pattern that cannot be compiled is refused', async (t) => {
  t.throws(() => new Permissions({ configure: '.*', write: '(', read: '.*' }), {
    name: 'AuthError',
    kind: 'invalid_pattern',
  });
  t.throws(() => new TopicPermissions({ write: '.*', read: '(' }, 'u', 'v'), {
    name: 'AuthError',
    kind: 'invalid_pattern',
  });
});

void test('topic permissions are asked with the routing key, for writing and reading apart', async (t) => {
  const topics = new TopicPermissions({ write: String.raw`^prices\.`, read: '' }, 'u', 'v');
  t.equal(topics.allows('write', 'prices.eur'), true);
  t.equal(topics.allows('write', 'news'), false);
  t.equal(topics.allows('read', 'prices.eur'), false);
});

void test("placeholders stand for the user's name and vhost, taken literally", async (t) => {
  const topics = new TopicPermissions(
    { write: '^{username}-{vhost}-{client_id}$', read: '^{username}$' },
    'a.b',
    '/',
  );
  t.equal(topics.allows('write', 'a.b-/-{client_id}'), true);
  t.equal(topics.allows('read', 'a.b'), true);
  t.equal(topics.allows('read', 'aXb'), false);
});
