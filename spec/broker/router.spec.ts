import t from 'tap';
import { route } from '../../lib/broker/router.js';
import { fromPlain } from '../../lib/wire/values.js';
import { TestTopology } from './test-topology.js';

/** Names of the queues that a message would go to. */
function routed(
  topology: TestTopology,
  exchange: string,
  keys: string | readonly string[],
  headers?: Record<string, unknown>,
): string[] {
  const table = headers === undefined ? undefined : fromPlain(headers);
  return route(topology, exchange, typeof keys === 'string' ? [keys] : keys, table).queues.map(
    ({ name }) => name,
  );
}

function topologyOf(...queues: string[]): TestTopology {
  const topology = new TestTopology();
  for (const queue of queues) topology.addQueue(queue);
  return topology;
}

void t.test('the default exchange leads to the queue that the routing key names', async (t) => {
  const topology = topologyOf('a', 'b');
  t.same(routed(topology, '', 'a'), ['a']);
  t.same(routed(topology, '', 'nowhere'), []);
  t.same(routed(topology, '', ['b', 'nowhere', 'a', 'b']), ['b', 'a']);
});

void t.test('an exchange that is not there leads nowhere', async (t) => {
  t.same(routed(topologyOf('a'), 'nowhere', 'a'), []);
});

void t.test(
  'every queue that is bound gets the message once, by however many bindings and keys',
  async (t) => {
    const topology = topologyOf('a', 'b').addExchange('x', 'topic');
    topology.bind('x', 'a', 'k.#').bind('x', 'a', '*.one').bind('x', 'b', 'k.two');
    t.same(routed(topology, 'x', ['k.one', 'k.two']), ['a', 'b']);
  },
);

void t.test('exchanges pass on to exchanges, with the same keys and headers', async (t) => {
  const topology = topologyOf('a', 'b')
    .addExchange('x', 'fanout')
    .addExchange('y', 'direct')
    .addExchange('z', 'headers');
  topology.bind('x', 'y').bind('x', 'z').bind('y', 'a', 'k').bind('z', 'b', '', { h: 1 });
  t.same(routed(topology, 'x', 'k', { h: 1 }), ['a', 'b']);
  t.same(routed(topology, 'x', 'other', { h: 2 }), []);
});

void t.test('a cycle of exchanges ends', async (t) => {
  const topology = topologyOf('a', 'b')
    .addExchange('x', 'fanout')
    .addExchange('y', 'fanout')
    .addExchange('z', 'fanout');
  topology
    .bind('x', 'x')
    .bind('x', 'y')
    .bind('y', 'z')
    .bind('z', 'x')
    .bind('z', 'a')
    .bind('y', 'b')
    .bind('x', 'a');
  for (const start of ['x', 'y', 'z']) t.same(routed(topology, start, '').toSorted(), ['a', 'b']);
});

void t.test('an exchange reached on two ways passes on once', async (t) => {
  const topology = topologyOf('a')
    .addExchange('x', 'fanout')
    .addExchange('l', 'fanout')
    .addExchange('r', 'fanout');
  topology.addExchange('end', 'fanout');
  topology.bind('x', 'l').bind('x', 'r').bind('l', 'end').bind('r', 'end').bind('end', 'a');
  t.same(routed(topology, 'x', ''), ['a']);
});

void t.test('what no binding takes goes to the alternate exchange', async (t) => {
  const topology = topologyOf('a', 'rest').addExchange('x', 'direct', 'other').addExchange('other', 'fanout');
  topology.bind('x', 'a', 'k').bind('other', 'rest');
  t.same(routed(topology, 'x', 'k'), ['a']);
  t.same(routed(topology, 'x', 'unknown'), ['rest']);
  t.same(routed(topology, 'x', ['unknown', 'k']), ['a'], 'one key that leads somewhere is enough');
});

void t.test('alternates may have alternates, be missing, or lead back', async (t) => {
  const topology = topologyOf('rest');
  topology.addExchange('x', 'direct', 'y').addExchange('y', 'direct', 'z').addExchange('z', 'fanout');
  topology.bind('z', 'rest');
  t.same(routed(topology, 'x', 'k'), ['rest']);
  topology.addExchange('lost', 'direct', 'missing');
  t.same(routed(topology, 'lost', 'k'), []);
  topology
    .addExchange('ring', 'direct', 'back')
    .addExchange('back', 'direct', 'ring')
    .addExchange('self', 'direct', 'self');
  t.same(routed(topology, 'ring', 'k'), []);
  t.same(routed(topology, 'self', 'k'), []);
});

void t.test('an alternate is asked though the message was routed elsewhere on its way', async (t) => {
  const topology = topologyOf('a', 'rest').addExchange('x', 'fanout').addExchange('y', 'direct', 'other');
  topology.addExchange('other', 'fanout').bind('x', 'a').bind('x', 'y').bind('other', 'rest');
  t.same(routed(topology, 'x', 'k'), ['a', 'rest']);
});

void t.test('an exchange that passes on needs no alternate, wherever the message ends', async (t) => {
  const topology = topologyOf('rest').addExchange('x', 'direct', 'other').addExchange('y', 'direct');
  topology.addExchange('other', 'fanout').bind('x', 'y', 'k').bind('other', 'rest');
  t.same(routed(topology, 'x', 'k'), []);
});

void t.test('the default exchange as an alternate leads nowhere, as in RabbitMQ', async (t) => {
  const topology = topologyOf('a').addExchange('', 'direct').addExchange('x', 'direct', '');
  t.same(routed(topology, 'x', 'a'), []);
});

void t.test('it is known whether headers had a say, also further down', async (t) => {
  const topology = topologyOf('a')
    .addExchange('x', 'direct')
    .addExchange('h', 'headers')
    .addExchange('ae', 'direct', 'h');
  topology.bind('x', 'h', 'k').bind('h', 'a', '', { one: 1 });
  const reads = (exchange: string, key: string): boolean =>
    route(topology, exchange, [key], undefined).readsHeaders;
  t.same(
    [reads('x', 'other'), reads('x', 'k'), reads('h', ''), reads('ae', ''), reads('', 'a')],
    [false, true, true, true, false],
  );
});

void t.test(
  'a routing key given many times is looked up once, and a fanout exchange asked once',
  async (t) => {
    const topology = topologyOf('a').addExchange('x', 'fanout').addExchange('y', 'topic');
    topology.bind('x', 'a').bind('y', 'a', '#');
    const [x, y] = [topology.exchange('x')!, topology.exchange('y')!];
    const keys = Array.from({ length: 1000 }, (_, i) => `k${i % 10}`);
    const asked: Record<string, number> = { x: 0, y: 0 };
    for (const [name, exchange] of [
      ['x', x],
      ['y', y],
    ] as const) {
      const match = exchange.match.bind(exchange);
      exchange.match = (given, headers, found) => {
        const counted = function* (): Generator<string> {
          for (const key of given) {
            asked[name]!++;
            yield key;
          }
        };
        match(counted(), headers, found);
      };
    }
    t.same([routed(topology, 'x', keys), routed(topology, 'y', keys)], [['a'], ['a']]);
    t.same(asked, { x: 1, y: 10 });
  },
);
