import { ConfigError } from './config-error.js';
import type { Setting } from './setting.js';

const BLANK_OR_COMMENT = /^\s*(?:#.*)?$/;

/** A key has no blanks; the value is what remains of the line. */
const ASSIGNMENT = /^\s*((?:[A-Za-z0-9_-]|\\\.|\.(?!\.))+)\s*=\s*(.*)$/;

/** In single quotes a value may contain '#', but no single quote. */
const QUOTED = /^'([^']*)'\s*(?:#.*)?$/;

/**
 * Reads the form of rabbitmq.conf: `key = value` lines, comments from '#' to the end of the line.
 * Throws {@link ConfigError} with `path` and line.
 */
export function readConfFile(path: string, content: string): Setting[] {
  const settings: Setting[] = [];
  const lines = content.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    if (!BLANK_OR_COMMENT.test(line)) settings.push(readLine(line, `${path}:${index + 1}`));
  }
  return settings;
}

function readLine(line: string, origin: string): Setting {
  const [, key = '', rest = ''] = ASSIGNMENT.exec(line) ?? [];
  if (key === '' || key.startsWith('.') || /(?<!\\)\.$/.test(key)) {
    throw new ConfigError(`${origin}: expected 'key = value', got '${line.trim()}'`);
  }
  const quoted = QUOTED.exec(rest)?.[1];
  const text = quoted ?? rest.replace(/#.*$/, '').trimEnd();
  if (text === '' && quoted === undefined) {
    throw new ConfigError(`${origin}: '${key}' has no value; write '' for an empty one`);
  }
  return { key, text, origin };
}
