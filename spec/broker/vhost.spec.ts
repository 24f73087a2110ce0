import t from 'tap';
import { ManualClock } from '../../lib/base/clock.js';
import {
  bindingChange,
  bindingKey,
  deletion,
  exchangeChange,
  queueChange,
  queueKey,
} from '../../lib/broker/definitions.js';
import type { QueueDefinition } from '../../lib/broker/queue.js';
import { Vhost } from '../../lib/broker/vhost.js';
import { type Change, splitMetaKey } from '../../lib/meta/metadata-store.js';
import { EMPTY_TABLE, fromPlain } from '../../lib/wire/values.js';
import { bindingOf, exchangeOf } from './test-broker.js';
import { TestMessageStore } from './test-message-store.js';

const events = { ready: (): void => {}, deadLetter: (): void => {}, abandoned: (): void => {} };

function vhostOf(...changes: readonly Change[]): Vhost {
  const vhost = new Vhost('/', {
    messages: new TestMessageStore(),
    clock: new ManualClock(),
    events,
    isRecovering: false,
  });
  for (const change of changes) apply(vhost, change);
  return vhost;
}

const apply = (vhost: Vhost, { key, value }: Change): readonly string[] =>
  vhost.apply(key, splitMetaKey(key), value);

function queue(name: string, args = EMPTY_TABLE): Change {
  const flags = { durable: true, exclusive: false, autoDelete: false, owner: undefined };
  const definition: QueueDefinition = { id: `id of ${name}`, name, ...flags, arguments: args };
  return queueChange('/', definition);
}

const binding = { ...bindingOf('x', 'q', { routingKey: 'k' }), destinationKind: 'queue' as const };
const key = bindingKey('/', binding);
const [x, q, xq] = [exchangeChange('/', exchangeOf('x')), queue('q'), bindingChange('/', binding, true)];

void t.test('definitions become exchanges, queues and bindings', async (t) => {
  const vhost = vhostOf(x, q, xq);
  const [source, destination] = [vhost.exchange('x'), vhost.queue('q')];
  t.match(vhost.binding(key), { key, routingKey: 'k' });
  t.equal(vhost.binding(key)?.source, source);
  t.equal(vhost.binding(key)?.destination, destination);
  t.same([[...source!.outgoing.keys()], [...destination!.incoming.keys()]], [[key], [key]]);
  t.same([...vhost.bindings()].length, 1);
});

void t.test('applying one again changes nothing', async (t) => {
  const vhost = vhostOf(x, q, xq);
  const [exchange, known, bound] = [vhost.exchange('x'), vhost.queue('q'), vhost.binding(key)];
  for (const change of [x, q, xq]) t.same(apply(vhost, change), []);
  t.equal(vhost.exchange('x'), exchange);
  t.equal(vhost.queue('q'), known);
  t.equal(vhost.binding(key), bound);
});

void t.test('so does deleting what is not there', async (t) => {
  const vhost = vhostOf();
  for (const { key: gone } of [x, q, xq]) t.same(apply(vhost, deletion(gone, true)), []);
});

void t.test('every change makes what was routed before it void', async (t) => {
  const vhost = vhostOf();
  const versions = [vhost.version];
  for (const change of [x, q, xq, deletion(key, true), deletion(q.key, true)]) {
    apply(vhost, change);
    versions.push(vhost.version);
  }
  t.equal(new Set(versions).size, versions.length);
});

void t.test('a binding without its ends is told of', async (t) => {
  t.same(apply(vhostOf(), xq), [key]);
  t.same(apply(vhostOf(x), xq), [key]);
  t.same(apply(vhostOf(q), xq), [key]);
});

void t.test(
  'an end that goes takes its bindings along, and tells of those that were not deleted before',
  async (t) => {
    for (const end of [x, q]) {
      const vhost = vhostOf(x, q, xq);
      t.same(apply(vhost, deletion(end.key, true)), [key]);
      t.equal(vhost.binding(key), undefined);
      t.equal(vhost.exchange('x')?.outgoing.size ?? 0, 0);
      t.equal(vhost.queue('q')?.incoming.size ?? 0, 0);
    }
    const orderly = vhostOf(x, q, xq, deletion(key, true));
    t.same(apply(orderly, deletion(x.key, true)), []);
  },
);

void t.test('a binding of an exchange to itself is told of once', async (t) => {
  const self = { ...bindingOf('x', 'x'), destinationKind: 'exchange' as const };
  const vhost = vhostOf(x, bindingChange('/', self, true));
  t.same(apply(vhost, deletion(x.key, true)), [bindingKey('/', self)]);
});

void t.test('a queue that is defined anew under its old name is another one', async (t) => {
  const vhost = vhostOf(q);
  const before = vhost.queue('q');
  apply(vhost, deletion(queueKey('/', 'q'), true));
  t.equal(before?.isDeleted, true);
  apply(vhost, queue('q', fromPlain({ 'x-max-priority': 1 })));
  t.equal(vhost.queue('q')?.options.maxPriority, 1);
});

void t.test('a deleted vhost has nothing any more and says so', async (t) => {
  const vhost = vhostOf(x, q, xq);
  const known = vhost.queue('q');
  const { version } = vhost;
  t.equal(vhost.ended, undefined);
  vhost.delete();
  t.equal(known?.isDeleted, true);
  t.same([vhost.exchange(''), vhost.queue('q'), vhost.binding(key)], [undefined, undefined, undefined]);
  t.not(vhost.version, version);
  t.equal(vhost.ended, 'vhostNotFound');
});

void t.test('one whose node stops keeps what it has', async (t) => {
  const vhost = vhostOf(x, q, xq);
  vhost.stop();
  t.equal(vhost.ended, 'shutdown');
  t.equal(vhost.queue('q')?.name, 'q');
});
