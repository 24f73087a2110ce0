import { FRAME } from '../../../lib/wire/constants.js';
import type { MethodName } from '../../../lib/wire/methods.js';
import type { Channel } from '../channel.js';
import { asMethod, Broken } from '../expectation.js';
import { describe } from '../frames.js';
import { methodPayload } from '../raw-connection.js';
import { scenario, type Steps } from '../scenario.js';

const NOTHING = Buffer.alloc(0);

/** A fault that RabbitMQ answers with connection.close. */
function closes(
  title: string,
  code: number,
  by: MethodName | 'none',
  text: string,
  send: (channel: Channel) => void,
) {
  scenario(`${title} closes the connection with ${code}`, async (s) => {
    const channel = await s.channel();
    send(channel);
    await channel.expectConnectionClosed(code, by, text);
  });
}

/**
 * A fault that ends RabbitMQ's reader process, so that the socket ends without a word. We say why before we end it.
 * [differences: undecodable methods]
 */
function ends(title: string, code: number, send: (channel: Channel) => void) {
  scenario(`${title} ends the connection`, async (s: Steps) => {
    const channel = await s.channel();
    send(channel);
    const last = await channel.next();
    if (!s.server.ours) {
      if (last.kind !== 'end') throw new Broken('the end of the socket', describe(last));
      return;
    }
    asMethod(last, 'connection.close', { replyCode: code });
    channel.raw.method(0, 'connection.close-ok');
    await channel.expectEnd();
  });
}

closes(
  'a frame that does not end with 0xCE',
  501,
  'none',
  'FRAME_ERROR - type 1, all octets = <<0,60,0,10,0,0,0,0,0,1,0>>: {invalid_frame_end_marker,0}',
  (channel) => channel.raw.frame(FRAME.method, 1, methodPayload('basic.qos', { prefetchCount: 1 }), 0),
);
for (const type of [0, 4, 5, 9, 255]) {
  closes(
    `a frame of type ${type}`,
    501,
    'none',
    `FRAME_ERROR - type ${type}, all octets = <<"abc">>: unknown_frame`,
    (channel) => channel.raw.frame(type, 1, Buffer.from('abc')),
  );
}
closes('a frame larger than frame_max', 501, 'none', tooLarge(131_073), (channel) =>
  channel.raw.frame(FRAME.method, 1, Buffer.alloc(131_073)),
);
closes('a frame header that says 4 GB', 501, 'none', tooLarge(0xffff_ffff), (channel) =>
  channel.raw.bytes(Buffer.from([1, 0, 1, 0xff, 0xff, 0xff, 0xff])),
);

function tooLarge(size: number): string {
  return `FRAME_ERROR - type 1, all octets = <<>>: {frame_too_large,${size},131064}`;
}

closes(
  'a method frame of 2 bytes',
  501,
  'none',
  'FRAME_ERROR - type 1, all octets = <<0,50>>: unknown_frame',
  (channel) => channel.raw.frame(FRAME.method, 1, Buffer.from([0, 50])),
);
closes(
  'an empty method frame',
  501,
  'none',
  'FRAME_ERROR - type 1, all octets = <<>>: unknown_frame',
  (channel) => channel.raw.frame(FRAME.method, 1, NOTHING),
);
closes(
  'a heartbeat with a payload',
  501,
  'none',
  'FRAME_ERROR - type 8, all octets = <<"x">>: unknown_frame',
  (channel) => channel.raw.frame(FRAME.heartbeat, 0, Buffer.from('x')),
);
closes('a heartbeat on channel 1', 505, 'none', 'UNEXPECTED_FRAME - type 8, all octets = <<>>', (channel) =>
  channel.raw.frame(FRAME.heartbeat, 1, NOTHING),
);
closes(
  'a method that ends early',
  501,
  'queue.declare',
  'FRAME_ERROR - cannot decode <<0,0,3,97,98>>',
  (channel) =>
    channel.raw.frame(FRAME.method, 1, methodPayload('queue.declare', { queue: 'abc' }).subarray(0, 9)),
);
closes(
  'a method with bytes after its last argument',
  501,
  'basic.qos',
  'FRAME_ERROR - cannot decode <<0,0,0,0,0,0,0,122,122>>',
  (channel) =>
    channel.raw.frame(FRAME.method, 1, Buffer.concat([methodPayload('basic.qos'), Buffer.from('zz')])),
);
closes('a name that is not UTF-8', 501, 'none', 'FRAME_ERROR - Malformed UTF-8 in shortstr', (channel) => {
  const payload = methodPayload('queue.declare', { queue: 'abc' });
  payload[4 + 2 + 1] = 0xff;
  channel.raw.frame(FRAME.method, 1, payload);
});
closes(
  'a frame on a channel that is not open',
  504,
  'queue.declare',
  "CHANNEL_ERROR - expected 'channel.open'",
  (channel) => channel.raw.method(5, 'queue.declare'),
);
closes(
  'channel.close on a channel that is not open',
  504,
  'channel.close',
  "CHANNEL_ERROR - expected 'channel.open'",
  (channel) => channel.raw.method(5, 'channel.close'),
);
closes(
  'channel.close-ok on a channel that is not open',
  504,
  'channel.close-ok',
  "CHANNEL_ERROR - expected 'channel.open'",
  (channel) => channel.raw.method(5, 'channel.close-ok'),
);

