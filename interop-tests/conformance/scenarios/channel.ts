import { FRAME } from '../../../lib/wire/constants.js';
import type { Channel } from '../channel.js';
import { scenario, type Steps } from '../scenario.js';

scenario('channel.open twice closes the connection with 504', async (s) => {
  const channel = await s.channel();
  channel.send('channel.open');
  await channel.expectConnectionClosed(504, 'channel.open', "CHANNEL_ERROR - second 'channel.open' seen");
});

scenario('channel.open-ok carries an empty long string', async (s) => {
  const channel = await s.channel();
  channel.raw.method(2, 'channel.open', { reserved1: 'anything' });
  const two = await channel.raw.next(2);
  if (two.kind !== 'method' || two.name !== 'channel.open-ok' || two.args.reserved1?.length !== 0) {
    throw new Error('channel.open-ok with an empty long string expected');
  }
});

scenario('channels are numbered as the client likes', async (s) => {
  const channel = await s.channel();
  for (const id of [2047, 2048, 65_535]) await s.openOn(channel.raw, id);
});

scenario('a closed channel can be opened again under the same number', async (s) => {
  const channel = await s.channel();
  for (let times = 0; times < 3; times++) {
    await channel.call('channel.close', { replyCode: 200, replyText: 'bye' });
    await channel.call('channel.open');
  }
});

scenario('delivery tags begin again at 1 on a reopened channel', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.publish('a', { routingKey: queue });
  await channel.get({ queue }, { deliveryTag: 1, redelivered: false }, 'a');
  await channel.call('channel.close', { replyCode: 200 });
  await channel.call('channel.open');
  await channel.counts(queue, 1);
  await channel.get({ queue }, { deliveryTag: 1, redelivered: true }, 'a');
});

scenario('channel.flow with active is answered and changes nothing', async (s) => {
  const channel = await s.channel();
  await channel.call('channel.flow', { active: true }, { active: true });
});

scenario('channel.flow without active closes the connection with 540', async (s) => {
  const channel = await s.channel();
  channel.send('channel.flow', { active: false });
  await channel.expectConnectionClosed(540, 'channel.flow', 'NOT_IMPLEMENTED - active=false');
});

/** A channel that the server has closed, its close-ok not yet sent. */
async function failedChannel(s: Steps): Promise<Channel> {
  const channel = await s.channel();
  channel.send('basic.ack', { deliveryTag: 9 });
  await channel.expect('channel.close', { replyCode: 406 });
  return channel;
}

scenario('after a channel error everything is ignored until close-ok', async (s) => {
  const channel = await failedChannel(s);
  const queue = s.lastingQueue();
  channel.send('basic.qos');
  channel.publish('lost', { routingKey: 'x', mandatory: true });
  channel.send('queue.declare', { queue });
  channel.send('basic.ack', { deliveryTag: 9 });
  channel.send('channel.close-ok');
  await channel.call('channel.open');
  channel.send('queue.declare', { queue, passive: true });
  await channel.expectClosed(404, 'queue.declare', `NOT_FOUND - no queue '${queue}' in vhost '/'`);
});

scenario('after a channel error a crossing channel.close is answered', async (s) => {
  const channel = await failedChannel(s);
  await channel.call('channel.close', { replyCode: 200 });
  channel.send('channel.close-ok');
  await channel.call('channel.open');
});

scenario('after a channel error and its close-ok the channel must be opened again', async (s) => {
  const channel = await failedChannel(s);
  channel.send('channel.close-ok');
  channel.send('basic.qos');
  await channel.expectConnectionClosed(504, 'basic.qos', "CHANNEL_ERROR - expected 'channel.open'");
});

scenario('a second close-ok after a channel error closes the connection with 504', async (s) => {
  const channel = await failedChannel(s);
  channel.send('channel.close-ok');
  channel.send('channel.close-ok');
  await channel.expectConnectionClosed(504, 'channel.close-ok', "CHANNEL_ERROR - expected 'channel.open'");
});

scenario('channel.open before close-ok after a channel error closes the connection with 504', async (s) => {
  const channel = await failedChannel(s);
  channel.send('channel.open');
  await channel.expectConnectionClosed(504, 'channel.open', "CHANNEL_ERROR - second 'channel.open' seen");
});

scenario('a stray body on a channel that failed still closes the connection with 505', async (s) => {
  const channel = await failedChannel(s);
  channel.raw.frame(FRAME.body, 1, Buffer.from('abc'));
  const text = 'UNEXPECTED_FRAME - expected method frame, got non method frame instead';
  await channel.expectConnectionClosed(505, 'none', text);
});

scenario('a malformed method on a channel that failed still closes the connection with 501', async (s) => {
  const channel = await failedChannel(s);
  channel.raw.frame(FRAME.method, 1, Buffer.from([0, 50, 0, 10]));
  await channel.expectConnectionClosed(501, 'queue.declare', 'FRAME_ERROR - cannot decode <<>>');
});

scenario('methods after channel.close on the closed number need a channel.open', async (s) => {
  const channel = await s.channel();
  await channel.call('channel.close', { replyCode: 200 });
  channel.send('basic.qos');
  await channel.expectConnectionClosed(504, 'basic.qos', "CHANNEL_ERROR - expected 'channel.open'");
});
