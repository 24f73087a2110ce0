import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Broker } from './broker.js';
import { type ClientFolder, executable } from './client-folder.js';
import type { ClientReport } from './client-report.js';

const STDERR_KEPT = 8_000;

/** Runs one client's program against `broker` to its end or its deadline and fills `report`. */
export async function runClient(
  client: ClientFolder,
  broker: Broker,
  report: ClientReport,
  root: string,
): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), `interop-${client.name}-`));
  try {
    await converse(client, broker, report, root, scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function converse(
  client: ClientFolder,
  broker: Broker,
  report: ClientReport,
  root: string,
  scratch: string,
): Promise<void> {
  const child = start(client, broker.url, root, scratch);
  const endWithRunner = () => {
    endGroup(child);
    rmSync(scratch, { recursive: true, force: true });
  };
  process.once('exit', endWithRunner);
  let stderr = '';
  let expired = false;
  let restarting: Promise<void> = Promise.resolve();
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-STDERR_KEPT);
  });
  const timer = setTimeout(() => {
    expired = true;
    endGroup(child);
  }, client.deadline * 1_000);
  const ended = once(child, 'close');
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'restart') restarting = restart(broker, child, report);
    else report.add(line);
  });
  child.on('error', (error) => {
    stderr += error.message;
  });
  // A program that has gone does not read its answer; that it went is reported by its exit.
  child.stdin.on('error', () => {});
  const [code, signal] = await ended.catch(() => [null, 'failure to start']);
  clearTimeout(timer);
  process.off('exit', endWithRunner);
  endGroup(child);
  // A program that ends meanwhile leaves a broker that could not be stopped yet.
  await restarting;
  report.complete(
    expired ? `ended after ${client.deadline} s` : `the program ended with ${signal ?? `exit code ${code}`}`,
  );
  if (report.count('failed') === 0) return;
  const printed = `${stderr}\n${broker.output()}`;
  if (printed.trim() !== '') report.remark(printed);
}

function start(
  client: ClientFolder,
  url: string,
  root: string,
  scratch: string,
): ChildProcessWithoutNullStreams {
  const { file, args } = executable(client.command);
  return spawn(file, args, {
    cwd: root,
    // A process group of its own, so that at the deadline its children go with it.
    detached: true,
    env: {
      ...process.env,
      AMQP_URL: url,
      INTEROP_PREFIX: `interop.${client.name}.${randomBytes(4).toString('hex')}.`,
      INTEROP_SCRATCH: scratch,
    },
  });
}

async function restart(
  broker: Broker,
  child: ChildProcessWithoutNullStreams,
  report: ClientReport,
): Promise<void> {
  try {
    await broker.restart();
    child.stdin.write('restarted\n');
  } catch (error) {
    report.addBrokerFailure(String(error));
    endGroup(child);
  }
}

function endGroup(child: ChildProcessWithoutNullStreams): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // ESRCH: the whole group has ended by itself.
  }
}
