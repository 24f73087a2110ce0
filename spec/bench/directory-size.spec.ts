import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { directoryMb } from '../../bench/broker/directory-size.js';
import { settled } from '../../bench/broker/settled.js';

void test('the size of a directory is that of all files in it and below', async (t) => {
  const directory = t.testdir();
  mkdirSync(join(directory, 'below', 'that'), { recursive: true });
  writeFileSync(join(directory, 'a'), Buffer.alloc(2 ** 19));
  writeFileSync(join(directory, 'below', 'that', 'b'), Buffer.alloc(2 ** 20));
  t.equal(directoryMb(directory), 1.5);
});

void test('what moves by more than 1 % is not settled', async (t) => {
  const values = [100, 200, 300, 90];
  t.equal(await settled(1, () => values.shift() ?? 90), 90);
});

void test('nothing settles as well as something', async (t) => {
  t.equal(await settled(1, () => 0), 0);
});
