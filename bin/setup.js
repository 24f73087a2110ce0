#!/usr/bin/env node
// What `npm start` and `npm test` need: dependencies as the lock file has them, and a build of the sources as they are.
// Runs before there are any dependencies, so it has none and is not compiled. Says what it does; silent when all is there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireNode } from './unbuilt.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const SOURCE_FOLDERS = ['lib', 'spec', 'interop-tests', 'bench'];
/** Written after a successful build: the digest of what was built. */
const STAMP = 'build/.setup';

main();

function main() {
  requireNode('setup');
  if (!isInstalled()) install();
  const sources = sourceFiles();
  removeStaleOutputs(sources);
  const digest = digestOf(sources);
  if (!isBuilt(sources, digest)) build(sources, digest);
}

/** Whether every package of the lock file stands in node_modules; npm keeps a lock file of its own there. */
function isInstalled() {
  const wanted = readJson('package-lock.json')?.packages ?? {};
  const present = readJson('node_modules/.package-lock.json')?.packages;
  if (present === undefined) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true;
    const there = present[path];
    // Binaries for other platforms are in the lock file only.
    if (there === undefined) return optional === true;
    return there.version === version && there.integrity === integrity;
  });
}

function install() {
  say('installing the dependencies (npm ci)');
  // NODE_ENV=production alone would leave the compiler out.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund'];
  const npm = process.env.npm_execpath;
  if (npm === undefined) run('npm', args);
  else run(process.execPath, [npm, ...args]);
}

/** Every TypeScript source, relative to the root, in a fixed order. */
function sourceFiles() {
  const files = [];
  for (const folder of SOURCE_FOLDERS) collect(folder, '.ts', files);
  return files.sort((a, b) => (a < b ? -1 : 1));
}

/** A compiled file whose source was renamed or deleted would still be imported, and run as a test. */
function removeStaleOutputs(sources) {
  const outputs = [];
  for (const folder of SOURCE_FOLDERS) collect(`build/${folder}`, '', outputs);
  const current = new Set(sources.flatMap(outputsOf));
  for (const output of outputs) {
    if (/\.(js|js\.map|d\.ts)$/.test(output) && !current.has(output)) rmSync(join(ROOT, output));
  }
}

function outputsOf(source) {
  const stem = `build/${source.slice(0, -'.ts'.length)}`;
  return [`${stem}.js`, `${stem}.js.map`, `${stem}.d.ts`];
}

function isBuilt(sources, digest) {
  const stamp = join(ROOT, STAMP);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === digest && hasOutputs(sources);
}

function hasOutputs(sources) {
  return sources.every((source) => existsSync(join(ROOT, outputsOf(source)[0])));
}

function build(sources, digest) {
  say('building (tsc)');
  // tsc believes its own record of what it wrote; a file that went missing since is written only without it.
  if (!hasOutputs(sources)) rmSync(join(ROOT, 'build/.tsbuildinfo'), { force: true });
  run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json']);
  writeFileSync(join(ROOT, STAMP), digest);
}

function digestOf(sources) {
  const hash = createHash('sha256');
  for (const file of ['tsconfig.json', 'package-lock.json', ...sources]) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(ROOT, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** Adds the files below `folder` that end with `suffix`; a folder that is not there has none. */
function collect(folder, suffix, files) {
  if (!existsSync(join(ROOT, folder))) return;
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) collect(path, suffix, files);
    else if (path.endsWith(suffix)) files.push(path);
  }
}

function readJson(file) {
  const path = join(ROOT, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

/** Shows what the program prints; its failure is ours. */
function run(file, args) {
  const { error, status } = spawnSync(file, args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (error !== undefined) fail(`${file} ${args[0]}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}
