import { test } from 'tap';
import { AuthError } from '../../lib/auth/auth-error.js';
import {
  checkPasswordHash,
  hashingAlgorithm,
  hashPassword,
  verifyPassword,
} from '../../lib/auth/password-hash.js';

const SHA256 = 'rabbit_password_hashing_sha256';
const SHA512 = 'rabbit_password_hashing_sha512';
const MD5 = 'rabbit_password_hashing_md5';

/** The example of RabbitMQ's page on passwords: salt 908D C60A, password "test12". */
const PUBLISHED = 'kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR';

void test("RabbitMQ's published example verifies and can be made again", async (t) => {
  t.equal(verifyPassword('test12', PUBLISHED, SHA256), true);
  t.equal(hashPassword('test12', SHA256, Buffer.from('908DC60A', 'hex')), PUBLISHED);
});

void test('a password verifies against its own hash only, as text or bytes', async (t) => {
  for (const algorithm of [SHA256, SHA512, MD5] as const) {
    const hash = hashPassword('pä\0ss', algorithm);
    t.equal(verifyPassword('pä\0ss', hash, algorithm), true);
    t.equal(verifyPassword(Buffer.from('pä\0ss'), hash, algorithm), true);
    t.equal(verifyPassword('pä\0s', hash, algorithm), false);
    t.equal(verifyPassword('', hash, algorithm), false);
  }
});

void test('the salt differs from one hash to the next', async (t) => {
  t.not(hashPassword('x'), hashPassword('x'));
});

void test('a hash of another algorithm, a cut one and an empty one match nothing', async (t) => {
  t.equal(verifyPassword('x', hashPassword('x', SHA512), SHA256), false);
  t.equal(verifyPassword('test12', PUBLISHED.slice(0, 20), SHA256), false);
  t.equal(verifyPassword('', '', SHA256), false);
});

void test('the algorithms are known by their RabbitMQ names and no other', async (t) => {
  for (const name of [SHA256, SHA512, MD5]) t.equal(hashingAlgorithm(name), name);
  for (const name of ['sha256', '', 'toString']) {
    t.throws(() => hashingAlgorithm(name), {
      kind: 'unknown_hashing_algorithm',
      message: `hashing algorithm '${name}' is not known: use one of ${SHA256}, ${SHA512}, ${MD5}`,
    });
  }
});

void test('a hash from outside is base64 with a salt and a digest, or empty', async (t) => {
  for (const hash of [PUBLISHED, '', hashPassword('x', SHA512)])
    t.doesNotThrow(() => checkPasswordHash(hash));
  for (const hash of ['not base64', 'kI3GCg==', 'kI3GCqW5JLMJ=', 'kI3G-qW5JLMJ']) {
    t.throws(() => checkPasswordHash(hash), AuthError, hash);
  }
});
