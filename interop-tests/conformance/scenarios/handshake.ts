import { FRAME } from '../../../lib/wire/constants.js';
import { encodeTable, textValue } from '../../../lib/wire/values.js';
import { asMethod, blame, Broken, same } from '../expectation.js';
import { type Plain, table } from '../fields.js';
import { describe } from '../frames.js';
import { methodPayload, type RawConnection, type StepArgs } from '../raw-connection.js';
import { ALL_CAPABILITIES, expectStart, plainResponse, scenario, type Steps } from '../scenario.js';

const header = (...octets: number[]) => Buffer.from([0x41, 0x4d, 0x51, 0x50, ...octets]);

for (const [title, bytes] of [
  ['AMQP 0-9-1', header(0, 0, 9, 1)],
  ['AMQP 0-9 in its own form (1 1 0 9)', header(1, 1, 0, 9)],
] as const) {
  scenario(`the protocol header of ${title} is answered with connection.start`, async (s) => {
    const raw = await s.socket();
    raw.bytes(bytes);
    asMethod(await raw.next(0), 'connection.start', { versionMajor: 0, versionMinor: 9 });
  });
}

for (const [title, bytes] of [
  ['AMQP 0-9-0', header(0, 0, 9, 0)],
  ['AMQP 1.0', header(0, 1, 0, 0)],
  ['AMQP 1.0 with SASL', header(3, 1, 0, 0)],
  ['AMQP 0-10', header(1, 1, 0, 10)],
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['TLS', Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1])],
] as const) {
  scenario(`a first message of ${title} is answered with the header of AMQP 0-9-1 and the end`, async (s) => {
    const raw = await s.socket();
    raw.bytes(bytes);
    const answer = await raw.next(0);
    if (answer.kind !== 'protocol-header') throw new Broken('a protocol header', describe(answer));
    same('header', answer.bytes.toString('hex'), header(0, 0, 9, 1).toString('hex'));
    await expectEnd(raw);
  });
}

scenario('the protocol header may come in pieces', async (s) => {
  const raw = await s.socket();
  for (const octet of header(0, 0, 9, 1)) raw.bytes(Buffer.from([octet]));
  asMethod(await raw.next(0), 'connection.start');
});

scenario('connection.start offers PLAIN, AMQPLAIN and en_US', async (s) => {
  const start = await expectStart(await s.socket());
  const mechanisms = start.mechanisms.toString().split(' ');
  same('mechanisms offered', mechanisms.includes('PLAIN') && mechanisms.includes('AMQPLAIN'), true);
  same('locales', start.locales.toString(), 'en_US');
});

scenario(
  'connection.start tells product, version, platform, copyright, information and cluster name',
  async (s) => {
    const { serverProperties } = await expectStart(await s.socket());
    for (const name of ['product', 'version', 'platform', 'copyright', 'information', 'cluster_name']) {
      if ((textValue(serverProperties.get(name)) ?? '') === '') throw new Broken(name, 'none');
    }
  },
);

for (const capability of [
  'publisher_confirms',
  'exchange_exchange_bindings',
  'basic.nack',
  'consumer_cancel_notify',
  'connection.blocked',
  'consumer_priorities',
  'authentication_failure_close',
  'per_consumer_qos',
  'direct_reply_to',
]) {
  scenario(`the server announces the capability ${capability}`, async (s) => {
    const { serverProperties } = await expectStart(await s.socket());
    const capabilities = serverProperties.get('capabilities');
    if (capabilities?.type !== 'table')
      throw new Broken('a table of capabilities', String(capabilities?.type));
    same(capability, capabilities.value.get(capability), { type: 'bool', value: true });
  });
}

/** Sends start-ok to a fresh connection.start; what is left out is what a good client sends. */
async function startOk(s: Steps, args: StepArgs<'connection.start-ok'> = {}): Promise<RawConnection> {
  const raw = await s.socket();
  await expectStart(raw);
  raw.method(0, 'connection.start-ok', {
    clientProperties: { capabilities: ALL_CAPABILITIES },
    mechanism: 'PLAIN',
    response: plainResponse(s.server.endpoint),
    locale: 'en_US',
    ...args,
  });
  return raw;
}

const amqplain = (credentials: Plain) => encodeTable(table(credentials));
const wrongPassword = Buffer.from('\0guest\0not the password');

async function expectEnd(raw: RawConnection): Promise<void> {
  const received = await raw.next(0);
  if (received.kind !== 'end') throw new Broken('the end of the socket', describe(received));
}

async function expectRefused(raw: RawConnection, mechanism: string): Promise<void> {
  const replyText = `ACCESS_REFUSED - Login was refused using authentication mechanism ${mechanism}. For details see the broker logfile.`;
  asMethod(await raw.next(0), 'connection.close', { replyCode: 403, replyText, ...blame('none') });
  raw.method(0, 'connection.close-ok');
  await expectEnd(raw);
}

scenario('PLAIN with the right password leads to connection.tune', async (s) => {
  asMethod(await (await startOk(s)).next(0), 'connection.tune');
});

