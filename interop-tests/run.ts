import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Broker } from './runner/broker.js';
import { type ClientFolder, clientFolders, isInstalled } from './runner/client-folder.js';
import { ClientReport, type Outcome } from './runner/client-report.js';
import { runClient } from './runner/client-run.js';
import { ExternalBroker } from './runner/external-broker.js';
import { parseOptions, type RunOptions, USAGE, UsageError } from './runner/options.js';
import { OwnBroker } from './runner/own-broker.js';

/** Compiled to build/interop-tests/run.js; the clients' programs stay in interop-tests/ of the repository. */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) {
    console.log(USAGE);
    return;
  }
  const clients = chosen(clientFolders(ROOT), options.only);
  const reports = new Map<ClientFolder, ClientReport>();
  const waiting = [...clients];
  const worker = async () => {
    for (let client = waiting.shift(); client !== undefined; client = waiting.shift()) {
      reports.set(client, await report(client, options));
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, worker));
  summarize(clients, reports);
}

function chosen(all: ClientFolder[], only: readonly string[]): ClientFolder[] {
  const unknown = only.filter((name) => !all.some((client) => client.name === name));
  if (unknown.length > 0) {
    throw new UsageError(
      `--only ${unknown.join(',')}: there are ${all.map((client) => client.name).join(', ')}`,
    );
  }
  return only.length === 0 ? all : all.filter((client) => only.includes(client.name));
}

async function report(client: ClientFolder, options: RunOptions): Promise<ClientReport> {
  const result = new ClientReport(client, options.skip);
  const started = Date.now();
  if (!isInstalled(client, ROOT)) {
    result.skipAll(`not installed (${client.packages.join(' ') || 'npm ci'})`);
  } else {
    await withBroker(client, options, result);
  }
  const seconds = ((Date.now() - started) / 1_000).toFixed(1);
  console.log(`# ${client.name} (${seconds} s)\n${result.lines.join('\n')}\n`);
  return result;
}

async function withBroker(client: ClientFolder, options: RunOptions, result: ClientReport): Promise<void> {
  try {
    const broker = await startBroker(options);
    try {
      await runClient(client, broker, result, ROOT);
    } finally {
      await broker.stop();
    }
  } catch (error) {
    result.addBrokerFailure(String(error));
    result.complete('no broker to run against');
  }
}

async function startBroker(options: RunOptions): Promise<Broker> {
  if (options.external === undefined) return OwnBroker.start(ROOT, options.restartSignal);
  const broker = new ExternalBroker(options.external.url, options.external.restartCommand);
  await broker.accepting();
  return broker;
}

function summarize(clients: readonly ClientFolder[], reports: ReadonlyMap<ClientFolder, ClientReport>): void {
  const total = (outcome: Outcome) =>
    [...reports.values()].reduce((sum, result) => sum + result.count(outcome), 0);
  for (const client of clients) {
    const result = reports.get(client);
    if (result === undefined) continue;
    const counts = (['passed', 'failed', 'skipped'] as const).map(
      (outcome) => `${result.count(outcome)} ${outcome}`,
    );
    console.log(`${client.name.padEnd(24)}${counts.join(', ')}`);
  }
  console.log(`${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped`);
  if (total('failed') > 0) process.exitCode = 1;
}

// Leaving by exit() ends what is still running: brokers and clients do so on the runner's 'exit'.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
}
