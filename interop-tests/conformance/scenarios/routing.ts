import { same } from '../expectation.js';
import type { Plain } from '../fields.js';
import { scenario } from '../scenario.js';

scenario('the default exchange routes to the queue of the name, and to no other', async (s) => {
  const channel = await s.channel();
  const one = await s.queue(channel);
  const two = await s.queue(channel);
  channel.publish('a', { routingKey: one });
  await channel.get({ queue: one, noAck: true }, { exchange: '', routingKey: one }, 'a');
  await channel.holds(two, []);
});

scenario('a direct exchange routes by the whole key, to every queue bound with it', async (s) => {
  const channel = await s.channel();
  const exchange = await s.exchange(channel, 'direct');
  const one = await s.queue(channel);
  const two = await s.queue(channel);
  await s.bind(channel, one, exchange, 'a.b');
  await s.bind(channel, two, exchange, 'a.b');
  await s.bind(channel, two, exchange, '#');
  for (const routingKey of ['a.b', 'a', 'A.B', '', '#'])
    channel.publish(routingKey, { exchange, routingKey });
  await channel.holds(one, ['a.b']);
  await channel.holds(two, ['a.b', '#']);
});

scenario('a fanout exchange routes to all of its queues, whatever the key', async (s) => {
  const channel = await s.channel();
  const exchange = await s.exchange(channel, 'fanout');
  const queues = [];
  for (let at = 0; at < 3; at++) {
    queues.push(await s.queue(channel));
    await s.bind(channel, queues[at]!, exchange, `key${at}`);
  }
  channel.publish('a', { exchange, routingKey: 'none of these' });
  for (const queue of queues) {
    await channel.get({ queue, noAck: true }, { exchange, routingKey: 'none of these' }, 'a');
  }
});

/** Topic patterns with keys that they match and keys that they do not. */
const TOPICS: readonly (readonly [pattern: string, matches: string[], others: string[]])[] = [
  ['a.b.c', ['a.b.c'], ['a.b', 'a.b.c.d', 'a.b.C', 'a.b.c.', '.a.b.c']],
  ['a.*.c', ['a.b.c', 'a..c'], ['a.c', 'a.b.b.c', 'a.b.c.d']],
  ['*', ['a', 'anything'], ['a.b', '.']],
  ['*.*', ['a.b', '.', 'a.'], ['a', 'a.b.c']],
  ['#', ['', 'a', 'a.b.c', '...'], []],
  ['a.#', ['a', 'a.b', 'a.b.c', 'a.'], ['b', 'b.a', 'ab']],
  ['#.a', ['a', 'b.a', 'c.b.a', '.a'], ['a.b', 'ba']],
  ['a.#.b', ['a.b', 'a.x.b', 'a.x.y.b', 'a..b'], ['a', 'b', 'a.b.x']],
  ['#.#', ['', 'a', 'a.b'], []],
  ['*.#', ['a', 'a.b', 'a.b.c'], []],
  ['#.*', ['a', 'a.b'], []],
  ['a.*.#.b', ['a.x.b', 'a.x.y.b'], ['a.b']],
  ['#.a.#', ['a', 'x.a', 'a.x', 'x.a.x', 'a.a'], ['x', 'xa', 'x.y']],
  ['*.a.#.b', ['x.a.b', 'x.a.y.z.b'], ['a.b', 'x.a', 'x.y.a.b']],
  ['', [''], ['a', '.']],
  ['.', ['.'], ['', 'a.b', '..']],
  ['a*', ['a*'], ['ab', 'a']],
  ['a#.b', ['a#.b'], ['a.b', 'ab.b']],
];

for (const [pattern, matches, others] of TOPICS) {
  scenario(`the topic pattern '${pattern}' matches what it should and nothing else`, async (s) => {
    const channel = await s.channel();
    const exchange = await s.exchange(channel, 'topic');
    const queue = await s.queue(channel);
    await s.bind(channel, queue, exchange, pattern);
    for (const routingKey of [...others, ...matches]) channel.publish(routingKey, { exchange, routingKey });
    await channel.holds(queue, matches);
  });
}

