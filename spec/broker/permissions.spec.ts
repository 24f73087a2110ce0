import t from 'tap';
import type { Operation } from '../../lib/auth/permissions.js';
import type { AuthorizedVhost } from '../../lib/broker/authorized-vhost.js';
import { fromPlain } from '../../lib/wire/values.js';
import { ofKind, type Refusal } from './refusals.js';
import { bindingOf, exchangeOf, queueOf, TestBroker } from './test-broker.js';

/** What has to be allowed, as `operation kind name`, in the order in which it is asked. */
type Need = `${Operation} ${'queue' | 'exchange'} ${string}`;

interface Row {
  readonly does: string;
  readonly needs: readonly Need[];
  readonly run: (door: AuthorizedVhost) => unknown;
}

const deadLetters = fromPlain({ 'x-dead-letter-exchange': 'dlx' });
const toDefault = fromPlain({ 'x-dead-letter-exchange': '' });
const alternate = fromPlain({ 'alternate-exchange': 'ae' });

/** [RMQ access control]: the resource permission that each method asks for. */
const MATRIX: readonly Row[] = [
  {
    does: 'declares a queue',
    needs: ['configure queue new'],
    run: ({ queues }) => queues.declare(queueOf('new')),
  },
  {
    does: 'declares a queue that is there',
    needs: ['configure queue q'],
    run: ({ queues }) => queues.declare(queueOf('q')),
  },
  {
    does: 'declares a queue with a dead-letter exchange',
    needs: ['configure queue new', 'read queue new', 'write exchange dlx'],
    run: ({ queues }) => queues.declare(queueOf('new', { arguments: deadLetters })),
  },
  {
    does: 'declares a queue whose dead letters go to the default exchange',
    needs: ['configure queue new', 'read queue new', 'write exchange amq.default'],
    run: ({ queues }) => queues.declare(queueOf('new', { arguments: toDefault })),
  },
  {
    does: 'deletes a queue',
    needs: ['configure queue q'],
    run: ({ queues }) => queues.delete('q', false, false),
  },
  {
    does: 'deletes a queue that is not there',
    needs: ['configure queue nope'],
    run: ({ queues }) => queues.delete('nope', false, false),
  },
  {
    does: 'reads a queue (get, consume, purge)',
    needs: ['read queue q'],
    run: ({ queues }) => queues.readable('q'),
  },
  {
    does: 'binds a queue',
    needs: ['write queue q', 'read exchange x'],
    run: ({ queues }) => queues.bind(bindingOf('x', 'q')),
  },
  {
    does: 'unbinds a queue',
    needs: ['write queue q', 'read exchange x'],
    run: ({ queues }) => queues.unbind(bindingOf('x', 'q')),
  },
  {
    does: 'declares an exchange',
    needs: ['configure exchange new'],
    run: ({ exchanges }) => exchanges.declare(exchangeOf('new')),
  },
  {
    does: 'declares an exchange that is there',
    needs: ['configure exchange amq.direct'],
    run: ({ exchanges }) => exchanges.declare(exchangeOf('amq.direct')),
  },
  {
    does: 'declares an exchange with an alternate',
    needs: ['configure exchange new', 'read exchange new', 'write exchange ae'],
    run: ({ exchanges }) => exchanges.declare(exchangeOf('new', { arguments: alternate })),
  },
  {
    does: 'deletes an exchange',
    needs: ['configure exchange x'],
    run: ({ exchanges }) => exchanges.delete('x', false),
  },
  {
    does: 'binds an exchange',
    needs: ['write exchange y', 'read exchange x'],
    run: ({ exchanges }) => exchanges.bind(bindingOf('x', 'y')),
  },
  {
    does: 'unbinds an exchange',
    needs: ['write exchange y', 'read exchange x'],
    run: ({ exchanges }) => exchanges.unbind(bindingOf('x', 'y')),
  },
  {
    does: 'publishes',
    needs: ['write exchange x'],
    run: ({ publishing }) => publishing.route('x', 'q'),
  },
  {
    does: 'publishes to the default exchange',
    needs: ['write exchange amq.default'],
    run: ({ publishing }) => publishing.route('', 'q'),
  },
];

const OPERATIONS = ['configure', 'write', 'read'] as const;

/** Lets in a user who may do exactly what is needed, but for what is left out. */
async function enterWith(needs: readonly Need[], without?: Need): Promise<AuthorizedVhost> {
  const test = await TestBroker.open();
  const { queues, exchanges } = test.enter();
  await queues.declare(queueOf('q'));
  for (const name of ['x', 'y']) await exchanges.declare(exchangeOf(name));
  const patterns: Record<string, string> = {};
  for (const operation of OPERATIONS) {
    const names = needs.filter((need) => need !== without && need.startsWith(operation));
    patterns[operation] =
      names.map((need) => `^${need.split(' ')[2]?.replaceAll('.', '\\.')}$`).join('|') || '^$';
  }
  return test.enterAs('bob', patterns);
}

for (const { does, needs, run } of MATRIX) {
  void t.test(`who ${does} needs ${needs.join(', ')}, and nothing else`, async (t) => {
    await t.resolves(async () => run(await enterWith(needs)));
    for (const missing of needs) {
      const [, kind, name] = missing.split(' ');
      const door = await enterWith(needs, missing);
      await t.rejects(async () => run(door), {
        kind: 'accessRefused',
        code: 403,
        scope: 'channel',
        message: `ACCESS_REFUSED - access to ${kind} '${name}' in vhost '/' refused for user 'bob'`,
      });
    }
  });
}

