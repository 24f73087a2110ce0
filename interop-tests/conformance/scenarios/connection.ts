import { FRAME } from '../../../lib/wire/constants.js';
import { asMethod } from '../expectation.js';
import { scenario } from '../scenario.js';

scenario('connection.close is answered with close-ok and the end of the socket', async (s) => {
  const channel = await s.channel();
  channel.raw.method(0, 'connection.close', { replyCode: 200, replyText: 'goodbye' });
  asMethod(await channel.next(), 'connection.close-ok');
  channel.raw.finish();
  await channel.expectEnd();
});

scenario('connection.close with channels still open is answered all the same', async (s) => {
  const channel = await s.channel();
  for (const id of [2, 3, 700]) await s.openOn(channel.raw, id);
  channel.raw.method(0, 'connection.close', { replyCode: 320 });
  asMethod(await channel.next(), 'connection.close-ok');
  channel.raw.finish();
  await channel.expectEnd();
});

scenario('after a connection error the server does nothing more than wait for the close-ok', async (s) => {
  const channel = await s.channel();
  const queue = s.lastingQueue();
  channel.raw.method(0, 'connection.open');
  asMethod(await channel.next(), 'connection.close', { replyCode: 504 });
  channel.send('queue.declare', { queue });
  channel.raw.method(0, 'connection.open');
  channel.raw.method(0, 'connection.close-ok');
  await channel.expectEnd();
  const other = await s.channel();
  other.send('queue.declare', { queue, passive: true });
  await other.expectClosed(404, 'queue.declare', `NOT_FOUND - no queue '${queue}' in vhost '/'`);
});

scenario('connection.close may cross a connection error and is answered', async (s) => {
  const channel = await s.channel();
  channel.raw.method(0, 'connection.open');
  asMethod(await channel.next(), 'connection.close', { replyCode: 504 });
  channel.raw.method(0, 'connection.close', { replyCode: 200 });
  asMethod(await channel.next(), 'connection.close-ok');
  channel.raw.finish();
  await channel.expectEnd();
});

scenario('an error on one channel leaves the others open', async (s) => {
  const one = await s.channel();
  const two = await s.another(one);
  two.send('basic.ack', { deliveryTag: 1 });
  await two.expectClosed(406, 'basic.ack', 'PRECONDITION_FAILED - unknown delivery tag 1');
  await one.quiet();
});

scenario('connection.update-secret is answered', async (s) => {
  const channel = await s.channel();
  channel.raw.method(0, 'connection.update-secret', { newSecret: Buffer.from('guest'), reason: 'renewal' });
  asMethod(await channel.next(), 'connection.update-secret-ok');
  await channel.quiet();
});

scenario('a heartbeat from the client is answered with nothing', async (s) => {
  const channel = await s.channel();
  channel.raw.frame(FRAME.heartbeat, 0, Buffer.alloc(0));
  await channel.quiet();
});

scenario('access.request gets a ticket, as of old', async (s) => {
  const channel = await s.channel();
  await channel.call('access.request', { realm: '/data', read: true }, { reserved1: 1 });
});

scenario('a ticket in a method means nothing', async (s) => {
  const channel = await s.channel();
  const queue = s.name();
  await channel.call('queue.declare', { reserved1: 4711, queue, exclusive: true });
});
