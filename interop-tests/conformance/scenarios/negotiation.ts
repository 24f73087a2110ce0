import { FRAME, PROTOCOL_HEADER } from '../../../lib/wire/constants.js';
import type { MethodName } from '../../../lib/wire/methods.js';
import { asMethod, blame, Broken, same } from '../expectation.js';
import { describe } from '../frames.js';
import type { RawConnection, StepArgs } from '../raw-connection.js';
import { ALL_CAPABILITIES, expectStart, plainResponse, scenario, type Steps } from '../scenario.js';

/** A connection that has received connection.tune and answered nothing. */
async function tuning(s: Steps): Promise<RawConnection> {
  const raw = await s.socket();
  await expectStart(raw);
  raw.method(0, 'connection.start-ok', {
    clientProperties: { capabilities: ALL_CAPABILITIES },
    mechanism: 'PLAIN',
    response: plainResponse(s.server.endpoint),
    locale: 'en_US',
  });
  asMethod(await raw.next(0), 'connection.tune');
  return raw;
}

/** tune-ok and open, with parts of the tune-ok replaced. */
async function tuneOk(s: Steps, args: StepArgs<'connection.tune-ok'>): Promise<RawConnection> {
  const raw = await tuning(s);
  raw.method(0, 'connection.tune-ok', { ...s.server.tuning, ...args });
  raw.method(0, 'connection.open', { virtualHost: s.server.endpoint.vhost });
  return raw;
}

async function expectClosed(
  raw: RawConnection,
  replyCode: number,
  by: MethodName | 'none',
  replyText: string,
) {
  asMethod(await raw.next(0), 'connection.close', { replyCode, replyText, ...blame(by) });
  raw.method(0, 'connection.close-ok');
  const end = await raw.next(0);
  if (end.kind !== 'end') throw new Broken('the end of the socket', describe(end));
}

scenario('connection.tune offers channel_max 2047, frame_max 131072 and a heartbeat of 60 s', async (s) => {
  const raw = await s.socket();
  await expectStart(raw);
  raw.method(0, 'connection.start-ok', {
    mechanism: 'PLAIN',
    response: plainResponse(s.server.endpoint),
    locale: 'en_US',
  });
  asMethod(await raw.next(0), 'connection.tune', { channelMax: 2047, frameMax: 131_072, heartbeat: 60 });
});

scenario('the whole handshake and a channel.open may be sent without waiting for an answer', async (s) => {
  const raw = await s.socket();
  raw.bytes(PROTOCOL_HEADER);
  raw.method(0, 'connection.start-ok', {
    clientProperties: {},
    mechanism: 'PLAIN',
    response: plainResponse(s.server.endpoint),
    locale: 'en_US',
  });
  raw.method(0, 'connection.tune-ok', { ...s.server.tuning });
  raw.method(0, 'connection.open', { virtualHost: s.server.endpoint.vhost });
  raw.method(1, 'channel.open');
  for (const name of [
    'connection.start',
    'connection.tune',
    'connection.open-ok',
    'channel.open-ok',
  ] as const) {
    asMethod(await raw.next(1), name);
  }
});

for (const [title, args] of [
  ['a frame_max of 4096', { frameMax: 4096 }],
  ['a channel_max of 1', { channelMax: 1 }],
  ['a heartbeat of 0', { heartbeat: 0 }],
  ['a heartbeat of 65535 s', { heartbeat: 65_535 }],
] as const) {
  scenario(`tune-ok with ${title} is accepted`, async (s) => {
    asMethod(await (await tuneOk(s, args)).next(0), 'connection.open-ok', { reserved1: '' });
  });
}

// [differences: tune-ok]
for (const [title, args] of [
  ['a frame_max below 4096', { frameMax: 4095 }],
  ['a frame_max above the offer', { frameMax: 131_073 }],
  ['no limit on frames where the server has one', { frameMax: 0 }],
  ['a channel_max above the offer', { channelMax: 2048 }],
  ['no limit on channels where the server has one', { channelMax: 0 }],
] as const) {
  scenario(
    `tune-ok with ${title} ends the connection before open-ok`,
    async (s) => {
      const raw = await tuneOk(s, args);
      const first = await raw.next(0);
      if (first.kind !== 'end') asMethod(first, 'connection.close', { replyCode: 530 });
    },
    { slow: true },
  );
}

