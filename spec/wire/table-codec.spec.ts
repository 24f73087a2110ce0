import tap from 'tap';
import { checkTable } from '../../lib/wire/table-check.js';
import {
  decodeTable,
  EMPTY_TABLE,
  encodeTable,
  type FieldTable,
  type FieldType,
  type FieldValue,
  WireError,
} from '../../lib/wire/values.js';
import { TYPE_VECTORS } from './method-vectors.js';
import { EVERY_TYPE } from './samples.js';

function decode(hex: string): FieldTable {
  const content = Buffer.from(hex, 'hex');
  return decodeTable(content, 0, content.length);
}

/** Both the decoder and the check throw WireError. */
function refused(hex: string): boolean {
  const content = Buffer.from(hex, 'hex');
  return [decodeTable, checkTable].every((read) => {
    try {
      read(content, 0, content.length);
      return false;
    } catch (error) {
      return error instanceof WireError;
    }
  });
}

void tap.test('every type encodes to the bytes RabbitMQ encodes, and decodes from them', async (t) => {
  t.strictSame([...EVERY_TYPE.keys()].toSorted(), Object.keys(TYPE_VECTORS).toSorted(), 'no type is missing');
  for (const [type, hex] of Object.entries(TYPE_VECTORS)) {
    const table: FieldTable = new Map([['k', EVERY_TYPE.get(type)!]]);
    t.equal(encodeTable(table).toString('hex'), hex, `${type} encodes`);
    t.strictSame(decode(hex), table, `${type} decodes`);
    t.doesNotThrow(() => checkTable(Buffer.from(hex, 'hex'), 0, hex.length / 2), `${type} is sound`);
  }
});

void tap.test('the largest and smallest numbers of each type survive', async (t) => {
  const extremes: [FieldType, (number | bigint)[]][] = [
    ['byte', [-128, 127]],
    ['unsignedbyte', [0, 255]],
    ['short', [-32768, 32767]],
    ['unsignedshort', [0, 65535]],
    ['signedint', [-(2 ** 31), 2 ** 31 - 1]],
    ['unsignedint', [0, 2 ** 32 - 1]],
    ['long', [-(2n ** 63n), 2n ** 63n - 1n]],
    ['timestamp', [0n, 2n ** 64n - 1n]],
    ['double', [Number.MAX_VALUE, Number.MIN_VALUE, -0]],
    ['float', [3.4028234663852886e38, -0]],
  ];
  for (const [type, values] of extremes) {
    for (const value of values) {
      const table: FieldTable = new Map([['k', { type, value } as FieldValue]]);
      const bytes = encodeTable(table);
      t.strictSame(decodeTable(bytes, 0, bytes.length), table, `${type} ${value}`);
    }
  }
});

void tap.test('numbers that their type cannot hold are refused', async (t) => {
  const impossible: FieldValue[] = [
    { type: 'byte', value: 128 },
    { type: 'unsignedbyte', value: -1 },
    { type: 'signedint', value: 2 ** 31 },
    { type: 'unsignedint', value: 2 ** 32 },
    { type: 'long', value: 2n ** 63n },
    { type: 'timestamp', value: -1n },
    { type: 'decimal', scale: 256, value: 1 },
  ];
  for (const value of impossible)
    t.throws(() => encodeTable(new Map([['k', value]])), RangeError, value.type);
});

void tap.test('a key of more than 255 bytes is refused', async (t) => {
  const value: FieldValue = { type: 'void' };
  t.equal(encodeTable(new Map([['k'.repeat(255), value]])).length, 257);
  t.throws(() => encodeTable(new Map([['k'.repeat(256), value]])), RangeError);
});

void tap.test('the tag L is a long, and comes back as one', async (t) => {
  const table = decode('016b4c00000000000000ff');
  t.strictSame(table.get('k'), { type: 'long', value: 255n });
  t.equal(encodeTable(table).toString('hex'), '016b6c00000000000000ff');
});

void tap.test('any octet but 0 is true', async (t) => {
  t.strictSame(decode('016b7402').get('k'), { type: 'bool', value: true });
});

