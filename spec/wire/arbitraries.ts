import * as fc from 'fast-check';
import type { BasicProperties } from '../../lib/wire/properties.js';
import { decodeText } from '../../lib/wire/text.js';
import type { FieldTable, FieldValue } from '../../lib/wire/values.js';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((octets) => Buffer.from(octets));

/** Any short string there can be on the wire, UTF-8 or not. */
export const shortstr: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  bytes(255).map((octets) => decodeText(octets, 0, octets.length)),
);

const integer = (min: number, max: number) => fc.integer({ min, max });

const scalar: fc.Arbitrary<FieldValue> = fc.oneof(
  fc.record({ type: fc.constant('bool' as const), value: fc.boolean() }),
  fc.record({ type: fc.constant('byte' as const), value: integer(-128, 127) }),
  fc.record({ type: fc.constant('unsignedbyte' as const), value: integer(0, 255) }),
  fc.record({ type: fc.constant('short' as const), value: integer(-32768, 32767) }),
  fc.record({ type: fc.constant('unsignedshort' as const), value: integer(0, 65535) }),
  fc.record({ type: fc.constant('signedint' as const), value: integer(-(2 ** 31), 2 ** 31 - 1) }),
  fc.record({ type: fc.constant('unsignedint' as const), value: integer(0, 2 ** 32 - 1) }),
  fc.record({
    type: fc.constant('long' as const),
    value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  }),
  fc.record({ type: fc.constant('timestamp' as const), value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
  fc.record({ type: fc.constant('float' as const), value: fc.float() }),
  fc.record({ type: fc.constant('double' as const), value: fc.double() }),
  fc.record({
    type: fc.constant('decimal' as const),
    scale: integer(0, 255),
    value: integer(0, 2 ** 32 - 1),
  }),
  fc.record({ type: fc.constantFrom('longstr' as const, 'binary' as const), value: bytes(300) }),
  fc.constant<FieldValue>({ type: 'void' }),
);

const nested = fc.letrec<{ field: FieldValue; table: FieldTable }>((tie) => ({
  field: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.record({ type: fc.constant('array' as const), value: fc.array(tie('field'), { maxLength: 5 }) }),
    fc.record({ type: fc.constant('table' as const), value: tie('table') }),
  ),
  table: fc
    .array(fc.tuple(shortstr, tie('field')), { maxLength: 5 })
    .map((entries): FieldTable => new Map(entries)),
}));

export const field: fc.Arbitrary<FieldValue> = nested.field;
export const table: fc.Arbitrary<FieldTable> = nested.table;

const octet = integer(0, 255);

export const properties: fc.Arbitrary<BasicProperties> = fc.record(
  {
    contentType: shortstr,
    contentEncoding: shortstr,
    headers: table,
    deliveryMode: octet,
    priority: octet,
    correlationId: shortstr,
    replyTo: shortstr,
    expiration: shortstr,
    messageId: shortstr,
    timestamp: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    type: shortstr,
    userId: shortstr,
    appId: shortstr,
    clusterId: shortstr,
  },
  { requiredKeys: [], noNullPrototype: true },
);
