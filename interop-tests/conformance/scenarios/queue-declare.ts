import { same } from '../expectation.js';
import { long, short, unsignedByte } from '../fields.js';
import type { StepArgs } from '../raw-connection.js';
import { scenario } from '../scenario.js';

const LOCKED =
  'It could be originally declared on another connection or the exclusive property value does not match that of the original declaration.';

const locked = (queue: string) =>
  `RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '${queue}' in vhost '/'. ${LOCKED}`;
const missing = (queue: string) => `NOT_FOUND - no queue '${queue}' in vhost '/'`;

scenario('queue.declare tells the name, the ready messages and the consumers', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('a', { routingKey: queue });
  channel.publish('b', { routingKey: queue });
  await channel.counts(queue, 2, 0);
  const args = { queue, exclusive: true };
  await channel.call('queue.declare', args, { queue, messageCount: 2, consumerCount: 0 });
});

scenario('unacknowledged messages are not counted, consumers are', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('a', { routingKey: queue });
  channel.publish('b', { routingKey: queue });
  await channel.get({ queue }, { messageCount: 1 }, 'a');
  await channel.counts(queue, 1, 0);
  await channel.call('basic.consume', { queue, consumerTag: 'c' });
  await channel.expectDelivery({ consumerTag: 'c', deliveryTag: 2 }, 'b');
  await channel.counts(queue, 0, 1);
});

scenario('the server names a queue amq.gen- and 22 characters of base64', async (s) => {
  const channel = await s.channel();
  const { queue } = await channel.call('queue.declare', { exclusive: true });
  same('name', /^amq\.gen-[\w-]{22}$/.test(queue), true);
});

scenario('every server-named queue gets another name', async (s) => {
  const channel = await s.channel();
  const one = await channel.call('queue.declare', { exclusive: true });
  const two = await channel.call('queue.declare', { exclusive: true });
  same('names are equal', one.queue === two.queue, false);
});

scenario('a server-named queue can be declared passively, but not otherwise, by its name', async (s) => {
  const channel = await s.channel();
  const { queue } = await channel.call('queue.declare', { exclusive: true });
  await channel.call('queue.declare', { queue, passive: true }, { queue });
  channel.send('queue.declare', { queue, exclusive: true });
  const text = `ACCESS_REFUSED - queue name '${queue}' contains reserved prefix 'amq.*'`;
  await channel.expectClosed(403, 'queue.declare', text);
});

scenario('a queue name that begins with amq. closes the channel with 403', async (s) => {
  const channel = await s.channel();
  channel.send('queue.declare', { queue: 'amq.mine', exclusive: true });
  const text = "ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.*'";
  await channel.expectClosed(403, 'queue.declare', text);
});

scenario('a passive declare of a queue that is not there closes the channel with 404', async (s) => {
  const channel = await s.channel();
  const queue = s.name();
  channel.send('queue.declare', { queue, passive: true });
  await channel.expectClosed(404, 'queue.declare', missing(queue));
});

scenario('a passive declare of the empty name does not mean the queue last declared', async (s) => {
  const channel = await s.channel();
  await s.queue(channel);
  channel.send('queue.declare', { queue: '', passive: true });
  await channel.expectClosed(404, 'queue.declare', missing(''));
});

scenario('a passive declare compares nothing', async (s) => {
  const channel = await s.channel();
  const queue = s.lastingQueue();
  await channel.call('queue.declare', { queue });
  const other = { durable: true, autoDelete: true, exclusive: true, arguments: { 'x-expires': 1000 } };
  await channel.call('queue.declare', { queue, passive: true, ...other }, { queue });
});

scenario('line breaks are taken out of a queue name', async (s) => {
  const channel = await s.channel();
  const name = s.name();
  await channel.call(
    'queue.declare',
    { queue: `\r${name}\n-x\r\n`, exclusive: true },
    { queue: `${name}-x` },
  );
});

scenario('a queue name may have 255 bytes, and any text', async (s) => {
  const channel = await s.channel();
  const name = s.name();
  const queue = `${name} 'é✓' `.padEnd(248, '.');
  same('bytes', Buffer.byteLength(queue) <= 255, true);
  await channel.call('queue.declare', { queue, exclusive: true }, { queue });
  channel.publish('a', { routingKey: queue });
  await channel.get({ queue, noAck: true }, { routingKey: queue }, 'a');
});

type Declare = StepArgs<'queue.declare'>;

function inequivalent(title: string, first: Declare, second: Declare, arg: string, words: string): void {
  scenario(`declaring a queue again with ${title} closes the channel with 406`, async (s) => {
    const channel = await s.channel();
    const queue = s.lastingQueue();
    await channel.call('queue.declare', { queue, ...first });
    channel.send('queue.declare', { queue, ...second });
    const text = `PRECONDITION_FAILED - inequivalent arg '${arg}' for queue '${queue}' in vhost '/': ${words}`;
    await channel.expectClosed(406, 'queue.declare', text);
  });
}

inequivalent('durable', {}, { durable: true }, 'durable', "received 'true' but current is 'false'");
inequivalent('not durable', { durable: true }, {}, 'durable', "received 'false' but current is 'true'");
inequivalent(
  'auto-delete',
  {},
  { autoDelete: true },
  'auto_delete',
  "received 'true' but current is 'false'",
);
inequivalent(
  'durable, auto-delete and an argument, of which durable is told,',
  {},
  { durable: true, autoDelete: true, arguments: { 'x-expires': 60_000 } },
  'durable',
  "received 'true' but current is 'false'",
);
inequivalent(
  'auto-delete and an argument, of which auto-delete is told,',
  {},
  { autoDelete: true, arguments: { 'x-expires': 60_000 } },
  'auto_delete',
  "received 'true' but current is 'false'",
);

