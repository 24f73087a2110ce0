import tap from 'tap';
import {
  type BasicProperties,
  decodeProperties,
  encodeProperties,
  PROPERTY_FLAG,
  PropertyScan,
  scanProperties,
} from '../../lib/wire/properties.js';
import { decodeTable, fromPlain, WireError } from '../../lib/wire/values.js';
import { EVERY_TYPE } from './samples.js';

const ALL: Required<BasicProperties> = {
  contentType: 'text/plain',
  contentEncoding: 'gzip',
  headers: EVERY_TYPE,
  deliveryMode: 2,
  priority: 9,
  correlationId: 'corr',
  replyTo: 'amq.rabbitmq.reply-to',
  expiration: '60000',
  messageId: 'id-é',
  timestamp: 2n ** 64n - 1n,
  type: 'order',
  userId: 'guest',
  appId: 'app',
  clusterId: 'cluster',
};
const COMBINATIONS = 2 ** 14;

/** The properties whose flags are set in `flags`. */
function subset(flags: number): BasicProperties {
  const chosen = Object.entries(PROPERTY_FLAG)
    .filter(([, flag]) => (flags & flag) !== 0)
    .map(([name]) => [name, ALL[name as keyof BasicProperties]]);
  return Object.fromEntries(chosen);
}

function decode(bytes: Buffer): BasicProperties {
  return decodeProperties(bytes, 0, bytes.length);
}

function scan(bytes: Buffer): PropertyScan {
  const out = new PropertyScan();
  scanProperties(bytes, 0, bytes.length, out);
  return out;
}

