import { readCommandLine } from './command-line.js';
import { readConfFile } from './conf-file.js';
import { ConfigError } from './config-error.js';
import { CONFIG_FILE_VARIABLE, readEnvironment } from './environment.js';
import type { Config } from './schema.js';
import { SettingTable } from './setting-table.js';

export interface ConfigSources {
  /** What follows the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The content of a text file; throws if it cannot be read. */
  readonly readFile: (path: string) => string;
}

export interface LoadedConfig {
  readonly config: Config;
  /** One line for the log each: keys that have no effect here. */
  readonly notes: readonly string[];
}

/** Flags win over variables, variables over the file, the file over the defaults. Throws {@link ConfigError}. */
export function loadConfig({ argv, env, readFile }: ConfigSources): LoadedConfig {
  const commandLine = readCommandLine(argv);
  const path = commandLine.configFile ?? (env[CONFIG_FILE_VARIABLE] || undefined);
  const fileSettings = path === undefined ? [] : readConfFile(path, contentOf(path, readFile));
  const table = new SettingTable();
  table.add(fileSettings);
  table.add(readEnvironment(env));
  table.add(commandLine.settings);
  return { config: table.config(), notes: table.notes };
}

function contentOf(path: string, readFile: ConfigSources['readFile']): string {
  try {
    return readFile(path);
  } catch (error) {
    throw new ConfigError(
      `config file ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
