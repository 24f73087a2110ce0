import { test } from 'tap';
import { isLoopbackAddress, isLoopbackOnly } from '../../lib/auth/loopback.js';

void test('only the users that are listed are bound to this machine', async (t) => {
  t.equal(isLoopbackOnly({ name: 'guest' }, ['guest']), true);
  t.equal(isLoopbackOnly({ name: 'guest' }, []), false);
  t.equal(isLoopbackOnly({ name: 'app' }, ['guest']), false);
});

void test('loopback addresses are known in every form that a socket shows', async (t) => {
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) {
    t.equal(isLoopbackAddress(address), true, address);
  }
  for (const address of ['128.0.0.1', '10.0.0.1', '::', '::2', '::ffff:10.0.0.1', 'localhost', '']) {
    t.equal(isLoopbackAddress(address), false, address);
  }
});
