import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { COVERAGE_FLOOR, coveredPercent } from './runner/coverage-floor.js';
import { SpecReport } from './runner/spec-report.js';
import { buildTap, TAP } from './runner/tap-build.js';

/** The repository, seen from build/spec/. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Arguments go to tap: compiled spec files, folders of them, or its options. Without any, everything runs. */
const given = process.argv.slice(2).map((arg) => (/^-|\.js$/.test(arg) ? arg : join(arg, '**/*.spec.js')));
const torture = process.env['WARRENMQ_TORTURE'] === '1';
const whole = given.length === 0;

buildTap(ROOT);
const report = new SpecReport((line) => console.log(line));
const exitCode = await runTap();
const enough = !whole || isCoveredEnough();
if (exitCode !== 0 && report.failed === 0) report.failed = 1;
if (report.passed + report.failed === 0) report.failed = 1;
console.log(report.summary);
process.exitCode = report.failed === 0 && enough ? 0 : 1;

async function runTap(): Promise<number> {
  rmSync(join(ROOT, '.tap', 'report'), { recursive: true, force: true });
  const options = ['--reporter=tap', ...(whole ? [] : ['--disable-coverage']), ...(torture ? ['-t0'] : [])];
  const tap = spawn(process.execPath, [join(ROOT, TAP), ...options, ...given], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(tap, 'close');
  createInterface({ input: tap.stdout }).on('line', (line) => report.line(line));
  const [code] = await ended;
  return typeof code === 'number' ? code : 1;
}

function isCoveredEnough(): boolean {
  const percent = coveredPercent(ROOT);
  if (percent === undefined) {
    console.log('there is no coverage report');
    return false;
  }
  console.log(`${percent.toFixed(1)} % of the lines of lib/ ran; the floor is ${COVERAGE_FLOOR} %`);
  return percent >= COVERAGE_FLOOR;
}
