import { FRAME } from '../../../lib/wire/constants.js';
import { Channel } from '../channel.js';
import { scenario } from '../scenario.js';

scenario('publishing to an exchange that is not there closes the channel with 404', async (s) => {
  const channel = await s.channel();
  const exchange = s.name('x');
  channel.publish('a', { exchange });
  await channel.expectClosed(404, 'basic.publish', `NOT_FOUND - no exchange '${exchange}' in vhost '/'`);
});

scenario('publishing to an internal exchange closes the channel with 403', async (s) => {
  const channel = await s.channel();
  const exchange = s.exchangeName();
  await channel.call('exchange.declare', { exchange, type: 'fanout', internal: true });
  channel.publish('a', { exchange });
  const text = `ACCESS_REFUSED - cannot publish to internal exchange '${exchange}' in vhost '/'`;
  await channel.expectClosed(403, 'basic.publish', text);
});

scenario('an internal exchange is reached through another', async (s) => {
  const channel = await s.channel();
  const source = await s.exchange(channel, 'fanout');
  const destination = s.exchangeName();
  await channel.call('exchange.declare', { exchange: destination, type: 'fanout', internal: true });
  await channel.call('exchange.bind', { source, destination });
  const queue = await s.queue(channel);
  await s.bind(channel, queue, destination);
  channel.publish('a', { exchange: source });
  await channel.holds(queue, ['a']);
});

scenario('immediate closes the connection with 540', async (s) => {
  const channel = await s.channel();
  channel.publish('a', { routingKey: s.name(), immediate: true });
  await channel.expectConnectionClosed(540, 'basic.publish', 'NOT_IMPLEMENTED - immediate=true');
});

scenario('a message that is routed nowhere is dropped, without a word', async (s) => {
  const channel = await s.channel();
  channel.publish('a', { routingKey: s.name() });
  await channel.quiet();
});

scenario(
  'a mandatory message that is routed nowhere comes back with 312, its properties and its body',
  async (s) => {
    const channel = await s.channel();
    const routingKey = s.name();
    const properties = { contentType: 'text/plain', headers: { a: 1 }, deliveryMode: 2 };
    channel.publish('back', { exchange: 'amq.direct', routingKey, mandatory: true, properties });
    const fields = { replyCode: 312, replyText: 'NO_ROUTE', exchange: 'amq.direct', routingKey };
    Channel.sameProperties(await channel.expectReturn(fields, 'back'), properties);
  },
);

scenario('an empty mandatory message comes back without a body frame', async (s) => {
  const channel = await s.channel();
  const routingKey = s.name();
  channel.publish('', { routingKey, mandatory: true });
  await channel.expectReturn({ replyCode: 312, exchange: '', routingKey }, '');
  await channel.quiet();
});

scenario('a mandatory message that is routed does not come back', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('a', { routingKey: queue, mandatory: true });
  await channel.holds(queue, ['a']);
});

scenario('returns come in the order of their publishes', async (s) => {
  const channel = await s.channel();
  const keys = Array.from({ length: 20 }, () => s.name());
  for (const routingKey of keys) channel.publish(routingKey, { routingKey, mandatory: true });
  for (const routingKey of keys) await channel.expectReturn({ routingKey }, routingKey);
});

const userIdText = (claimed: string, login: string) =>
  `PRECONDITION_FAILED - user_id property set to '${claimed}' but authenticated user was '${login}'`;

for (const claimed of ['somebody else', '']) {
  scenario(`a user-id of '${claimed}' closes the channel with 406`, async (s) => {
    const channel = await s.channel();
    channel.publish('a', { routingKey: s.name(), properties: { userId: claimed } });
    await channel.expectClosed(406, 'basic.publish', userIdText(claimed, s.server.endpoint.username));
  });
}

scenario("the user's own user-id is delivered", async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  const properties = { userId: s.server.endpoint.username };
  channel.publish('a', { routingKey: queue, properties });
  Channel.sameProperties(await channel.get({ queue, noAck: true }, {}, 'a'), properties);
});

for (const [expiration, words] of [
  ['soon', 'no_integer'],
  ['', 'no_integer'],
  [' 1', 'no_integer'],
  ['-1', '{value_negative,-1}'],
  ['1.5', '{leftover_string,".5"}'],
  ['1 ', '{leftover_string," "}'],
  ['0x1', '{leftover_string,"x1"}'],
  ['315360000001', '{value_too_large,315360000001}'],
] as const) {
  scenario(`an expiration of '${expiration}' closes the channel with 406`, async (s) => {
    const channel = await s.channel();
    channel.publish('a', { routingKey: s.name(), properties: { expiration } });
    const text = `PRECONDITION_FAILED - invalid expiration '${expiration}': ${words}`;
    await channel.expectClosed(406, 'basic.publish', text);
  });
}

for (const expiration of ['60000', '00060000', '+60000', '315360000000']) {
  scenario(`an expiration of '${expiration}' is accepted and delivered as it came`, async (s) => {
    const channel = await s.channel();
    const queue = await s.queue(channel);
    channel.publish('a', { routingKey: queue, properties: { expiration } });
    Channel.sameProperties(await channel.get({ queue, noAck: true }, {}, 'a'), { expiration });
  });
}

for (const deliveryMode of [0, 3, 9]) {
  // [differences: delivery mode]
  scenario(
    `a delivery mode of ${deliveryMode} is refused by RabbitMQ before 3.13 and transient after`,
    async (s) => {
      const channel = await s.channel();
      const queue = await s.queue(channel);
      channel.publish('a', { routingKey: queue, properties: { deliveryMode } });
      if (s.server.before313) {
        const text = `PRECONDITION_FAILED - invalid message: {delivery_mode_unknown,${deliveryMode}}`;
        await channel.expectClosed(406, 'basic.publish', text);
        return;
      }
      await channel.holds(queue, ['a']);
    },
  );
}

scenario('the exchange is looked at before the properties', async (s) => {
  const channel = await s.channel();
  const exchange = s.name('x');
  channel.publish('a', { exchange, properties: { userId: 'somebody else', expiration: 'soon' } });
  await channel.expectClosed(404, 'basic.publish', `NOT_FOUND - no exchange '${exchange}' in vhost '/'`);
});

scenario('the user-id is looked at before the expiration', async (s) => {
  const channel = await s.channel();
  channel.publish('a', { routingKey: s.name(), properties: { userId: 'somebody else', expiration: 'soon' } });
  await channel.expectClosed(406, 'basic.publish', userIdText('somebody else', s.server.endpoint.username));
});

scenario('the expiration is looked at before CC', async (s) => {
  const channel = await s.channel();
  channel.publish('a', { routingKey: s.name(), properties: { headers: { CC: 1 }, expiration: 'soon' } });
  await channel.expectClosed(
    406,
    'basic.publish',
    "PRECONDITION_FAILED - invalid expiration 'soon': no_integer",
  );
});

scenario('messages after a bad one on the same channel are lost', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('before', { routingKey: queue });
  channel.publish('bad', { exchange: s.name('x') });
  channel.publish('after', { routingKey: queue });
  await channel.expect('channel.close', { replyCode: 404 });
  channel.send('channel.close-ok');
  await channel.call('channel.open');
  await channel.holds(queue, ['before']);
});

scenario('a header table that cannot be read closes the connection with 541', async (s) => {
  const channel = await s.channel();
  channel.send('basic.publish', { routingKey: s.name() });
  const header = Buffer.from([0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 3, 1, 0x61, 0x5a]);
  channel.raw.frame(FRAME.header, 1, header);
  await channel.expectConnectionClosed(541, 'none', 'INTERNAL_ERROR');
});
