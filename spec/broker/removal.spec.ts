import t from 'tap';
import { ManualClock } from '../../lib/base/clock.js';
import {
  bindingChange,
  exchangeChange,
  exchangeKey,
  queueChange,
  queueKey,
} from '../../lib/broker/definitions.js';
import type { Exchange } from '../../lib/broker/exchange.js';
import { Removal } from '../../lib/broker/removal.js';
import { Vhost } from '../../lib/broker/vhost.js';
import { type Change, splitMetaKey } from '../../lib/meta/metadata-store.js';
import { MemoryMessageStore } from '../../lib/store/memory-message-store.js';
import { EMPTY_TABLE } from '../../lib/wire/values.js';

/** A vhost whose definitions the spec writes down. */
class TestVhost {
  readonly vhost = new Vhost('/', {
    messages: new MemoryMessageStore(),
    clock: new ManualClock(),
    isRecovering: false,
    events: { ready: () => {}, deadLetter: () => {}, abandoned: () => {} },
  });

  apply(changes: readonly Change[]): void {
    for (const { key, value } of changes) this.vhost.apply(key, splitMetaKey(key), value);
  }

  exchange(name: string, autoDelete = true): Exchange {
    const flags = { durable: false, internal: false, arguments: EMPTY_TABLE };
    this.apply([exchangeChange('/', { name, type: 'direct', autoDelete, ...flags })]);
    return this.vhost.exchange(name)!;
  }

  queue(name: string): void {
    const flags = { durable: false, exclusive: false, autoDelete: false, owner: undefined };
    this.apply([queueChange('/', { id: name, name, ...flags, arguments: EMPTY_TABLE })]);
  }

  bind(source: string, destination: string, routingKey = ''): void {
    const destinationKind = this.vhost.queue(destination) === undefined ? 'exchange' : 'queue';
    const binding = { source, destination, destinationKind, routingKey, arguments: EMPTY_TABLE } as const;
    this.apply([bindingChange('/', binding, false)]);
  }

  /** Names of the auto-delete exchanges that are left. */
  left(): string[] {
    return [...this.vhost.exchanges.values()]
      .filter(({ definition }) => definition.autoDelete)
      .map(({ name }) => name);
  }
}

void t.test('a queue takes its bindings along', async (t) => {
  const test = new TestVhost();
  test.exchange('x', false);
  test.queue('q');
  test.bind('x', 'q', 'a');
  test.bind('x', 'q', 'b');
  const { changes } = new Removal(test.vhost).queue(test.vhost.queue('q')!);
  t.equal(changes.length, 3);
  t.equal(changes.at(-1)?.key, queueKey('/', 'q'));
  test.apply(changes);
  t.same([[...test.vhost.queues], [...test.vhost.bindings()]], [[], []]);
});

void t.test('an auto-delete exchange goes with its last binding, not before', async (t) => {
  const test = new TestVhost();
  test.exchange('x');
  test.queue('q');
  test.queue('r');
  test.bind('x', 'q');
  test.bind('x', 'r');
  test.apply(new Removal(test.vhost).queue(test.vhost.queue('q')!).changes);
  t.same(test.left(), ['x']);
  test.apply(new Removal(test.vhost).queue(test.vhost.queue('r')!).changes);
  t.same(test.left(), []);
});

void t.test('several queues that go together leave an exchange bare together', async (t) => {
  const test = new TestVhost();
  test.exchange('x');
  for (const name of ['q', 'r']) {
    test.queue(name);
    test.bind('x', name);
  }
  const removal = new Removal(test.vhost);
  for (const queue of test.vhost.queues.values()) removal.queue(queue);
  test.apply(removal.changes);
  t.same(test.left(), []);
});

void t.test('a cycle of auto-delete exchanges goes as a whole', async (t) => {
  const test = new TestVhost();
  for (const name of ['x', 'y', 'z']) test.exchange(name);
  test.bind('x', 'y');
  test.bind('y', 'z');
  test.bind('z', 'x');
  test.apply(new Removal(test.vhost).exchange(test.vhost.exchange('y')!).changes);
  t.same([test.left(), [...test.vhost.bindings()]], [[], []]);
});

void t.test('an exchange with very many bindings goes at once', async (t) => {
  const test = new TestVhost();
  const exchange = test.exchange('x');
  test.queue('q');
  for (let i = 0; i < 20_000; i++) test.bind('x', 'q', `${i}`);
  const { changes } = new Removal(test.vhost).exchange(exchange);
  t.equal(changes.length, 20_001);
  t.equal(changes.at(-1)?.key, exchangeKey('/', 'x'));
});

void t.test('a chain of auto-delete exchanges may be of any length', async (t) => {
  const test = new TestVhost();
  test.queue('q');
  const length = 20_000;
  for (let i = 0; i < length; i++) test.exchange(`x${i}`);
  test.bind('x0', 'q');
  for (let i = 1; i < length; i++) test.bind(`x${i}`, `x${i - 1}`);
  test.apply(new Removal(test.vhost).queue(test.vhost.queue('q')!).changes);
  t.same(test.left(), []);
});
