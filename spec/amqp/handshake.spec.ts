import t from 'tap';
import { PROTOCOL_HEADER } from '../../lib/wire/constants.js';
import { encodeTable, fromPlain } from '../../lib/wire/values.js';
import { BrokerUnderTest } from '../support/broker-under-test.js';
import type { ProtocolClient } from '../support/protocol-client.js';

const START = 'connection.start on channel 0';
/** Milliseconds that a client which failed is left in silence. */
const SILENCE = 1000;

type Step = (client: ProtocolClient) => void | Promise<unknown>;

const header: Step = async (client) => {
  client.bytes(PROTOCOL_HEADER);
  await client.next(0);
};
const logIn: Step = (client) => client.logIn();
const tuned: Step = async (client) => {
  await client.logIn();
  client.method(0, 'connection.tune-ok', { frameMax: 131_072, channelMax: 2047 });
};

/** A start-ok that offers this. */
const startOk =
  (mechanism: string, response: Buffer | string): Step =>
  (client) =>
    client.method(0, 'connection.start-ok', {
      clientProperties: { capabilities: { authentication_failure_close: true } },
      mechanism,
      response: Buffer.from(response),
      locale: 'en_US',
    });

const tuneOk =
  (frameMax: number, channelMax: number): Step =>
  (client) =>
    client.method(0, 'connection.tune-ok', { frameMax, channelMax, heartbeat: 0 });

const method =
  (name: Parameters<ProtocolClient['method']>[1], channel = 0): Step =>
  (client) =>
    client.method(channel, name);

for (const [title, bytes] of [
  ['0-9-1', PROTOCOL_HEADER],
  ['0-9', Buffer.from('AMQP\x01\x01\x00\x09')],
  ['0-8', Buffer.from('AMQP\x01\x01\x08\x00')],
] as const) {
  void t.test(`the protocol header of ${title} is answered with connection.start`, async (t) => {
    const client = (await BrokerUnderTest.open()).client();
    client.bytes(bytes);
    t.match(await client.next(0), {
      name: 'connection.start',
      args: {
        versionMajor: 0,
        versionMinor: 9,
        mechanisms: Buffer.from('PLAIN AMQPLAIN'),
        locales: Buffer.from('en_US'),
      },
    });
  });
}

void t.test(
  'the protocol header may come octet by octet, and with the next frame in one chunk',
  async (t) => {
    const client = (await BrokerUnderTest.open()).client();
    for (const octet of PROTOCOL_HEADER.subarray(0, 7)) client.bytes(Buffer.from([octet]));
    t.strictSame(await client.lines(), []);
    const eighth = PROTOCOL_HEADER.subarray(7);
    client.bytes(eighth);
    t.match(await client.lines(), [new RegExp(START)]);
  },
);

for (const [title, text] of [
  ['AMQP 0-9', 'AMQP\x00\x00\x09\x00'],
  ['AMQP 1.0', 'AMQP\x00\x01\x00\x00'],
  ['AMQP 1.0 with SASL', 'AMQP\x03\x01\x00\x00'],
  ['HTTP', 'GET / HTTP/1.1\r\n\r\n'],
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
] as const) {
  void t.test(`${title} is answered with the header that is understood, and the end`, async (t) => {
    const world = await BrokerUnderTest.open();
    const client = world.client();
    client.bytes(Buffer.from(text, 'latin1'));
    await world.rest();
    t.strictSame(client.transport.taken(), PROTOCOL_HEADER);
    t.equal(client.transport.isEnded, true);
    t.match(world.log.refusals, [/^not an AMQP 0-9-1 protocol header/]);
    client.bytes(Buffer.from('more of it'));
    await world.rest();
    client.finish();
    await world.rest();
    t.equal(world.ended.length, 1, 'and its connection is forgotten');
    await world.advance(100_000);
    t.equal(world.log.refusals.length, 1);
  });
}

void t.test('a client that stays after a wrong header is dropped in the end', async (t) => {
  const world = await BrokerUnderTest.open();
  world.client().bytes(Buffer.from('GET / HTTP'));
  await world.advance(30_000);
  t.equal(world.ended.length, 1);
});

void t.test('a login is answered with what the broker suggests', async (t) => {
  const world = await BrokerUnderTest.open({
    settings: { frameMax: 65_536, channelMax: 100, heartbeat: 30 },
  });
  t.match(await world.client().logIn(), { channelMax: 100, frameMax: 65_536, heartbeat: 30 });
});

void t.test('AMQPLAIN is a login as good as PLAIN', async (t) => {
  const client = (await BrokerUnderTest.open()).client();
  await header(client);
  const response = encodeTable(fromPlain({ LOGIN: 'guest', PASSWORD: 'guest' }));
  await startOk('AMQPLAIN', response)(client);
  t.match(await client.next(0), { name: 'connection.tune' });
});

