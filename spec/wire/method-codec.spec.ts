import tap from 'tap';
import {
  type DecodedMethod,
  decodeMethod,
  encodeMethod,
  MalformedTextError,
  MethodSyntaxError,
  methodName,
  UnknownMethodError,
  WireError,
} from '../../lib/wire/method-codec.js';
import { METHODS, type MethodName, type MethodSpec } from '../../lib/wire/methods.js';
import { EMPTY_TABLE } from '../../lib/wire/values.js';
import { METHOD_VECTORS } from './method-vectors.js';
import { sampleArguments } from './samples.js';
import { thrownBy } from './thrown-by.js';

const NAMES = Object.keys(METHODS) as MethodName[];

function decode(hex: string): DecodedMethod {
  const payload = Buffer.from(hex, 'hex');
  return decodeMethod(payload, 0, payload.length);
}

function encodeAny({ name, args }: DecodedMethod): Buffer {
  return encodeMethod(name, args as never);
}

/** The arguments of a basic.ack of that tag. */
const tag = (hex: string) => decode(`003c0050${hex}00`).args;

/** What `decode` throws. */
function refusal(hex: string): unknown {
  return thrownBy(() => decode(hex));
}

void tap.test('every method encodes to the bytes RabbitMQ encodes, and decodes from them', async (t) => {
  for (const name of NAMES) {
    const args = sampleArguments(name);
    t.equal(encodeMethod(name, args).toString('hex'), METHOD_VECTORS[name], `${name} encodes`);
    t.strictSame(decode(METHOD_VECTORS[name]), { name, args }, `${name} decodes`);
  }
});

void tap.test('methods are found by their ids', async (t) => {
  for (const name of NAMES) t.equal(methodName(METHODS[name].classId, METHODS[name].methodId), name);
  t.equal(methodName(50, 99), undefined);
  t.equal(methodName(0, 0), undefined);
});

void tap.test('no method has more bits in a row than one octet holds', async (t) => {
  for (const name of NAMES) {
    const spec: MethodSpec = METHODS[name];
    const runs = spec.fields.map(([, domain]) => (domain === 'bit' ? 'b' : '-')).join('');
    t.notMatch(runs, /b{9}/, name);
  }
});

void tap.test('what a running RabbitMQ sends is understood', async (t) => {
  // From the socket of RabbitMQ 3.10.8: a publish and get of 'hello' in queue wire-vec, and what goes with it.
  const sent: Record<string, DecodedMethod> = {
    '000a001e07ff00020000003c': {
      name: 'connection.tune',
      args: { channelMax: 2047, frameMax: 131072, heartbeat: 60 },
    },
    '000a002900': { name: 'connection.open-ok', args: { reserved1: '' } },
    '0014000b00000000': { name: 'channel.open-ok', args: { reserved1: Buffer.alloc(0) } },
    '0032000b08776972652d7665630000000000000000': {
      name: 'queue.declare-ok',
      args: { queue: 'wire-vec', messageCount: 0, consumerCount: 0 },
    },
    '003c0050000000000000000100': { name: 'basic.ack', args: { deliveryTag: 1, multiple: false } },
    '003c00320138084e4f5f524f55544500076e6f7768657265': {
      name: 'basic.return',
      args: { replyCode: 312, replyText: 'NO_ROUTE', exchange: '', routingKey: 'nowhere' },
    },
    '003c00470000000000000001000008776972652d76656300000000': {
      name: 'basic.get-ok',
      args: { deliveryTag: 1, redelivered: false, exchange: '', routingKey: 'wire-vec', messageCount: 0 },
    },
    '003c004800': { name: 'basic.get-empty', args: { reserved1: '' } },
    '003c003c04637461670000000000000002010008776972652d766563': {
      name: 'basic.deliver',
      args: {
        consumerTag: 'ctag',
        deliveryTag: 2,
        redelivered: true,
        exchange: '',
        routingKey: 'wire-vec',
      },
    },
    '0014002801942a4e4f545f464f554e44202d206e6f20717565756520276e6f737563682720696e2076686f737420272f270032000a':
      {
        name: 'channel.close',
        args: {
          replyCode: 404,
          replyText: "NOT_FOUND - no queue 'nosuch' in vhost '/'",
          classId: 50,
          methodId: 10,
        },
      },
  };
  for (const [hex, method] of Object.entries(sent)) {
    t.strictSame(decode(hex), method, method.name);
    t.equal(encodeAny(method).toString('hex'), hex, `${method.name}, sent by us`);
  }
});

void tap.test('reserved arguments may be left out and are sent empty', async (t) => {
  const open = encodeMethod('connection.open', { virtualHost: '/' });
  t.equal(open.toString('hex'), '000a0028012f0000');
  const purge = encodeMethod('queue.purge', { queue: 'q', nowait: true });
  t.equal(purge.toString('hex'), '0032001e0000017101');
});

void tap.test('bits that no argument uses are ignored', async (t) => {
  t.strictSame(decode('003c000a000000000005fe').args, {
    prefetchSize: 0,
    prefetchCount: 5,
    global: false,
  });
});

void tap.test('a delivery tag is exact up to 2^53 - 1 and becomes 2^53 beyond', async (t) => {
  t.strictSame(tag('001fffffffffffff'), { deliveryTag: Number.MAX_SAFE_INTEGER, multiple: false });
  t.strictSame(tag('0020000000000000'), { deliveryTag: 2 ** 53, multiple: false });
  t.strictSame(tag('ffffffffffffffff'), { deliveryTag: 2 ** 53, multiple: false });
});

