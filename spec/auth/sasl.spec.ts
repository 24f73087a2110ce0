import { test } from 'tap';
import { amqplainCredentials, parsePlain } from '../../lib/auth/sasl.js';

void test('PLAIN gives name and password', async (t) => {
  t.strictSame(parsePlain(Buffer.from('\0guest\0secret')), {
    name: 'guest',
    password: Buffer.from('secret'),
  });
  t.strictSame(parsePlain(Buffer.from('\0jürgen\0ü')), { name: 'jürgen', password: Buffer.from('ü') });
  t.strictSame(parsePlain(Buffer.from('\0\0')), { name: '', password: Buffer.alloc(0) });
});

void test('a PLAIN response with fewer or more parts, or with an authorization identity, is none', async (t) => {
  for (const response of ['other\0guest\0secret', '', 'guest', '\0guest', '\0guest\0secret\0', '\0a\0b\0c']) {
    t.equal(parsePlain(Buffer.from(response)), undefined, JSON.stringify(response));
  }
});

void test('AMQPLAIN takes LOGIN and PASSWORD, as text or bytes', async (t) => {
  const table = new Map<string, string | Buffer>([
    ['LOGIN', Buffer.from('guest')],
    ['PASSWORD', 'secret'],
  ]);
  t.strictSame(
    amqplainCredentials((key) => table.get(key)),
    { name: 'guest', password: 'secret' },
  );
});

void test('AMQPLAIN without one of them is none', async (t) => {
  t.equal(
    amqplainCredentials((key) => (key === 'LOGIN' ? 'guest' : undefined)),
    undefined,
  );
  t.equal(
    amqplainCredentials((key) => (key === 'PASSWORD' ? 'secret' : undefined)),
    undefined,
  );
});