/** What the scan found, decoded, in the shape of properties. */
function found(bytes: Buffer): BasicProperties {
  const at = scan(bytes);
  const text = (start: number, end: number) => (start < 0 ? undefined : bytes.toString('utf8', start, end));
  const values = {
    headers: at.headersStart < 0 ? undefined : decodeTable(bytes, at.headersStart, at.headersEnd),
    deliveryMode: at.deliveryMode === 0 ? undefined : at.deliveryMode,
    priority: at.priority === 0 ? undefined : at.priority,
    replyTo: text(at.replyToStart, at.replyToEnd),
    expiration: text(at.expirationStart, at.expirationEnd),
    userId: text(at.userIdStart, at.userIdEnd),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

const SCANNED =
  PROPERTY_FLAG.headers |
  PROPERTY_FLAG.deliveryMode |
  PROPERTY_FLAG.priority |
  PROPERTY_FLAG.replyTo |
  PROPERTY_FLAG.expiration |
  PROPERTY_FLAG.userId;

/** Whether both readers refuse the bytes with a WireError. */
function refused(bytes: Buffer): boolean {
  return [decode, scan].every((read) => {
    try {
      read(bytes);
      return false;
    } catch (error) {
      return error instanceof WireError;
    }
  });
}

void tap.test('a header as RabbitMQ sends it decodes, and encodes to the same bytes', async (t) => {
  // From the socket of RabbitMQ 3.10.8.
  const bytes = Buffer.from('b0000a746578742f706c61696e00000007016b49ffffffff02', 'hex');
  const properties = { contentType: 'text/plain', headers: fromPlain({ k: -1 }), deliveryMode: 2 };
  t.strictSame(decode(bytes), properties);
  t.equal(encodeProperties(properties).toString('hex'), bytes.toString('hex'));
});

void tap.test('all fourteen together have the bytes RabbitMQ encodes', async (t) => {
  const properties = { ...ALL, headers: fromPlain({ k: 1 }) };
  const hex =
    'fffc0a746578742f706c61696e04677a697000000007016b4900000001020904636f727215616d712e7261626269746d712e7265706c792d746f' +
    '0536303030300569642dc3a9ffffffffffffffff056f72646572056775657374036170700763' +
    '6c7573746572';
  t.equal(encodeProperties(properties).toString('hex'), hex);
  t.strictSame(decode(Buffer.from(hex, 'hex')), properties);
});

void tap.test('every combination of properties comes back as it was', async (t) => {
  const failed: number[] = [];
  for (let combination = 0; combination < COMBINATIONS; combination++) {
    const flags = combination << 2;
    const properties = subset(flags);
    const bytes = encodeProperties(properties);
    const again = encodeProperties(decode(bytes));
    const same = bytes.readUInt16BE(0) === flags && again.equals(bytes);
    if (!same || Object.keys(decode(bytes)).join() !== Object.keys(properties).join()) failed.push(flags);
  }
  t.strictSame(failed, []);
  t.strictSame(decode(encodeProperties(ALL)), ALL);
});

void tap.test('the scan finds in every combination what decoding finds', async (t) => {
  const failed: number[] = [];
  for (let combination = 0; combination < COMBINATIONS; combination++) {
    const flags = combination << 2;
    const bytes = encodeProperties(subset(flags));
    const expected = encodeProperties(subset(flags & SCANNED));
    if (!encodeProperties(found(bytes)).equals(expected)) failed.push(flags);
  }
  t.strictSame(failed, []);
});

void tap.test('a scan says nothing of the message scanned before', async (t) => {
  const out = new PropertyScan();
  const full = encodeProperties(ALL);
  scanProperties(full, 0, full.length, out);
  scanProperties(Buffer.from([0, 0]), 0, 2, out);
  t.strictSame(out, new PropertyScan());
});

void tap.test('offsets of a scan are those of the whole buffer', async (t) => {
  const list = encodeProperties({ expiration: '5' });
  const bytes = Buffer.concat([Buffer.alloc(100), list, Buffer.alloc(9)]);
  const out = new PropertyScan();
  scanProperties(bytes, 100, 100 + list.length, out);
  t.equal(bytes.toString('utf8', out.expirationStart, out.expirationEnd), '5');
});

void tap.test('an empty property is present', async (t) => {
  const empty = { contentType: '', headers: new Map(), replyTo: '' };
  t.strictSame(decode(encodeProperties(empty)), empty);
  t.equal(scan(encodeProperties(empty)).replyToStart, scan(encodeProperties(empty)).replyToEnd);
});

void tap.test('the two lowest flag bits are not looked at, and no word follows them', async (t) => {
  t.strictSame(decode(Buffer.from('100302', 'hex')), { deliveryMode: 2 });
  t.equal(scan(Buffer.from('100302', 'hex')).deliveryMode, 2);
  t.ok(refused(Buffer.from('1001000002', 'hex')), 'a continuation word is too many bytes');
});

void tap.test('a property list cut off anywhere is refused', async (t) => {
  const bytes = encodeProperties(ALL);
  for (let end = 0; end < bytes.length; end++) t.ok(refused(bytes.subarray(0, end)), `after ${end} bytes`);
});

void tap.test('bytes after the last property are refused', async (t) => {
  for (const flags of [0, 0xfffc, PROPERTY_FLAG.deliveryMode, PROPERTY_FLAG.timestamp]) {
    const bytes = encodeProperties(subset(flags));
    t.ok(refused(Buffer.concat([bytes, Buffer.from([0])])), `flags ${flags}`);
  }
});

void tap.test('headers of a wrong shape are refused', async (t) => {
  t.ok(refused(Buffer.from('20000000000301615a', 'hex')), 'unknown type');
  t.ok(refused(Buffer.from('2000ffffffff0161', 'hex')), 'four gigabytes');
  t.ok(refused(Buffer.from('200000000003016149000000ff', 'hex')), 'a value beyond the table');
});

void tap.test('a property of bytes that are not UTF-8 comes back as the same bytes', async (t) => {
  // A raw UUID as message id: RabbitMQ passes it on, and so must a copy of the message.
  const bytes = Buffer.from('008010ff00c3e27f80fe010203040506070809', 'hex');
  t.equal(encodeProperties(decode(bytes)).toString('hex'), bytes.toString('hex'));
});

void tap.test('properties that cannot be sent are refused', async (t) => {
  t.throws(() => encodeProperties({ messageId: 'x'.repeat(256) }), RangeError);
  t.throws(() => encodeProperties({ deliveryMode: 256 }), RangeError);
  t.throws(() => encodeProperties({ timestamp: -1n }), RangeError);
});
