import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { AuthError } from './auth-error.js';

/** RabbitMQ's names for them, and node:crypto's. */
const DIGESTS = {
  rabbit_password_hashing_sha256: 'sha256',
  rabbit_password_hashing_sha512: 'sha512',
  rabbit_password_hashing_md5: 'md5',
} as const;

export type HashingAlgorithm = keyof typeof DIGESTS;

export const DEFAULT_HASHING_ALGORITHM: HashingAlgorithm = 'rabbit_password_hashing_sha256';

/** Bytes of salt before the digest. */
const SALT_LENGTH = 4;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** base64(salt + digest(salt + password)), with four random bytes of salt unless some are given. */
export function hashPassword(
  password: string | Buffer,
  algorithm: HashingAlgorithm = DEFAULT_HASHING_ALGORITHM,
  salt: Buffer = randomBytes(SALT_LENGTH),
): string {
  return Buffer.concat([salt, digest(algorithm, salt, password)]).toString('base64');
}

/** Takes the same time for every wrong password. A hash of another algorithm's length matches nothing. */
export function verifyPassword(
  password: string | Buffer,
  hash: string,
  algorithm: HashingAlgorithm,
): boolean {
  const stored = Buffer.from(hash, 'base64');
  const salt = stored.subarray(0, SALT_LENGTH);
  const expected = stored.subarray(SALT_LENGTH);
  const actual = digest(algorithm, salt, password);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

/** Throws {@link AuthError} unless `name` is one of RabbitMQ's algorithms that are known here. */
export function hashingAlgorithm(name: string): HashingAlgorithm {
  if (isHashingAlgorithm(name)) return name;
  throw new AuthError(
    'unknown_hashing_algorithm',
    `hashing algorithm '${name}' is not known: use one of ${Object.keys(DIGESTS).join(', ')}`,
  );
}

/** Throws {@link AuthError} unless `hash` is base64 and holds at least a salt; '' stands for "no password". */
export function checkPasswordHash(hash: string): void {
  if (hash === '') return;
  if (BASE64.test(hash) && Buffer.from(hash, 'base64').length > SALT_LENGTH) return;
  throw new AuthError('invalid_password_hash', 'password_hash is not base64 of a 4-byte salt and a digest');
}

function digest(algorithm: HashingAlgorithm, salt: Buffer, password: string | Buffer): Buffer {
  return createHash(DIGESTS[algorithm]).update(salt).update(password).digest();
}

function isHashingAlgorithm(name: string): name is HashingAlgorithm {
  return Object.hasOwn(DIGESTS, name);
}
