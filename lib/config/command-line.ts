import { ConfigError } from './config-error.js';
import type { Setting } from './setting.js';

/** What the arguments ask for instead of a start. */
export type Question = 'help' | 'version';

export interface CommandLine {
  /** Of `--config`. */
  readonly configFile: string | undefined;
  readonly settings: readonly Setting[];
}

const QUESTIONS: Readonly<Record<string, Question>> = {
  '--help': 'help',
  '-h': 'help',
  '--version': 'version',
};

/** Undefined: the node is to be started. */
export function questionIn(argv: readonly string[]): Question | undefined {
  for (const argument of argv) {
    if (Object.hasOwn(QUESTIONS, argument)) return QUESTIONS[argument];
  }
  return undefined;
}

/**
 * The directory of `--check DIR` or `--check=DIR`, which stands alone; undefined where there is none. Throws
 * {@link ConfigError}.
 */
export function directoryToCheck(argv: readonly string[]): string | undefined {
  if (!argv.some((argument) => argument === '--check' || argument.startsWith('--check='))) return undefined;
  const [first = '', second, ...rest] = argv;
  const directory = first === '--check' ? second : first.slice('--check='.length);
  const more = first === '--check' ? rest : argv.slice(1);
  if (!first.startsWith('--check') || more.length > 0)
    throw new ConfigError('--check stands alone: write --check DATA_DIR');
  if (directory === undefined || directory === '' || directory.startsWith('--'))
    throw new ConfigError('--check needs the directory to look at: write --check DATA_DIR');
  return directory;
}

/** `argv`: what follows the program's name, `--key value` or `--key=value`. Throws {@link ConfigError}. */
export function readCommandLine(argv: readonly string[]): CommandLine {
  const settings: Setting[] = [];
  let configFile: string | undefined;
  for (let at = 0; at < argv.length; at++) {
    const [, key, joined] = /^--([^=\s]+)(?:=([^]*))?$/.exec(argv[at] ?? '') ?? [];
    if (key === undefined) {
      throw new ConfigError(`unexpected argument '${argv[at]}': settings are written --key value`);
    }
    const text = joined ?? argv[++at];
    if (text === undefined || (joined === undefined && text.startsWith('--'))) {
      throw new ConfigError(`--${key} has no value: write --${key} value or --${key}=value`);
    }
    if (key === 'config') configFile = text;
    else settings.push({ key, text, origin: `--${key}` });
  }
  return { configFile, settings };
}