void tap.test('of a key received twice the first value counts', async (t) => {
  t.strictSame(decode('016b7401016b7400'), new Map([['k', { type: 'bool', value: true }]]));
});

void tap.test('a key of bytes that are not UTF-8 comes back as the same bytes', async (t) => {
  const table = decode('03ff61fe56');
  t.equal(encodeTable(table).toString('hex'), '03ff61fe56');
  t.not([...table.keys()][0], [...decode('03fe61ff56').keys()][0], 'and differs from other such keys');
});

void tap.test('keys that name properties of objects are only keys', async (t) => {
  const table = decode('095f5f70726f746f5f5f74010b636f6e7374727563746f7256');
  t.strictSame([...table.keys()], ['__proto__', 'constructor']);
});

void tap.test('the empty table is no bytes', async (t) => {
  t.equal(encodeTable(EMPTY_TABLE).length, 0);
  t.strictSame(decodeTable(Buffer.from('ffff', 'hex'), 1, 1), EMPTY_TABLE);
});

void tap.test('what was decoded does not change with the buffer it came from', async (t) => {
  const bytes = encodeTable(EVERY_TYPE);
  const table = decodeTable(bytes, 0, bytes.length);
  bytes.fill(0xff);
  t.strictSame(table, EVERY_TYPE);
});

void tap.test('a table cut off anywhere is refused, unless a value ends there', async (t) => {
  const bytes = encodeTable(EVERY_TYPE);
  const ends = new Set([0]);
  for (const [key, value] of EVERY_TYPE) {
    ends.add([...ends].at(-1)! + encodeTable(new Map([[key, value]])).length);
  }
  for (let end = 0; end < bytes.length; end++) {
    const hex = bytes.subarray(0, end).toString('hex');
    t.equal(refused(hex), !ends.has(end), `after ${end} bytes`);
  }
});

void tap.test('an inner length that reaches beyond its own table is refused', async (t) => {
  t.ok(refused('01614600000005'), 'table without content');
  t.ok(refused('0161460000000301625301620074'), 'longstr cut off by its table, though bytes follow');
  t.ok(refused('016141000000025300'), 'array');
  t.ok(refused('016153ffffffff00'), 'four gigabytes');
  t.ok(refused('0161'), 'no tag');
});

void tap.test('a tag that RabbitMQ does not know is refused', async (t) => {
  const known = new Set(Object.values(TYPE_VECTORS).map((hex) => Number.parseInt(hex.slice(4, 6), 16)));
  known.add('L'.charCodeAt(0));
  for (let tag = 0; tag < 256; tag++) {
    const hex = `016b${tag.toString(16).padStart(2, '0')}${'00'.repeat(8)}`;
    if (!known.has(tag)) t.ok(refused(hex), `tag ${tag}`);
  }
});

/** Content of a table in which `levels` tables or arrays stand inside each other. */
function nested(levels: number, tag: 'F' | 'A'): Buffer {
  const head = tag === 'F' ? [1, 0x61, 0x46] : [0x41];
  let content = Buffer.alloc(0);
  for (let level = 0; level < levels; level++) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.length);
    content = Buffer.concat([Buffer.from(head), length, content]);
  }
  return tag === 'F' ? content : Buffer.concat([Buffer.from([1, 0x61]), content]);
}

void tap.test('tables and arrays may be nested 256 levels deep', async (t) => {
  for (const tag of ['F', 'A'] as const) {
    const deepest = nested(256, tag);
    const table = decodeTable(deepest, 0, deepest.length);
    t.ok(encodeTable(table).equals(deepest), `${tag}, and come back`);
    t.doesNotThrow(() => checkTable(deepest, 0, deepest.length));
    t.ok(refused(nested(257, tag).toString('hex')), `${tag}, not deeper`);
  }
});

void tap.test('nesting as deep as a frame can make it is refused without harm', async (t) => {
  t.ok(refused(nested(18_000, 'F').toString('hex')));
  t.ok(refused(nested(26_000, 'A').toString('hex')));
});
