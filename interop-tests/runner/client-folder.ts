import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKS } from '../support/checks.js';

/** One client's `client.json`. Commands are argument lists, run from the repository's root. */
export interface ClientFolder {
  readonly name: string;
  /** Exits 0 where the client library and its language are installed. */
  readonly probe: readonly string[];
  readonly command: readonly string[];
  /** Debian packages that bring it; none for what comes with the project itself. */
  readonly packages: readonly string[];
  /** Titles are the program's own when it does not do the common checks. */
  readonly checks: number;
  /** Seconds until the runner ends the program. */
  readonly deadline: number;
}

const DEFAULTS = { packages: [], checks: CHECKS.length, deadline: 120 } as const;

/** All folders under `interop-tests/` that hold a `client.json`, by name. */
export function clientFolders(root: string): ClientFolder[] {
  const base = join(root, 'interop-tests');
  const names = readdirSync(base).filter((name) => existsSync(join(base, name, 'client.json')));
  return names.toSorted().map((name) => readClientFolder(join(base, name, 'client.json'), name));
}

function readClientFolder(file: string, name: string): ClientFolder {
  const described: Partial<ClientFolder> = JSON.parse(readFileSync(file, 'utf8'));
  const { probe, command } = described;
  if (!isCommand(probe) || !isCommand(command)) throw new Error(`${file}: needs a "probe" and a "command"`);
  return { ...DEFAULTS, ...described, name, probe, command };
}

function isCommand(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((part) => typeof part === 'string');
}

/** `node` in a client's command is the node that runs the runner. */
export function executable(command: readonly string[]): { file: string; args: string[] } {
  const [file = '', ...args] = command;
  return { file: file === 'node' ? process.execPath : file, args };
}

export function isInstalled(client: ClientFolder, root: string): boolean {
  const { file, args } = executable(client.probe);
  return spawnSync(file, args, { cwd: root, stdio: 'ignore', timeout: 30_000 }).status === 0;
}
