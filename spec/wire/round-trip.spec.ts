import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import tap from 'tap';
import {
  decodeProperties,
  encodeProperties,
  PropertyScan,
  scanProperties,
} from '../../lib/wire/properties.js';
import { checkTable } from '../../lib/wire/table-check.js';
import { decodeText, encodeText } from '../../lib/wire/text.js';
import {
  decodeTable,
  encodeTable,
  fieldEquals,
  fieldIdentical,
  type FieldTable,
  fromPlain,
  tableEquals,
  tableIdentical,
  toPlain,
} from '../../lib/wire/values.js';
import { field, properties, shortstr, table } from './arbitraries.js';
import { SEED } from './seeded-random.js';

const RUNS = { numRuns: 500, seed: SEED };

/** Fails with the smallest counterexample that fast-check finds. */
function always<T>(arbitrary: fc.Arbitrary<T>, predicate: (value: T) => boolean | void): void {
  fc.assert(fc.property(arbitrary, predicate), RUNS);
}

function again(content: FieldTable): FieldTable {
  const bytes = encodeTable(content);
  return decodeTable(bytes, 0, bytes.length);
}

tap.comment(`WARRENMQ_SEED=${SEED}`);

void tap.test('any short string comes back as it was', async () => {
  always(shortstr, (text) => {
    const bytes = encodeText(text);
    return bytes.length <= 255 || decodeText(bytes, 0, bytes.length) === text;
  });
});

void tap.test('any table comes back as it was, and to the same bytes', async () => {
  always(table, (content) => {
    const decoded = again(content);
    return tableIdentical(decoded, content) && encodeTable(decoded).equals(encodeTable(content));
  });
});

void tap.test('any encoded table is sound', async () => {
  always(table, (content) => {
    const bytes = encodeTable(content);
    checkTable(bytes, 0, bytes.length);
  });
});

void tap.test('any properties come back to the same bytes, and the scan accepts them', async () => {
  const out = new PropertyScan();
  always(properties, (given) => {
    const bytes = encodeProperties(given);
    scanProperties(bytes, 0, bytes.length, out);
    const decoded = decodeProperties(bytes, 0, bytes.length);
    return (
      Object.keys(decoded).length === Object.keys(given).length && encodeProperties(decoded).equals(bytes)
    );
  });
});

void tap.test('equality is reflexive and symmetric, and weaker than identity', async () => {
  always(fc.tuple(field, field), ([a, b]) => {
    const symmetric =
      fieldEquals(a, b) === fieldEquals(b, a) && fieldIdentical(a, b) === fieldIdentical(b, a);
    const weaker = !fieldIdentical(a, b) || fieldEquals(a, b);
    return fieldEquals(a, a) && fieldIdentical(b, b) && symmetric && weaker;
  });
});

void tap.test('a table equals its copy with the keys in any order', async () => {
  always(table, (content) => tableEquals(content, new Map([...content].toReversed())));
});

void tap.test('any JSON object becomes a table and the same JSON again', async () => {
  const object = fc.dictionary(fc.string({ maxLength: 60 }), fc.jsonValue(), {
    maxKeys: 5,
    noNullPrototype: true,
  });
  always(object, (plain) => {
    const json = JSON.stringify(plain);
    return isDeepStrictEqual(JSON.parse(JSON.stringify(toPlain(fromPlain(plain)))), JSON.parse(json));
  });
});
