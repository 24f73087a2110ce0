import type { Plain } from '../fields.js';
import type { StepArgs } from '../raw-connection.js';
import { scenario } from '../scenario.js';

const NOT_PERMITTED = 'ACCESS_REFUSED - operation not permitted on the default exchange';

for (const type of ['direct', 'fanout', 'topic', 'headers']) {
  scenario(`an exchange of type ${type} is declared and declared again`, async (s) => {
    const channel = await s.channel();
    const exchange = s.exchangeName();
    await channel.call('exchange.declare', { exchange, type, durable: true });
    await channel.call('exchange.declare', { exchange, type, durable: true });
    await channel.call('exchange.declare', { exchange, type, passive: true });
  });
}

for (const [exchange, type] of [
  ['amq.direct', 'direct'],
  ['amq.fanout', 'fanout'],
  ['amq.topic', 'topic'],
  ['amq.headers', 'headers'],
  ['amq.match', 'headers'],
] as const) {
  scenario(`${exchange} is there, of type ${type}, durable`, async (s) => {
    const channel = await s.channel();
    await channel.call('exchange.declare', { exchange, type, durable: true });
  });
}

scenario('amq.rabbitmq.trace is there, of type topic, durable and internal', async (s) => {
  const channel = await s.channel();
  const exchange = 'amq.rabbitmq.trace';
  await channel.call('exchange.declare', { exchange, type: 'topic', durable: true, internal: true });
});

// [differences: unknown exchange type]
for (const type of ['no-such-type', '']) {
  scenario(`declaring an exchange of type '${type}' is refused`, async (s) => {
    const channel = await s.channel();
    channel.send('exchange.declare', { exchange: s.exchangeName(), type });
    const word = type === '' && !s.server.ours ? 'invalid' : 'unknown';
    const text = `${word} exchange type '${type}'`;
    if (s.server.before313) {
      await channel.expectConnectionClosed(503, 'exchange.declare', `COMMAND_INVALID - ${text}`);
      return;
    }
    await channel.expectClosed(406, 'exchange.declare', `PRECONDITION_FAILED - ${text}`);
  });
}

scenario('the type of a passive declare means nothing', async (s) => {
  const channel = await s.channel();
  for (const type of ['fanout', 'no-such-type', '']) {
    await channel.call('exchange.declare', { exchange: 'amq.direct', type, passive: true });
  }
});

scenario('a passive declare of an exchange that is not there closes the channel with 404', async (s) => {
  const channel = await s.channel();
  const exchange = s.name('x');
  channel.send('exchange.declare', { exchange, type: 'direct', passive: true });
  await channel.expectClosed(404, 'exchange.declare', `NOT_FOUND - no exchange '${exchange}' in vhost '/'`);
});

scenario('a name that begins with amq. closes the channel with 403', async (s) => {
  const channel = await s.channel();
  channel.send('exchange.declare', { exchange: 'amq.mine', type: 'direct' });
  const text = "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'";
  await channel.expectClosed(403, 'exchange.declare', text);
});

scenario('a passive declare of a reserved name asks only whether it is there', async (s) => {
  const channel = await s.channel();
  channel.send('exchange.declare', { exchange: 'amq.mine', type: 'direct', passive: true });
  await channel.expectClosed(404, 'exchange.declare', "NOT_FOUND - no exchange 'amq.mine' in vhost '/'");
});

for (const passive of [false, true]) {
  scenario(
    `declaring the default exchange${passive ? ' passively' : ''} closes the channel with 403`,
    async (s) => {
      const channel = await s.channel();
      channel.send('exchange.declare', { exchange: '', type: 'direct', durable: true, passive });
      await channel.expectClosed(403, 'exchange.declare', NOT_PERMITTED);
    },
  );
}

type Declare = StepArgs<'exchange.declare'>;

/** A second declare that does not agree with the first: 406 with both sides' values. */
function inequivalent(title: string, first: Declare, second: Declare, arg: string, words: string): void {
  scenario(`declaring an exchange again with ${title} closes the channel with 406`, async (s) => {
    const channel = await s.channel();
    const exchange = s.exchangeName();
    await channel.call('exchange.declare', { exchange, type: 'direct', ...first });
    channel.send('exchange.declare', { exchange, type: 'direct', ...second });
    const text = `PRECONDITION_FAILED - inequivalent arg '${arg}' for exchange '${exchange}' in vhost '/': ${words}`;
    await channel.expectClosed(406, 'exchange.declare', text);
  });
}

const alternate = (value: unknown): { arguments: Plain } => ({ arguments: { 'alternate-exchange': value } });

inequivalent('another type', {}, { type: 'topic' }, 'type', "received 'topic' but current is 'direct'");
inequivalent('durable', {}, { durable: true }, 'durable', "received 'true' but current is 'false'");
inequivalent('not durable', { durable: true }, {}, 'durable', "received 'false' but current is 'true'");
inequivalent(
  'auto-delete',
  {},
  { autoDelete: true },
  'auto_delete',
  "received 'true' but current is 'false'",
);
inequivalent('internal', {}, { internal: true }, 'internal', "received 'true' but current is 'false'");
inequivalent(
  'everything different, of which the type is told,',
  {},
  { type: 'fanout', durable: true, autoDelete: true, internal: true, ...alternate('a') },
  'type',
  "received 'fanout' but current is 'direct'",
);
inequivalent(
  'a new alternate exchange',
  {},
  alternate('a'),
  'alternate-exchange',
  "received the value 'a' of type 'longstr' but current is none",
);
inequivalent(
  'the alternate exchange left out',
  alternate('a'),
  {},
  'alternate-exchange',
  "received none but current is the value 'a' of type 'longstr'",
);
inequivalent(
  'another alternate exchange',
  alternate('a'),
  alternate('b'),
  'alternate-exchange',
  "received 'b' but current is 'a'",
);

