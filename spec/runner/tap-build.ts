import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const TAP = 'node_modules/tap/dist/esm/run.mjs';
const BUILT_TEST_CLASS = 'node_modules/@tapjs/test/test-built/dist/esm/index.js';
/** Left out in .taprc, and part of what npm installs. */
const UNWANTED = '@tapjs/typescript';

/**
 * tap makes its Test class from the plugins in .taprc once after it was installed, but the run that notices fails.
 * Throws when it cannot be made.
 */
export function buildTap(root: string): void {
  const file = join(root, BUILT_TEST_CLASS);
  if (existsSync(file) && !readFileSync(file, 'utf8').includes(UNWANTED)) return;
  console.log('setup: fitting tap to its plugins (tap build)');
  const { status, stderr } = spawnSync(process.execPath, [join(root, TAP), 'build'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`tap build failed:\n${stderr}`);
}