scenario('AMQPLAIN with the right password leads to connection.tune', async (s) => {
  const { username, password } = s.server.endpoint;
  const response = amqplain({ LOGIN: username, PASSWORD: password });
  asMethod(await (await startOk(s, { mechanism: 'AMQPLAIN', response })).next(0), 'connection.tune');
});

scenario('a locale that nobody offered is taken as it comes', async (s) => {
  asMethod(await (await startOk(s, { locale: 'xx_XX' })).next(0), 'connection.tune');
});

scenario('PLAIN with a wrong password closes with 403 for a client that understands it', async (s) => {
  await expectRefused(await startOk(s, { response: wrongPassword }), 'PLAIN');
});

scenario('PLAIN for a user that does not exist is refused in the same words', async (s) => {
  await expectRefused(await startOk(s, { response: Buffer.from('\0nobody\0x') }), 'PLAIN');
});

scenario('PLAIN with an empty password is refused', async (s) => {
  await expectRefused(await startOk(s, { response: Buffer.from('\0guest\0') }), 'PLAIN');
});

scenario('AMQPLAIN with a wrong password closes with 403 and its own name', async (s) => {
  const response = amqplain({ LOGIN: 'guest', PASSWORD: 'not the password' });
  await expectRefused(await startOk(s, { mechanism: 'AMQPLAIN', response }), 'AMQPLAIN');
});

/** Where the handshake goes wrong before tuning, the socket just ends, and late: a client that cannot talk gets no oracle. */
function silentEnd(title: string, steps: (s: Steps) => Promise<RawConnection>): void {
  scenario(title, async (s) => expectEnd(await steps(s)), { slow: true });
}

silentEnd(
  'a wrong password ends the socket without a method for a client without authentication_failure_close',
  (s) => startOk(s, { clientProperties: {}, response: wrongPassword }),
);
silentEnd('a PLAIN response with an authorization identity ends the socket', (s) =>
  startOk(s, { response: Buffer.from('other\0guest\0guest') }),
);
silentEnd('a PLAIN response without NULs ends the socket', (s) =>
  startOk(s, { response: Buffer.from('guest') }),
);
silentEnd('an empty PLAIN response ends the socket', (s) => startOk(s, { response: Buffer.alloc(0) }));
silentEnd('an AMQPLAIN response without LOGIN ends the socket', (s) =>
  startOk(s, { mechanism: 'AMQPLAIN', response: amqplain({ PASSWORD: 'guest' }) }),
);
silentEnd('an AMQPLAIN response that is no table ends the socket', (s) =>
  startOk(s, { mechanism: 'AMQPLAIN', response: Buffer.from([5, 0x61, 0x62]) }),
);
silentEnd('a mechanism that was not offered ends the socket', (s) => startOk(s, { mechanism: 'NOPE' }));
silentEnd('the mechanism is compared with its case', (s) => startOk(s, { mechanism: 'plain' }));
silentEnd('tune-ok in place of start-ok ends the socket', (s) =>
  afterStart(s, (raw) => raw.method(0, 'connection.tune-ok', s.server.tuning)),
);
silentEnd('connection.close in place of start-ok ends the socket', (s) =>
  afterStart(s, (raw) => raw.method(0, 'connection.close', { replyCode: 200 })),
);
silentEnd('channel.open in place of start-ok ends the socket', (s) =>
  afterStart(s, (raw) => raw.method(1, 'channel.open')),
);
silentEnd('a frame larger than 4096 in place of start-ok ends the socket', (s) =>
  afterStart(s, (raw) => raw.frame(FRAME.method, 0, Buffer.alloc(131_073))),
);
silentEnd('a frame of an unknown type in place of start-ok ends the socket', (s) =>
  afterStart(s, (raw) => raw.frame(9, 0, Buffer.alloc(0))),
);
silentEnd('a start-ok whose table is broken ends the socket', (s) =>
  afterStart(s, (raw) => {
    const payload = methodPayload('connection.start-ok', {
      clientProperties: { a: true },
      mechanism: 'PLAIN',
    });
    payload[4 + 4 + 2] = 0x5a;
    raw.frame(FRAME.method, 0, payload);
  }),
);

async function afterStart(s: Steps, send: (raw: RawConnection) => void): Promise<RawConnection> {
  const raw = await s.socket();
  await expectStart(raw);
  send(raw);
  return raw;
}

silentEnd('connection.open in place of tune-ok ends the socket', async (s) => {
  const raw = await startOk(s);
  asMethod(await raw.next(0), 'connection.tune');
  raw.method(0, 'connection.open', { virtualHost: '/' });
  return raw;
});
silentEnd('a second start-ok ends the socket', async (s) => {
  const raw = await startOk(s);
  asMethod(await raw.next(0), 'connection.tune');
  raw.method(0, 'connection.start-ok', { mechanism: 'PLAIN', response: plainResponse(s.server.endpoint) });
  return raw;
});
silentEnd('channel.open in place of tune-ok ends the socket', async (s) => {
  const raw = await startOk(s);
  asMethod(await raw.next(0), 'connection.tune');
  raw.method(1, 'channel.open');
  return raw;
});
