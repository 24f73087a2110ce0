import { Broken } from '../expectation.js';
import { byte, double, long, type Plain, short, timestamp } from '../fields.js';
import { scenario } from '../scenario.js';

/** A binding of a headers exchange, with headers that it matches and headers that it does not. */
function binding(
  title: string,
  args: Plain,
  matches: Record<string, Plain>,
  others: Record<string, Plain>,
): void {
  scenario(`a headers binding ${title} matches what it should and nothing else`, async (s) => {
    const channel = await s.channel();
    const exchange = await s.exchange(channel, 'headers');
    const queue = await s.queue(channel);
    await s.bind(channel, queue, exchange, 'key means nothing', args);
    for (const [body, headers] of [...Object.entries(others), ...Object.entries(matches)]) {
      channel.publish(body, { exchange, properties: { headers } });
    }
    await channel.holds(queue, Object.keys(matches));
  });
}

const AB = { a: 1, b: 'x' };

binding(
  'without x-match (all)',
  AB,
  { same: AB, more: { ...AB, c: true } },
  { one: { a: 1 }, value: { a: 1, b: 'y' }, none: {} },
);
binding('with x-match all', { 'x-match': 'all', ...AB }, { same: AB }, { one: { b: 'x' }, none: {} });
binding(
  'with x-match any',
  { 'x-match': 'any', ...AB },
  { a: { a: 1 }, b: { b: 'x', a: 2 }, both: AB },
  { none: {}, values: { a: 2, b: 'y' }, other: { c: 1 } },
);
binding('without any header and x-match all', {}, { none: {}, some: AB }, {});
binding('without any header and x-match any', { 'x-match': 'any' }, {}, { none: {}, some: AB });
binding(
  'with x-match all, ignoring its headers that begin with x-',
  { 'x-match': 'all', 'x-own': 1, a: 1 },
  { a: { a: 1 }, all: { a: 1, 'x-own': 2 } },
  { own: { 'x-own': 1 } },
);
binding(
  'with x-match any, ignoring its headers that begin with x-',
  { 'x-match': 'any', 'x-own': 1, a: 1 },
  { a: { a: 1 } },
  { own: { 'x-own': 1 } },
);
binding(
  'with x-match all-with-x',
  { 'x-match': 'all-with-x', 'x-own': 1, a: 1 },
  { all: { a: 1, 'x-own': 1 } },
  { a: { a: 1 }, own: { 'x-own': 1 } },
);
binding(
  'with x-match any-with-x',
  { 'x-match': 'any-with-x', 'x-own': 1, a: 1 },
  { a: { a: 1 }, own: { 'x-own': 1 } },
  { none: {}, other: { 'x-own': 2 } },
);
binding(
  'with void, which asks only whether the header is there,',
  { a: null },
  { number: { a: 1 }, void: { a: null }, false: { a: false } },
  { other: { b: 1 } },
);
binding(
  'with a boolean',
  { a: true },
  { true: { a: true } },
  { false: { a: false }, number: { a: 1 }, text: { a: 'true' } },
);
binding(
  'with a timestamp',
  { a: timestamp(5n) },
  { same: { a: timestamp(5n) } },
  { other: { a: timestamp(6n) } },
);

scenario('a headers exchange compares integers of every width by value', async (s) => {
  const channel = await s.channel();
  const exchange = await s.exchange(channel, 'headers');
  const queue = await s.queue(channel);
  await s.bind(channel, queue, exchange, '', { a: 5 });
  const bodies = ['byte', 'short', 'long'];
  [byte(5), short(5), long(5n)].forEach((a, at) => {
    channel.publish(bodies[at]!, { exchange, properties: { headers: { a } } });
  });
  await channel.holds(queue, bodies);
});

scenario('a headers exchange tells a string from the number it spells', async (s) => {
  const channel = await s.channel();
  const exchange = await s.exchange(channel, 'headers');
  const queue = await s.queue(channel);
  await s.bind(channel, queue, exchange, '', { a: 5 });
  channel.publish('text', { exchange, properties: { headers: { a: '5' } } });
  channel.publish('number', { exchange, properties: { headers: { a: 5 } } });
  await channel.holds(queue, ['number']);
});

scenario('a headers exchange takes a double for the integer it equals', async (s) => {
  const channel = await s.channel();
  const exchange = await s.exchange(channel, 'headers');
  const queue = await s.queue(channel);
  await s.bind(channel, queue, exchange, '', { a: 5 });
  channel.publish('double', { exchange, properties: { headers: { a: double(5) } } });
  await channel.holds(queue, ['double']);
});

scenario('a message without a header table matches only a binding that asks for nothing', async (s) => {
  const channel = await s.channel();
  const exchange = await s.exchange(channel, 'headers');
  const asking = await s.queue(channel);
  const open = await s.queue(channel);
  await s.bind(channel, asking, exchange, '', { a: 1 });
  await s.bind(channel, open, exchange);
  channel.publish('a', { exchange });
  await channel.holds(open, ['a']);
  await channel.holds(asking, []);
});

for (const [value, words] of [
  ['some', 'value <<"some">>; expected all, any, all-with-x, or any-with-x'],
  [5, 'type signedint (value 5); expected longstr'],
  [null, 'type void (value undefined); expected longstr'],
  [true, 'type bool (value true); expected longstr'],
] as const) {
  scenario(`an x-match of ${JSON.stringify(value)} closes the channel with 406`, async (s) => {
    const channel = await s.channel();
    const queue = await s.queue(channel);
    channel.send('queue.bind', { queue, exchange: 'amq.headers', arguments: { 'x-match': value } });
    const text = `PRECONDITION_FAILED - Invalid x-match field ${words}`;
    await channel.expectClosed(406, 'queue.bind', text);
  });
}

scenario('amq.match is a headers exchange', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  const own = s.name('header');
  await s.bind(channel, queue, 'amq.match', '', { [own]: 'yes' });
  channel.publish('a', { exchange: 'amq.match', properties: { headers: { [own]: 'yes' } } });
  const message = await channel.get({ queue, noAck: true }, { exchange: 'amq.match' }, 'a');
  if (message.headers[own] !== 'yes') throw new Broken('the header', JSON.stringify(message.headers));
});