scenario('unbinding one topic pattern leaves its neighbours', async (s) => {
  const channel = await s.channel();
  const exchange = await s.exchange(channel, 'topic');
  const queue = await s.queue(channel);
  for (const pattern of ['a.b', 'a.b.c', 'a.*']) await s.bind(channel, queue, exchange, pattern);
  await channel.call('queue.unbind', { queue, exchange, routingKey: 'a.b' });
  for (const routingKey of ['a.b.c', 'a.b', 'a.x', 'a'])
    channel.publish(routingKey, { exchange, routingKey });
  await channel.holds(queue, ['a.b.c', 'a.b', 'a.x']);
  await channel.call('queue.unbind', { queue, exchange, routingKey: 'a.*' });
  for (const routingKey of ['a.b.c', 'a.b', 'a.x']) channel.publish(routingKey, { exchange, routingKey });
  await channel.holds(queue, ['a.b.c']);
});

scenario('an alternate exchange gets what was routed to no queue', async (s) => {
  const channel = await s.channel();
  const alternate = await s.exchange(channel, 'fanout');
  const exchange = await s.exchange(channel, 'direct', { 'alternate-exchange': alternate });
  const bound = await s.queue(channel);
  const rest = await s.queue(channel);
  await s.bind(channel, bound, exchange, 'k');
  await s.bind(channel, rest, alternate);
  channel.publish('routed', { exchange, routingKey: 'k', mandatory: true });
  channel.publish('not', { exchange, routingKey: 'other', mandatory: true });
  await channel.holds(bound, ['routed']);
  await channel.get({ queue: rest, noAck: true }, { exchange, routingKey: 'other' }, 'not');
  await channel.holds(rest, []);
});

scenario('alternate exchanges form a chain, and a ring of them ends', async (s) => {
  const channel = await s.channel();
  const [first, second] = [s.exchangeName(), s.exchangeName()];
  for (const [exchange, alternate] of [
    [first, second],
    [second, first],
  ] as const) {
    const args: Plain = { 'alternate-exchange': alternate };
    await channel.call('exchange.declare', { exchange, type: 'direct', arguments: args });
  }
  const queue = await s.queue(channel);
  await s.bind(channel, queue, second, 'k');
  channel.publish('second', { exchange: first, routingKey: 'k' });
  await channel.holds(queue, ['second']);
  channel.publish('nowhere', { exchange: first, routingKey: 'x', mandatory: true });
  await channel.expectReturn({ replyCode: 312, exchange: first, routingKey: 'x' }, 'nowhere');
});

scenario('a missing alternate exchange is as none', async (s) => {
  const channel = await s.channel();
  const exchange = await s.exchange(channel, 'direct', { 'alternate-exchange': s.name('none') });
  channel.publish('a', { exchange, routingKey: 'k', mandatory: true });
  await channel.expectReturn({ replyCode: 312, exchange }, 'a');
});

scenario('CC and BCC are more routing keys; BCC is taken out before delivery', async (s) => {
  const channel = await s.channel();
  const exchange = await s.exchange(channel, 'direct');
  const queues: Record<string, string> = {};
  for (const key of ['to', 'cc', 'bcc']) {
    queues[key] = await s.queue(channel);
    await s.bind(channel, queues[key], exchange, key);
  }
  const headers = { CC: ['cc', 'to'], BCC: ['bcc'], own: 1 };
  channel.publish('a', { exchange, routingKey: 'to', properties: { headers } });
  for (const queue of Object.values(queues)) {
    const message = await channel.get(
      { queue, noAck: true },
      { exchange, routingKey: 'to', messageCount: 0 },
      'a',
    );
    same('headers', message.headers, { CC: ['cc', 'to'], own: 1 });
  }
});

scenario('CC works on the default exchange', async (s) => {
  const channel = await s.channel();
  const one = await s.queue(channel);
  const two = await s.queue(channel);
  channel.publish('a', { routingKey: one, properties: { headers: { CC: [two] } } });
  await channel.holds(one, ['a']);
  await channel.holds(two, ['a']);
});

for (const [header, value, type] of [
  ['CC', 'k', 'longstr'],
  ['CC', null, 'void'],
  ['BCC', 1, 'signedint'],
  ['BCC', { a: 1 }, 'table'],
] as const) {
  scenario(`a ${header} header of type ${type} closes the channel with 406`, async (s) => {
    const channel = await s.channel();
    channel.publish('a', { routingKey: s.name(), properties: { headers: { [header]: value } } });
    const text = `PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,"${header}",${type}}`;
    await channel.expectClosed(406, 'basic.publish', text);
  });
}
