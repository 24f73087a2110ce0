import { FRAME } from '../../../lib/wire/constants.js';
import type { MethodName } from '../../../lib/wire/methods.js';
import type { Channel } from '../channel.js';
import { same } from '../expectation.js';
import { scenario } from '../scenario.js';

const NOTHING = Buffer.alloc(0);
const body = (text: string) => Buffer.from(text);

const NO_METHOD = 'UNEXPECTED_FRAME - expected method frame, got non method frame instead';
const NO_HEADER =
  'UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead';
const NO_BODY = 'UNEXPECTED_FRAME - expected content body, got non content body frame instead';

/** Frames out of their order: 505, blaming the method whose content they should have been. */
function unexpected(title: string, by: MethodName | 'none', text: string, send: (channel: Channel) => void) {
  scenario(`${title} closes the connection with 505`, async (s) => {
    const channel = await s.channel();
    send(channel);
    await channel.expectConnectionClosed(505, by, text);
  });
}

unexpected('a content header without a method', 'none', NO_METHOD, (channel) =>
  channel.raw.content(1, NOTHING),
);
unexpected('a body without a method', 'none', NO_METHOD, (channel) =>
  channel.raw.frame(FRAME.body, 1, body('a')),
);
unexpected('a content header on a channel that is not open', 'none', NO_METHOD, (channel) =>
  channel.raw.content(5, NOTHING),
);
unexpected('a body on a channel that is not open', 'none', NO_METHOD, (channel) =>
  channel.raw.frame(FRAME.body, 5, body('a')),
);
unexpected('a method in place of a content header', 'basic.publish', NO_HEADER, (channel) => {
  channel.send('basic.publish', { routingKey: 'x' });
  channel.send('basic.qos');
});
unexpected('a second publish in place of a content header', 'basic.publish', NO_HEADER, (channel) => {
  channel.send('basic.publish', { routingKey: 'x' });
  channel.send('basic.publish', { routingKey: 'x' });
});
unexpected('a body in place of a content header', 'basic.publish', NO_HEADER, (channel) => {
  channel.send('basic.publish', { routingKey: 'x' });
  channel.raw.frame(FRAME.body, 1, body('a'));
});
unexpected(
  'a content header of another class',
  'basic.publish',
  'UNEXPECTED_FRAME - expected content header for class 60, got one for class 50 instead',
  (channel) => channel.publish('a', { routingKey: 'x', faults: { classId: 50 } }),
);
unexpected('a content header with a weight', 'basic.publish', NO_HEADER, (channel) =>
  channel.publish('', { routingKey: 'x', faults: { weight: 1 } }),
);
unexpected('a method in place of a body', 'basic.publish', NO_BODY, (channel) => {
  channel.publish('abc', { routingKey: 'x', faults: { bodySize: 5n } });
  channel.send('basic.qos');
});
unexpected('a second content header in place of a body', 'basic.publish', NO_BODY, (channel) => {
  channel.publish('', { routingKey: 'x', faults: { bodySize: 5n } });
  channel.raw.content(1, NOTHING);
});
unexpected('a body after an empty message', 'none', NO_METHOD, (channel) => {
  channel.publish('', { routingKey: 'x' });
  channel.raw.frame(FRAME.body, 1, body('a'));
});
unexpected('a body longer than its header says, by the next method,', 'basic.publish', NO_BODY, (channel) => {
  channel.publish('abc', { routingKey: 'x', faults: { bodySize: 2n } });
  channel.send('basic.qos');
});

scenario('a content header too short closes the connection with 501', async (s) => {
  const channel = await s.channel();
  channel.send('basic.publish', { routingKey: 'x' });
  channel.raw.frame(FRAME.header, 1, Buffer.from([0, 60, 0, 0, 0]));
  const text = 'FRAME_ERROR - type 2, all octets = <<0,60,0,0,0>>: unknown_frame';
  await channel.expectConnectionClosed(501, 'none', text);
});

scenario(
  'publish with its content on a channel that is not open closes the connection with 504',
  async (s) => {
    const channel = await s.channel();
    channel.raw.method(5, 'basic.publish');
    channel.raw.content(5, NOTHING);
    await channel.expectConnectionClosed(504, 'basic.publish', "CHANNEL_ERROR - expected 'channel.open'");
  },
);

scenario('a body may be cut into frames of any size, empty ones too', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  channel.send('basic.publish', { routingKey: queue });
  channel.raw.content(1, NOTHING, {}, { bodySize: 6n });
  for (const piece of ['a', '', 'bc', 'def']) channel.raw.frame(FRAME.body, 1, body(piece));
  await channel.get({ queue, noAck: true }, {}, 'abcdef');
});

scenario('a body of many frames comes back whole', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  const large = Buffer.alloc(1_000_003);
  for (let at = 0; at < large.length; at++) large[at] = (at * 31 + (at >> 8)) & 0xff;
  channel.publish(large, { routingKey: queue });
  const message = await channel.get({ queue, noAck: true });
  same('body', message.bytes.equals(large), true);
});

scenario('the contents of two channels may be interleaved', async (s) => {
  const one = await s.channel();
  const two = await s.another(one);
  const queue = await s.queue(one);
  one.send('basic.publish', { routingKey: queue });
  two.send('basic.publish', { routingKey: queue });
  one.raw.content(1, NOTHING, {}, { bodySize: 3n });
  two.raw.content(2, NOTHING, {}, { bodySize: 3n });
  two.raw.frame(FRAME.body, 2, body('two'));
  one.raw.frame(FRAME.body, 1, body('one'));
  await two.call('channel.flow', { active: true });
  await one.quiet();
  same('bodies', (await one.drain(queue)).toSorted(), ['one', 'two']);
});

scenario('a message that is not finished holds no other channel up', async (s) => {
  const one = await s.channel();
  const two = await s.another(one);
  one.send('basic.publish', { routingKey: 'x' });
  await two.quiet();
  one.raw.content(1, NOTHING, {}, { bodySize: 2n ** 31n });
  await two.quiet();
  one.raw.destroy();
});

scenario('a message that is not finished when its channel closes is gone', async (s) => {
  const one = await s.channel();
  const two = await s.another(one);
  const queue = await s.queue(one);
  two.send('basic.publish', { routingKey: queue });
  two.raw.content(2, NOTHING, {}, { bodySize: 3n });
  one.raw.destroy();
  const again = await s.channel();
  await again.quiet();
});