scenario('declaring amq.direct as not durable closes the channel with 406', async (s) => {
  const channel = await s.channel();
  channel.send('exchange.declare', { exchange: 'amq.direct', type: 'direct' });
  const text =
    "PRECONDITION_FAILED - inequivalent arg 'durable' for exchange 'amq.direct' in vhost '/': received 'false' but current is 'true'";
  await channel.expectClosed(406, 'exchange.declare', text);
});

scenario('arguments that no exchange knows are not compared', async (s) => {
  const channel = await s.channel();
  const exchange = await s.exchange(channel, 'direct', { 'x-own': 1 });
  await channel.call('exchange.declare', { exchange, type: 'direct', arguments: { 'x-other': true } });
});

scenario('an alternate exchange that is not a string closes the channel with 406', async (s) => {
  const channel = await s.channel();
  const exchange = s.exchangeName();
  channel.send('exchange.declare', { exchange, type: 'direct', ...alternate(5) });
  const text = `PRECONDITION_FAILED - invalid type 'signedint' for arg 'alternate-exchange' in exchange '${exchange}' in vhost '/'`;
  await channel.expectClosed(406, 'exchange.declare', text);
});

scenario('an alternate exchange need not be there yet', async (s) => {
  const channel = await s.channel();
  await s.exchange(channel, 'direct', { 'alternate-exchange': s.name('none') });
});

scenario('exchange.delete removes the exchange, and of one that is not there says the same', async (s) => {
  const channel = await s.channel();
  const exchange = await s.exchange(channel, 'fanout');
  await channel.call('exchange.delete', { exchange });
  await channel.call('exchange.delete', { exchange });
  await channel.call('exchange.delete', { exchange, ifUnused: true });
  channel.send('exchange.declare', { exchange, passive: true });
  await channel.expectClosed(404, 'exchange.declare', `NOT_FOUND - no exchange '${exchange}' in vhost '/'`);
});

for (const exchange of ['amq.direct', 'amq.none-such']) {
  scenario(`deleting ${exchange} closes the channel with 403`, async (s) => {
    const channel = await s.channel();
    channel.send('exchange.delete', { exchange });
    const text = `ACCESS_REFUSED - deletion of system exchange '${exchange}' in vhost '/' not allowed`;
    await channel.expectClosed(403, 'exchange.delete', text);
  });
}

scenario('deleting the default exchange closes the channel with 403', async (s) => {
  const channel = await s.channel();
  channel.send('exchange.delete', { exchange: '' });
  await channel.expectClosed(403, 'exchange.delete', NOT_PERMITTED);
});

scenario('exchange.delete with if-unused closes the channel with 406 while a queue is bound', async (s) => {
  const channel = await s.channel();
  const exchange = await s.exchange(channel, 'direct');
  const queue = await s.queue(channel);
  await s.bind(channel, queue, exchange);
  channel.send('exchange.delete', { exchange, ifUnused: true });
  await channel.expectClosed(
    406,
    'exchange.delete',
    `PRECONDITION_FAILED - exchange '${exchange}' in vhost '/' in use`,
  );
  await channel.call('queue.unbind', { queue, exchange });
  await channel.call('exchange.delete', { exchange, ifUnused: true });
});

scenario('an exchange that another is bound to is in use, one that is only bound is not', async (s) => {
  const channel = await s.channel();
  const source = await s.exchange(channel, 'direct');
  const destination = await s.exchange(channel, 'direct');
  await channel.call('exchange.bind', { source, destination });
  channel.send('exchange.delete', { exchange: source, ifUnused: true });
  await channel.expectClosed(
    406,
    'exchange.delete',
    `PRECONDITION_FAILED - exchange '${source}' in vhost '/' in use`,
  );
  await channel.call('exchange.delete', { exchange: destination, ifUnused: true });
  await channel.call('exchange.delete', { exchange: source, ifUnused: true });
});

scenario('an auto-delete exchange goes with its last binding', async (s) => {
  const channel = await s.channel();
  const exchange = s.exchangeName();
  const queue = await s.queue(channel);
  await channel.call('exchange.declare', { exchange, type: 'direct', autoDelete: true });
  await s.bind(channel, queue, exchange, 'a');
  await s.bind(channel, queue, exchange, 'b');
  await channel.call('queue.unbind', { queue, exchange, routingKey: 'a' });
  await channel.call('exchange.declare', { exchange, passive: true });
  await channel.call('queue.unbind', { queue, exchange, routingKey: 'b' });
  channel.send('exchange.declare', { exchange, passive: true });
  await channel.expectClosed(404, 'exchange.declare', `NOT_FOUND - no exchange '${exchange}' in vhost '/'`);
});

scenario('an auto-delete exchange goes when the last queue bound to it is deleted', async (s) => {
  const channel = await s.channel();
  const exchange = s.exchangeName();
  const queue = await s.queue(channel);
  await channel.call('exchange.declare', { exchange, type: 'direct', autoDelete: true });
  await s.bind(channel, queue, exchange, 'a');
  await channel.call('queue.delete', { queue });
  channel.send('exchange.declare', { exchange, passive: true });
  await channel.expectClosed(404, 'exchange.declare', `NOT_FOUND - no exchange '${exchange}' in vhost '/'`);
});

scenario('an auto-delete exchange that was never bound stays', async (s) => {
  const channel = await s.channel();
  const exchange = s.exchangeName();
  await channel.call('exchange.declare', { exchange, type: 'direct', autoDelete: true });
  await channel.quiet();
  await channel.call('exchange.declare', { exchange, passive: true });
});