ends('a class that does not exist', 540, (channel) =>
  channel.raw.frame(FRAME.method, 1, Buffer.from([0, 99, 0, 10])),
);
ends('a method that does not exist', 540, (channel) =>
  channel.raw.frame(FRAME.method, 1, Buffer.from([0, 50, 0, 99])),
);
ends('a method that does not exist, on channel 0', 540, (channel) =>
  channel.raw.frame(FRAME.method, 0, Buffer.from([0, 10, 0, 99])),
);
ends('a field of a type that does not exist', 501, (channel) => {
  const payload = methodPayload('queue.declare', { arguments: { abc: true } });
  payload[payload.length - 2] = 0x5a;
  channel.raw.frame(FRAME.method, 1, payload);
});
ends('a field longer than its table', 501, (channel) => {
  const payload = methodPayload('queue.declare', { arguments: { abc: 'text' } });
  payload.writeUInt32BE(99, payload.length - 8);
  channel.raw.frame(FRAME.method, 1, payload);
});

/** What only a server may send. */
for (const name of [
  'channel.open-ok',
  'channel.flow-ok',
  'channel.close-ok',
  'access.request-ok',
  'exchange.declare-ok',
  'queue.declare-ok',
  'basic.qos-ok',
  'basic.consume-ok',
  'basic.cancel-ok',
  'basic.get-empty',
  'basic.recover-ok',
  'confirm.select-ok',
  'tx.select-ok',
] as const) {
  closes(`${name} from a client`, 503, name, 'COMMAND_INVALID - unimplemented method', (channel) =>
    channel.send(name),
  );
}
for (const name of ['basic.deliver', 'basic.return', 'basic.get-ok'] as const) {
  closes(
    `${name} with its content from a client`,
    503,
    name,
    'COMMAND_INVALID - unimplemented method',
    (channel) => {
      channel.send(name);
      channel.raw.content(1, NOTHING);
    },
  );
}

/** Class connection lives on channel 0, and nothing else does. */
for (const name of ['connection.start-ok', 'connection.close', 'connection.update-secret'] as const) {
  closes(`${name} on channel 1`, 503, name, 'COMMAND_INVALID - unimplemented method', (channel) =>
    channel.send(name),
  );
}
for (const name of [
  'connection.start',
  'connection.start-ok',
  'connection.secure-ok',
  'connection.tune',
  'connection.tune-ok',
  'connection.open',
  'connection.close-ok',
  'connection.blocked',
  'connection.unblocked',
  'channel.open',
  'channel.close',
  'queue.declare',
  'basic.publish',
  'tx.select',
] as const) {
  closes(
    `${name} on channel 0 of an open connection`,
    504,
    name,
    'CHANNEL_ERROR - unexpected method in connection state running',
    (channel) => channel.raw.method(0, name),
  );
}
closes(
  'a content header on channel 0',
  505,
  'none',
  'UNEXPECTED_FRAME - type 2, all octets = <<0,60,0,0,0,0,0,0,0,0,0,0,0,0>>',
  (channel) => channel.raw.content(0, NOTHING),
);
closes(
  'a longer body on channel 0, of which 16 octets are shown,',
  505,
  'none',
  'UNEXPECTED_FRAME - type 3, first 16 octets = <<"abcdefghijklmnop">>',
  (channel) => channel.raw.frame(FRAME.body, 0, Buffer.from('abcdefghijklmnopqrstuvwxyz')),
);
closes('a body on channel 0', 505, 'none', 'UNEXPECTED_FRAME - type 3, all octets = <<"a">>', (channel) =>
  channel.raw.frame(FRAME.body, 0, Buffer.from('a')),
);

scenario('a method may arrive one byte at a time', async (s) => {
  const channel = await s.channel();
  const payload = methodPayload('basic.qos', { prefetchCount: 1 });
  const head = Buffer.from([1, 0, 1, 0, 0, 0, payload.length]);
  for (const octet of Buffer.concat([head, payload, Buffer.from([0xce])]))
    channel.raw.bytes(Buffer.from([octet]));
  await channel.expect('basic.qos-ok');
});

scenario('heartbeats between the frames of a message do no harm', async (s) => {
  const channel = await s.channel();
  const queue = await s.queue(channel);
  const beat = () => channel.raw.frame(FRAME.heartbeat, 0, NOTHING);
  channel.send('basic.publish', { routingKey: queue });
  beat();
  channel.raw.content(1, NOTHING, {}, { bodySize: 2n });
  beat();
  channel.raw.frame(FRAME.body, 1, Buffer.from('ab'));
  await channel.get({ queue, noAck: true }, {}, 'ab');
});