void tap.test(
  'arguments that do not fill the payload exactly are refused in the words of RabbitMQ',
  async (t) => {
    const refusals: Record<string, string> = {
      '0032000a0000027731080000000000': 'cannot decode <<0,0,2,119,49,8,0,0,0,0,0>>',
      '0032000a0000056162': 'cannot decode <<0,0,5,97,98>>',
      '0032000a': 'cannot decode <<>>',
      '000a003300': 'cannot decode <<0>>',
      '003c0050000000000000000100ff': 'cannot decode <<0,0,0,0,0,0,0,1,0,255>>',
    };
    for (const [hex, message] of Object.entries(refusals)) {
      const error = refusal(hex);
      t.type(error, MethodSyntaxError);
      t.match(error, {
        message,
        classId: Number.parseInt(hex.slice(0, 4), 16),
        methodId: Number.parseInt(hex.slice(4, 8), 16),
        cause: WireError,
      });
    }
  },
);

void tap.test('a table of a wrong shape inside the arguments names the method', async (t) => {
  // queue.declare with { a: <type Z> }, and with an integer of two bytes.
  t.match(refusal('0032000a0000027731080000000301615a'), { classId: 50, methodId: 10 });
  t.match(refusal('0032000a000002773108000000050161490000'), { classId: 50, methodId: 10 });
});

void tap.test('a refusal of a long payload prints only its beginning', async (t) => {
  const payload = Buffer.concat([Buffer.from('0032000a', 'hex'), Buffer.alloc(100_000)]);
  const error = thrownBy(() => decodeMethod(payload, 0, payload.length));
  t.type(error, MethodSyntaxError);
  t.ok(error instanceof Error && error.message.length > 255 && error.message.length < 1000);
});

void tap.test('a name that is not UTF-8 is refused', async (t) => {
  for (const bad of ['fffe', 'c080', 'e282', 'f8888080']) {
    const size = (bad.length / 2).toString(16).padStart(2, '0');
    const error = refusal(`0032001e0000${size}${bad}00`);
    t.type(error, MalformedTextError, bad);
    t.match(error, { message: 'Malformed UTF-8 in shortstr' });
  }
});

void tap.test('a message may be published with a routing key of any bytes', async (t) => {
  const payload = '003c002800000002fffe00';
  const decoded = decode(payload);
  t.equal(decoded.name, 'basic.publish');
  t.equal(encodeAny(decoded).toString('hex'), payload);
});

void tap.test('a name may hold every character, the replacement character too', async (t) => {
  for (const queue of ['ü', '\u{1f407}', '\ufffd', '\0', 'x'.repeat(255)]) {
    const payload = encodeMethod('queue.purge', { queue, nowait: false });
    t.match(decode(payload.toString('hex')), { args: { queue } });
  }
});

void tap.test('ids that no specification knows are reported', async (t) => {
  const error = refusal('00320063');
  t.type(error, UnknownMethodError);
  t.match(error, { classId: 50, methodId: 99 });
  t.notOk(error instanceof WireError, 'which is not a syntax error');
});

void tap.test('a payload without room for the ids is refused in the words of RabbitMQ', async (t) => {
  t.match(refusal('003200'), { message: 'type 1, all octets = <<0,50,0>>: unknown_frame' });
  t.match(refusal(''), { message: 'type 1, all octets = <<>>: unknown_frame' });
});

void tap.test('only the given part of the buffer is read', async (t) => {
  const framed = Buffer.from('ff00320015ff', 'hex');
  t.strictSame(decodeMethod(framed, 1, 5), { name: 'queue.bind-ok', args: {} });
  t.throws(() => decodeMethod(framed, 1, 7), WireError, 'beyond the buffer');
});

void tap.test('what was decoded does not change with the buffer it came from', async (t) => {
  const payload = encodeMethod('connection.secure', { challenge: Buffer.from('who') });
  const decoded = decodeMethod(payload, 0, payload.length);
  payload.fill(0);
  t.strictSame(decoded.args, { challenge: Buffer.from('who') });
});

void tap.test('arguments that cannot be sent are refused', async (t) => {
  t.throws(() => encodeMethod('queue.purge', { queue: 'x'.repeat(256), nowait: false }), RangeError);
  t.throws(() => encodeMethod('queue.purge', { queue: 'ü'.repeat(128), nowait: false }), RangeError);
  t.throws(() => encodeMethod('basic.ack', { deliveryTag: 2 ** 53, multiple: false }), RangeError);
  t.throws(() => encodeMethod('basic.ack', { deliveryTag: -1, multiple: false }), RangeError);
  t.throws(
    () => encodeMethod('connection.tune', { channelMax: 65536, frameMax: 0, heartbeat: 0 }),
    RangeError,
  );
});

void tap.test('arguments of many kilobytes are sent whole', async (t) => {
  const response = Buffer.alloc(70_000, 7);
  const payload = encodeMethod('connection.start-ok', {
    clientProperties: EMPTY_TABLE,
    mechanism: 'PLAIN',
    response,
    locale: 'en_US',
  });
  t.match(decodeMethod(payload, 0, payload.length).args, { response, locale: 'en_US' });
});