const FIELD_TYPES: Partial<Record<string, string>> = {
  number: 'signedint',
  string: 'longstr',
  boolean: 'bool',
};

for (const [name, value, other] of [
  ['x-message-ttl', 1000, 2000],
  ['x-expires', 60_000, 70_000],
  ['x-max-length', 5, 6],
  ['x-max-length-bytes', 5, 6],
  ['x-max-priority', 5, 6],
  ['x-dead-letter-exchange', 'a', 'b'],
  ['x-overflow', 'drop-head', 'reject-publish'],
  ['x-single-active-consumer', true, false],
  ['x-queue-mode', 'default', 'lazy'],
] as const) {
  const type = FIELD_TYPES[typeof value];
  const plain = { arguments: { [name]: value } };
  inequivalent(
    `${name} added`,
    {},
    plain,
    name,
    `received the value '${value}' of type '${type}' but current is none`,
  );
  inequivalent(
    `${name} left out`,
    plain,
    {},
    name,
    `received none but current is the value '${value}' of type '${type}'`,
  );
  inequivalent(
    `${name} changed`,
    plain,
    { arguments: { [name]: other } },
    name,
    `received '${other}' but current is '${value}'`,
  );
}

inequivalent(
  'x-dead-letter-routing-key added',
  { arguments: { 'x-dead-letter-exchange': 'a' } },
  { arguments: { 'x-dead-letter-exchange': 'a', 'x-dead-letter-routing-key': 'k' } },
  'x-dead-letter-routing-key',
  "received the value 'k' of type 'longstr' but current is none",
);
inequivalent(
  'x-queue-type changed',
  { durable: true, arguments: { 'x-queue-type': 'classic' } },
  { durable: true, arguments: { 'x-queue-type': 'quorum' } },
  'x-queue-type',
  "received 'quorum' but current is 'classic'",
);
for (const [value, type] of [
  [long(5n), 'long'],
  [short(5), 'short'],
  [unsignedByte(5), 'unsignedbyte'],
] as const) {
  inequivalent(
    `an x-max-length of type ${type} left out`,
    { arguments: { 'x-max-length': value } },
    {},
    'x-max-length',
    `received none but current is the value '5' of type '${type}'`,
  );
}

scenario('the width of an integer argument is not compared', async (s) => {
  const channel = await s.channel();
  const queue = s.name();
  for (const ttl of [60_000, long(60_000n)]) {
    await channel.call('queue.declare', { queue, exclusive: true, arguments: { 'x-message-ttl': ttl } });
  }
});

scenario('classic is the queue type of a queue that names none', async (s) => {
  const channel = await s.channel();
  const queue = s.name();
  await channel.call('queue.declare', { queue, exclusive: true });
  await channel.call('queue.declare', { queue, exclusive: true, arguments: { 'x-queue-type': 'classic' } });
});

scenario('arguments that no queue knows are taken and not compared', async (s) => {
  const channel = await s.channel();
  const queue = s.name();
  for (const args of [{ 'x-own': 1 }, { 'x-own': 'two', other: true }, {}]) {
    await channel.call('queue.declare', { queue, exclusive: true, arguments: args });
  }
});

scenario('declaring a queue again with exclusive closes the channel with 405', async (s) => {
  const channel = await s.channel();
  const queue = s.lastingQueue();
  await channel.call('queue.declare', { queue });
  channel.send('queue.declare', { queue, exclusive: true, durable: true });
  await channel.expectClosed(405, 'queue.declare', locked(queue));
});

scenario('declaring an exclusive queue again without exclusive closes the channel with 405', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.send('queue.declare', { queue });
  await channel.expectClosed(405, 'queue.declare', locked(queue));
});

/** What another connection may not do with an exclusive queue. */
for (const [name, args] of [
  ['queue.declare', {}],
  ['queue.declare', { passive: true }],
  ['queue.declare', { exclusive: true }],
  ['queue.bind', { exchange: 'amq.direct' }],
  ['queue.purge', {}],
  ['queue.delete', {}],
  ['basic.consume', {}],
  ['basic.get', {}],
] as const) {
  const flags = Object.keys(args).join(', ');
  scenario(
    `${name} (${flags}) of another connection's exclusive queue closes the channel with 405`,
    async (s) => {
      const queue = await s.queue(await s.channel());
      const other = await s.channel();
      other.send(name, { queue, ...args });
      await other.expectClosed(405, name, locked(queue));
    },
  );
}

scenario("publishing to and unbinding another connection's exclusive queue is allowed", async (s) => {
  const owner = await s.channel();
  const queue = await s.queue(owner);
  const other = await s.channel();
  other.publish('a', { routingKey: queue });
  await other.call('queue.unbind', { queue, exchange: 'amq.direct' });
  await owner.counts(queue, 1);
});

scenario('an exclusive queue belongs to the connection, not to the channel', async (s) => {
  const one = await s.channel();
  const two = await s.another(one);
  const queue = await s.queue(one);
  await one.call('channel.close', { replyCode: 200 });
  await two.counts(queue, 0);
  await one.call('channel.open');
});

scenario('a reply text of more than 255 bytes is cut', async (s) => {
  const channel = await s.channel();
  const queue = s.name().padEnd(255, 'x');
  channel.send('queue.declare', { queue, passive: true });
  const { replyText } = await channel.expect('channel.close', { replyCode: 404 });
  same('text', replyText, `NOT_FOUND - no queue '${queue}`.slice(0, 252) + '...');
  channel.send('channel.close-ok');
  await channel.call('channel.open');
});
