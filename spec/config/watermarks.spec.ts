import { test } from 'tap';
import { loadConfig } from '../../lib/config/load-config.js';
import type { Config } from '../../lib/config/schema.js';
import { diskFreeLimit, memoryLimit } from '../../lib/config/watermarks.js';

const SYSTEM_MEMORY = 1000;

function configOf(...argv: string[]): Config {
  return loadConfig({ argv, env: {}, readFile: () => '' }).config;
}

void test('a relative limit is a share of the memory of the system', async (t) => {
  t.equal(memoryLimit(configOf(), SYSTEM_MEMORY), 400);
  t.equal(memoryLimit(configOf('--vm_memory_high_watermark.relative', '0.6'), SYSTEM_MEMORY), 600);
  t.equal(diskFreeLimit(configOf('--disk_free_limit.relative', '1.5'), SYSTEM_MEMORY), 1500);
});

void test('an absolute limit is taken as it is', async (t) => {
  t.equal(diskFreeLimit(configOf(), SYSTEM_MEMORY), 50_000_000);
  t.equal(memoryLimit(configOf('--vm_memory_high_watermark.absolute', '7'), SYSTEM_MEMORY), 7);
});

void test('the memory of the system can be overridden', async (t) => {
  const override = ['--total_memory_available_override_value', '1kB'];
  t.equal(memoryLimit(configOf(...override), 5), 400);
  t.equal(diskFreeLimit(configOf(...override, '--disk_free_limit.relative', '2'), 5), 2000);
});
