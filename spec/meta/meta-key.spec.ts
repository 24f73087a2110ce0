import { test } from 'tap';
import { metaKey, splitMetaKey } from '../../lib/meta/metadata-store.js';

void test('segments come back exactly, whatever is in them', async (t) => {
  for (const segments of [
    ['queue', '/', 'a/b%2F c'],
    ['exchange', 'v', ''],
    ['', ''],
    ['é', '\u{1f407}', '\0\n#'],
  ]) {
    t.strictSame(splitMetaKey(metaKey(...segments)), segments);
  }
});

void test('no other name of a vhost shares its prefix', async (t) => {
  const prefix = `${metaKey('queue', 'a')}/`;
  t.ok(metaKey('queue', 'a', 'b').startsWith(prefix));
  t.notOk(metaKey('queue', 'a/b', 'c').startsWith(prefix));
  t.notOk(metaKey('queue', 'ab', 'c').startsWith(prefix));
});

void test('keys are plain ASCII', async (t) => {
  t.match(metaKey('queue', 'ü', '\u{1f407}'), /^[!-~]+$/);
});