scenario('with a frame_max of 4096 the server sends no larger frame', async (s) => {
  const channel = await s.channel({ frameMax: 4096 });
  const queue = await s.queue(channel);
  channel.send('basic.publish', { routingKey: queue });
  const payload = Buffer.alloc(4088, 0x61);
  const head = Buffer.alloc(14);
  head.writeUInt16BE(60, 0);
  head.writeBigUInt64BE(BigInt(payload.length * 2), 4);
  channel.raw.frame(FRAME.header, 1, head);
  channel.raw.frame(FRAME.body, 1, payload);
  channel.raw.frame(FRAME.body, 1, payload);
  channel.send('basic.get', { queue, noAck: true });
  await channel.expect('basic.get-ok');
  const header = await channel.next();
  same('content header', header.kind === 'header' && header.size, 8176n);
  for (let frames = 0; frames < 2; frames++) {
    const body = await channel.next();
    same('body frame', body.kind === 'body' && body.bytes.length, 4088);
  }
});

scenario('with a frame_max of 4096 a larger frame closes the connection with 501', async (s) => {
  const channel = await s.channel({ frameMax: 4096 });
  channel.raw.frame(FRAME.method, 1, Buffer.alloc(4097));
  await channel.expectConnectionClosed(
    501,
    'none',
    'FRAME_ERROR - type 1, all octets = <<>>: {frame_too_large,4097,4088}',
  );
});

scenario('channel_max limits how many channels are open, not their numbers', async (s) => {
  const first = await s.channel({ channelMax: 2 });
  await s.openOn(first.raw, 2);
  await first.call('channel.close', { replyCode: 200 });
  await s.openOn(first.raw, 1);
});

scenario('one channel more than channel_max closes the connection with 530', async (s) => {
  const first = await s.channel({ channelMax: 2 });
  await s.openOn(first.raw, 2);
  first.raw.method(3, 'channel.open');
  await first.expectConnectionClosed(
    530,
    'none',
    'NOT_ALLOWED - number of channels opened (2) has reached the negotiated channel_max (2)',
  );
});

scenario('opening a vhost that does not exist closes with 530', async (s) => {
  const raw = await tuning(s);
  raw.method(0, 'connection.tune-ok', { ...s.server.tuning });
  raw.method(0, 'connection.open', { virtualHost: 'no such vhost' });
  await expectClosed(raw, 530, 'connection.open', 'NOT_ALLOWED - vhost no such vhost not found');
});

scenario('opening the empty vhost name closes with 530', async (s) => {
  const raw = await tuning(s);
  raw.method(0, 'connection.tune-ok', { ...s.server.tuning });
  raw.method(0, 'connection.open', { virtualHost: '' });
  await expectClosed(raw, 530, 'connection.open', 'NOT_ALLOWED - vhost  not found');
});

scenario('the reserved fields of connection.open mean nothing', async (s) => {
  const raw = await tuning(s);
  raw.method(0, 'connection.tune-ok', { ...s.server.tuning });
  raw.method(0, 'connection.open', { virtualHost: s.server.endpoint.vhost, reserved1: 'x', reserved2: true });
  asMethod(await raw.next(0), 'connection.open-ok');
});

for (const name of ['connection.tune-ok', 'connection.close', 'connection.start-ok'] as const) {
  scenario(`${name} in place of connection.open closes with 504`, async (s) => {
    const raw = await tuning(s);
    raw.method(0, 'connection.tune-ok', { ...s.server.tuning });
    raw.method(0, name);
    const text = 'CHANNEL_ERROR - unexpected method in connection state opening';
    await expectClosed(raw, 504, name, text);
  });
}

scenario('channel.open in place of connection.open closes with 505', async (s) => {
  const raw = await tuning(s);
  raw.method(0, 'connection.tune-ok', { ...s.server.tuning });
  raw.method(1, 'channel.open');
  await expectClosed(raw, 505, 'none', 'UNEXPECTED_FRAME - type 1, all octets = <<0,20,0,10,0>>');
});

scenario('heartbeats are welcome before the connection is open', async (s) => {
  const raw = await tuning(s);
  raw.frame(FRAME.heartbeat, 0, Buffer.alloc(0));
  raw.method(0, 'connection.tune-ok', { ...s.server.tuning });
  raw.frame(FRAME.heartbeat, 0, Buffer.alloc(0));
  raw.method(0, 'connection.open', { virtualHost: s.server.endpoint.vhost });
  asMethod(await raw.next(0), 'connection.open-ok');
});

scenario(
  'with a heartbeat of 1 s the server sends heartbeats, and ends the socket of a client that sends nothing',
  async (s) => {
    const raw = await tuneOk(s, { heartbeat: 1 });
    asMethod(await raw.next(0), 'connection.open-ok');
    const beat = await raw.next(0);
    same('frame', beat.kind, 'heartbeat');
    let last = await raw.next(0);
    while (last.kind === 'heartbeat') last = await raw.next(0);
    same('last', last.kind, 'end');
  },
  { slow: true },
);