void t.test('everything a client sends without waiting for answers is taken', async (t) => {
  const world = await BrokerUnderTest.open();
  const client = world.client();
  client.bytes(PROTOCOL_HEADER);
  client.startOk();
  await tuneOk(131_072, 2047)(client);
  client.method(0, 'connection.open', { virtualHost: '/' });
  client.method(1, 'channel.open');
  const names = (await client.all()).map((one) => (one.kind === 'method' ? one.name : one.kind));
  t.strictSame(names, ['connection.start', 'connection.tune', 'connection.open-ok', 'channel.open-ok']);
  t.equal(client.connection.state, 'running');
  t.equal(client.connection.user, 'guest');
});

void t.test('a heartbeat does no harm before the connection is open', async (t) => {
  const client = (await BrokerUnderTest.open()).client();
  await logIn(client);
  client.frame(8, 0, Buffer.alloc(0));
  await tuneOk(4096, 1)(client);
  client.method(0, 'connection.open', { virtualHost: '/' });
  t.match(await client.next(0), { name: 'connection.open-ok' });
});

/** Faults that end in silence, and the socket's end a while later. */
const SILENT: readonly (readonly [title: string, ...steps: Step[]])[] = [
  ['an unknown mechanism', header, startOk('EXTERNAL', '')],
  ['a mechanism in small letters', header, startOk('plain', '\0guest\0guest')],
  ['an empty response', header, startOk('PLAIN', '')],
  ['a response without NUL', header, startOk('PLAIN', 'guest')],
  ['a response of too many parts', header, startOk('PLAIN', '\0guest\0guest\0guest')],
  ['an AMQPLAIN response that is no table', header, startOk('AMQPLAIN', 'garbage')],
  ['an AMQPLAIN response without LOGIN', header, startOk('AMQPLAIN', '\x08PASSWORDS\0\0\0\x05guest')],
  ['tune-ok before start-ok', header, method('connection.tune-ok')],
  ['open before start-ok', header, method('connection.open')],
  ['close before start-ok', header, method('connection.close')],
  ['secure-ok that was not asked for', header, method('connection.secure-ok')],
  ['channel.open before start-ok', header, method('channel.open', 1)],
  ['open before tune-ok', logIn, method('connection.open')],
  ['a second start-ok', logIn, startOk('PLAIN', '\0guest\0guest')],
  ['channel.open before tune-ok', logIn, method('channel.open', 1)],
  ['a frame of an unknown type', header, (client) => client.frame(9, 0, Buffer.from('x'))],
  ['a method that does not exist', header, (client) => client.frame(1, 0, Buffer.from([0, 10, 0, 99]))],
  ['a frame beyond 131072 octets before tune', header, (client) => client.frame(1, 0, Buffer.alloc(131_073))],
  ['a start-ok that is cut short', header, (client) => client.frame(1, 0, Buffer.from([0, 10, 0, 11, 0, 0]))],
  ['frame_max below 4096', logIn, tuneOk(4095, 10)],
  ['frame_max above what was offered', logIn, tuneOk(131_073, 10)],
  ['frame_max 0 where there is a limit', logIn, tuneOk(0, 10)],
  ['channel_max above what was offered', logIn, tuneOk(131_072, 2048)],
  ['channel_max 0 where there is a limit', logIn, tuneOk(131_072, 0)],
];

for (const [title, ...steps] of SILENT) {
  void t.test(`${title} is met with silence, and then the end`, async (t) => {
    const world = await BrokerUnderTest.open();
    const client = world.client();
    for (const step of steps) await step(client);
    t.strictSame(await client.lines(), []);
    client.method(0, 'connection.tune-ok', { frameMax: 4096, channelMax: 1 });
    client.method(0, 'connection.close');
    await world.advance(SILENCE - 1);
    t.strictSame(await client.lines(), [], 'whatever it tries');
    t.equal(client.ended, false);
    await world.advance(1);
    t.equal(client.ended, true);
    t.equal(world.ended.length, 1);
    t.strictSame(world.log.defects, []);
    t.equal(world.log.refusals.length + world.log.failures.length, 1, 'the operator is told once');
  });
}

for (const [mechanism, response, user] of [
  ['PLAIN', '\0guest\0wrong', 'guest'],
  ['PLAIN', '\0nobody\0guest', 'nobody'],
  ['PLAIN', '\0guest\0', 'guest'],
  ['AMQPLAIN', '\x05LOGINS\0\0\0\x05guest\x08PASSWORDS\0\0\0\x05wrong', 'guest'],
] as const) {
  const title = JSON.stringify(response);
  void t.test(`${mechanism} ${title} is refused with 403, to those who understand that`, async (t) => {
    const world = await BrokerUnderTest.open();
    const client = world.client();
    await header(client);
    await startOk(mechanism, response)(client);
    t.match(await client.next(0), {
      name: 'connection.close',
      args: {
        replyCode: 403,
        replyText: `ACCESS_REFUSED - Login was refused using authentication mechanism ${mechanism}. For details see the broker logfile.`,
        classId: 0,
        methodId: 0,
      },
    });
    client.method(0, 'connection.close-ok');
    await world.rest();
    t.equal(client.transport.isEnded, true);
    t.strictSame(world.log.refusals, [`${mechanism} login refused: user '${user}' - invalid credentials`]);
  });
}