void t.test('of several missing permissions the first in RabbitMQ’s order is named', async (t) => {
  for (const { needs, run } of MATRIX) {
    const [, kind, name] = needs[0]!.split(' ');
    const door = await enterWith([]);
    await t.rejects(async () => run(door), {
      message: `ACCESS_REFUSED - access to ${kind} '${name}' in vhost '/' refused for user 'bob'`,
    });
  }
});

void t.test('looking whether something is there needs any permission on it', async (t) => {
  for (const operation of OPERATIONS) {
    const door = await enterWith([`${operation} queue q`, `${operation} exchange x`]);
    t.equal(door.queues.check('q').name, 'q');
    t.equal(door.exchanges.check('x').name, 'x');
    t.throws(() => door.exchanges.check('y'), {
      message: "ACCESS_REFUSED - access to exchange 'y' in vhost '/' refused for user 'bob'",
    });
    t.throws(() => door.queues.check('r'), {
      message: "ACCESS_REFUSED - access to queue 'r' in vhost '/' refused for user 'bob'",
    });
  }
});

void t.test('a server-named queue needs its permission, too', async (t) => {
  const door = await enterWith([]);
  await t.rejects(door.queues.declare(queueOf('')), {
    message: /^ACCESS_REFUSED - access to queue 'amq\.gen-[\w-]{22}' in vhost '\/' refused for user 'bob'$/,
  });
});

void t.test('permissions that change hold from the next method on', async (t) => {
  const test = await TestBroker.open();
  await test.enter().queues.declare(queueOf('q'));
  const door = await test.enterAs('bob', { read: 'q', write: '.*' });
  t.equal(door.queues.readable('q').name, 'q');
  const known = door.publishing.route('', 'q');
  t.equal(door.publishing.isCurrent(known), true);
  await test.users.setPermissions('bob', '/', { configure: '', write: '', read: '' });
  t.throws(() => door.queues.readable('q'), ofKind('accessRefused'));
  t.equal(door.publishing.isCurrent(known), false);
  t.throws(() => door.publishing.route('', 'q'), ofKind('accessRefused'));
  await test.users.setPermissions('bob', '/', { configure: '', write: '', read: '.*' });
  t.equal(door.queues.readable('q').name, 'q');
  await test.users.clearPermissions('bob', '/');
  t.throws(() => door.queues.readable('q'), ofKind('accessRefused'));
});

void t.test('who is deleted may do nothing any more', async (t) => {
  const test = await TestBroker.open();
  await test.enter().queues.declare(queueOf('q'));
  const door = await test.enterAs('bob', { read: '.*' });
  await test.users.deleteUser('bob');
  t.throws(() => door.queues.readable('q'), ofKind('accessRefused'));
});

/** A door for one who may use keys of one letter with topic exchange `x`: written `w`, read `r`. */
async function enterTopics(): Promise<{ test: TestBroker; door: AuthorizedVhost }> {
  const test = await TestBroker.open();
  const { queues, exchanges } = test.enter();
  await queues.declare(queueOf('q'));
  for (const name of ['x', 'other']) await exchanges.declare(exchangeOf(name, { type: 'topic' }));
  await exchanges.declare(exchangeOf('d'));
  const door = await test.enterAs('bob', { configure: '.*', write: '.*', read: '.*' });
  for (const exchange of ['x', 'd'])
    await test.users.setTopicPermissions('bob', '/', exchange, { write: '^w$', read: '^r$' });
  return { test, door };
}

const topicRefusal = (key: string): Refusal => ({
  kind: 'topicRefused',
  code: 403,
  message: `ACCESS_REFUSED - access to topic '${key}' in exchange 'x' in vhost '/' refused for user 'bob'`,
});

void t.test('topic permissions limit the keys that are published', async (t) => {
  const { door } = await enterTopics();
  t.equal(door.publishing.route('x', 'w').exchange, 'x');
  t.throws(() => door.publishing.route('x', 'r'), topicRefusal('r'));
  const known = door.publishing.route('x', 'w');
  t.throws(() => door.publishing.routeBy(known, ['w', 'cc'], undefined), topicRefusal('cc'));
});

void t.test('and those that are bound and unbound', async (t) => {
  const { door } = await enterTopics();
  await door.queues.bind(bindingOf('x', 'q', { routingKey: 'r' }));
  await door.exchanges.bind(bindingOf('x', 'd', { routingKey: 'r' }));
  const other = { routingKey: 'w' };
  await t.rejects(door.queues.bind(bindingOf('x', 'q', other)), topicRefusal('w'));
  await t.rejects(door.queues.unbind(bindingOf('x', 'q', other)), topicRefusal('w'));
  await t.rejects(door.exchanges.bind(bindingOf('x', 'd', other)), topicRefusal('w'));
  await t.rejects(door.exchanges.unbind(bindingOf('x', 'd', other)), topicRefusal('w'));
});

void t.test('they mean nothing to other exchanges, of whatever type', async (t) => {
  const { door } = await enterTopics();
  t.equal(door.publishing.route('d', 'any').exchange, 'd');
  t.equal(door.publishing.route('other', 'any').exchange, 'other');
  await door.queues.bind(bindingOf('d', 'q', { routingKey: 'any' }));
});

void t.test('a new topic permission holds at once', async (t) => {
  const { test, door } = await enterTopics();
  const known = door.publishing.route('other', 'any');
  await test.users.setTopicPermissions('bob', '/', 'other', { write: '', read: '' });
  t.equal(door.publishing.isCurrent(known), false);
  t.throws(() => door.publishing.route('other', 'any'), ofKind('topicRefused'));
  await test.users.clearTopicPermissions('bob', '/', 'other');
  t.equal(door.publishing.route('other', 'any').exchange, 'other');
});
