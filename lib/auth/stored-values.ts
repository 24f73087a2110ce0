import { assert } from '../base/assert.js';
import { type JsonValue, splitMetaKey } from '../meta/metadata-store.js';
import { type HashingAlgorithm, hashingAlgorithm } from './password-hash.js';
import { Permissions } from './permissions.js';
import { TopicPermissions } from './topic-permissions.js';

export interface User {
  readonly name: string;
  readonly tags: readonly string[];
  /** base64(salt + digest); '' when the user has no password and cannot log in with one. */
  readonly passwordHash: string;
  readonly hashingAlgorithm: HashingAlgorithm;
}

type Fields = { readonly [key: string]: JsonValue };

export function storedUser(key: string, value: JsonValue): User {
  const fields = fieldsOf(key, value);
  const { tags } = fields;
  assert(isList(tags), `${key} has a list of tags`);
  return Object.freeze({
    name: splitMetaKey(key)[1] ?? '',
    tags: Object.freeze(tags.map(String)),
    passwordHash: text(key, fields, 'passwordHash'),
    hashingAlgorithm: hashingAlgorithm(text(key, fields, 'hashingAlgorithm')),
  });
}

export function storedPermissions(key: string, value: JsonValue): Permissions {
  const fields = fieldsOf(key, value);
  return new Permissions({
    configure: text(key, fields, 'configure'),
    write: text(key, fields, 'write'),
    read: text(key, fields, 'read'),
  });
}

export function storedTopicPermissions(key: string, value: JsonValue): TopicPermissions {
  const fields = fieldsOf(key, value);
  const [, vhost = '', user = ''] = splitMetaKey(key);
  const patterns = { write: text(key, fields, 'write'), read: text(key, fields, 'read') };
  return new TopicPermissions(patterns, user, vhost);
}

function fieldsOf(key: string, value: JsonValue): Fields {
  assert(isFields(value), `${key} is an object`);
  return value;
}

function text(key: string, fields: Fields, field: string): string {
  const value = fields[field];
  assert(typeof value === 'string', `${key} has a text '${field}'`);
  return value;
}

function isFields(value: JsonValue): value is Fields {
  return typeof value === 'object' && value !== null && !isList(value);
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