void t.test(
  'a wrong password is met with silence where the client would not understand a close',
  async (t) => {
    const world = await BrokerUnderTest.open();
    const client = world.client();
    await header(client);
    client.startOk({ password: 'wrong', capabilities: {} });
    t.strictSame(await client.lines(), []);
    await world.advance(SILENCE);
    t.equal(client.ended, true);
  },
);

void t.test('guest is let in from this machine only', async (t) => {
  const world = await BrokerUnderTest.open();
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1']) {
    t.match(await world.client(host).logIn(), { channelMax: 2047 }, host);
  }
  for (const host of ['10.0.0.1', '::2', 'fe80::1', '::ffff:10.0.0.1']) {
    const client = world.client(host);
    await header(client);
    client.startOk();
    t.match(await client.next(0), { name: 'connection.close', args: { replyCode: 403 } }, host);
    const reason = "PLAIN login refused: user 'guest' can only connect via localhost";
    t.equal(world.log.refusals.at(-1), reason, 'the operator is told more than the client');
  }
});

for (const [mechanism, response, reason] of [
  ['PLAIN', 'guest', 'PLAIN login refused: the response cannot be read'],
  ['EXTERNAL', '', "login refused: unknown mechanism 'EXTERNAL'"],
] as const) {
  void t.test(`the log says why ${mechanism} '${response}' is met with silence`, async (t) => {
    const world = await BrokerUnderTest.open();
    const client = world.client();
    await header(client);
    await startOk(mechanism, response)(client);
    await world.advance(SILENCE);
    t.equal(client.ended, true);
    t.strictSame(world.log.refusals, [reason]);
  });
}

for (const [vhost, user, text] of [
  ['nope', 'guest', 'NOT_ALLOWED - vhost nope not found'],
  ['', 'guest', 'NOT_ALLOWED - vhost  not found'],
  ['/', 'stranger', "NOT_ALLOWED - access to vhost '/' refused for user 'stranger'"],
] as const) {
  void t.test(`vhost '${vhost}' is refused to ${user} with 530`, async (t) => {
    const world = await BrokerUnderTest.open();
    await world.users.putUser({ name: 'stranger', password: 'guest', tags: [] });
    const client = world.client();
    await client.logIn({ user });
    await tuneOk(131_072, 2047)(client);
    client.method(0, 'connection.open', { virtualHost: vhost });
    t.match(await client.next(0), {
      name: 'connection.close',
      args: { replyCode: 530, replyText: text, classId: 10, methodId: 40 },
    });
  });
}

for (const [title, step, code, ids, text] of [
  [
    'a second tune-ok',
    tuneOk(4096, 1),
    504,
    [10, 31],
    'CHANNEL_ERROR - unexpected method in connection state opening',
  ],
  [
    'close',
    method('connection.close'),
    504,
    [10, 50],
    'CHANNEL_ERROR - unexpected method in connection state opening',
  ],
  [
    'channel.open',
    method('channel.open', 1),
    505,
    [0, 0],
    'UNEXPECTED_FRAME - type 1, all octets = <<0,20,0,10,0>>',
  ],
] as const) {
  void t.test(`${title} between tune-ok and open is refused with ${code}`, async (t) => {
    const client = (await BrokerUnderTest.open()).client();
    await tuned(client);
    await step(client);
    const [classId, methodId] = ids;
    t.match(await client.next(0), {
      name: 'connection.close',
      args: { replyCode: code, replyText: text, classId, methodId },
    });
  });
}

void t.test('a handshake that takes longer than 10 s is ended, wherever it stands', async (t) => {
  const steps: Step[] = [
    () => {},
    (client) => client.bytes(PROTOCOL_HEADER.subarray(0, 4)),
    header,
    logIn,
    tuned,
    async (client) => {
      await header(client);
      client.bytes(Buffer.from([1, 0, 0, 0, 1, 0, 0]));
    },
  ];
  for (const step of steps) {
    const world = await BrokerUnderTest.open();
    const client = world.client();
    await step(client);
    await world.advance(9999);
    t.equal(client.ended, false);
    await world.advance(1);
    t.equal(client.ended, true);
    t.strictSame(world.log.refusals, ['the handshake took too long']);
    t.equal(world.ended.length, 1);
  }
});

void t.test('the time is not extended by sending a little now and then', async (t) => {
  const world = await BrokerUnderTest.open();
  const client = world.client();
  for (const octet of PROTOCOL_HEADER) {
    client.bytes(Buffer.from([octet]));
    await world.advance(1500);
  }
  t.equal(client.ended, true);
});

void t.test('an open connection may take its time', async (t) => {
  const world = await BrokerUnderTest.open();
  const client = await world.connect();
  await world.advance(1_000_000);
  t.equal(client.ended, false);
});

void t.test('a client that leaves in the middle of the handshake is forgotten', async (t) => {
  for (const step of [() => {}, header, logIn, tuned] as Step[]) {
    const world = await BrokerUnderTest.open();
    const client = world.client();
    await step(client);
    client.drop();
    await world.rest();
    t.equal(world.ended.length, 1);
    await world.advance(20_000);
    t.strictSame(world.log.refusals, []);
  }
});
