import { setFlagsFromString } from 'node:v8';
import { AuthError } from './auth-error.js';

/** `(?i)` and so on in front of a pattern: the letters that JavaScript has flags for. */
const LEADING_FLAGS = /^\(\?([ims]+)\)/;

/** A quotation, an escape, a bracket expression, or a stretch of neither. */
const PARTS =
  /\\Q(?<quotation>[^]*?)(?:\\E|$)|\\x\{(?<code>[\dA-Fa-f]+)\}|\\(?<escaped>[^])|(?<brackets>\[\^?\]?(?:\\[^]|\[:\^?\w+:\]|[^\]\\])*\])|[^\\[]+|[^]/g;

const IN_BRACKETS = /\\x\{(?<code>[\dA-Fa-f]+)\}|\\(?<escaped>[^])|\[:(?<set>\^?\w+):\]|[[\]]|[^\\[\]]+/g;

/** Escapes of PCRE that JavaScript would silently take for a letter, and what says the same. */
const OUTSIDE_BRACKETS: Readonly<Record<string, string>> = {
  h: String.raw`[ \t]`,
  A: String.raw`(?<![^])`,
  z: String.raw`(?![^])`,
  Z: String.raw`(?=\n?(?![^]))`,
};
const CHARACTERS: Readonly<Record<string, string>> = { a: String.raw`\x07`, e: String.raw`\x1b` };

/** Escapes of letters and digits that mean the same in both. */
const COMMON = /[dDwWsSnrtfvxc0-9]/;
const COMMON_OUTSIDE_BRACKETS = /[bBk]/;

const POSIX_SETS: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  blank: String.raw` \t`,
  cntrl: String.raw`\x00-\x1f\x7f`,
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: String.raw`!-\/:-@\[-\x60{-~`,
  space: String.raw`\t-\r `,
  upper: 'A-Z',
  word: String.raw`\w`,
  xdigit: '0-9A-Fa-f',
};

interface PartGroups {
  readonly quotation?: string;
  readonly code?: string;
  readonly escaped?: string;
  readonly brackets?: string;
  readonly set?: string;
}

/**
 * Compiles a pattern of RabbitMQ's: Perl's syntax (PCRE), searched anywhere in the name; '' is taken as '^$'.
 * What JavaScript cannot say (possessive quantifiers, atomic groups, recursion, `\p`) is refused. `.` is a character,
 * where RabbitMQ sees the bytes of its UTF-8, and `$` does not match before a line feed at the end. Throws {@link AuthError} of kind 'invalid_pattern'.
 */
export function compilePattern(pattern: string): RegExp {
  limitBacktracking();
  if (pattern === '') return /^$/;
  const [whole = '', flags = ''] = LEADING_FLAGS.exec(pattern) ?? [];
  try {
    return new RegExp(translated(pattern.slice(whole.length)), [...new Set(flags)].join(''));
  } catch (error) {
    throw new AuthError(
      'invalid_pattern',
      `'${pattern}' is not a regular expression that can be used: ${reason(error)}`,
    );
  }
}

let isLimited = false;

/**
 * Clients choose the names that patterns are tried on, so a pattern like `(a+)+$` must not stop the node: after so many
 * steps back V8 starts anew with an engine that takes linear time. It knows no back references and no look-around;
 * patterns with those are as slow as they are written.
 */
function limitBacktracking(): void {
  if (isLimited) return;
  isLimited = true;
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
  setFlagsFromString('--regexp-backtracks-before-fallback=20000');
}

/** Text that matches itself and nothing else. */
export function literalPattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

function translated(source: string): string {
  return [...source.matchAll(PARTS)].map((match) => part(match[0], match.groups ?? {})).join('');
}

function part(whole: string, { quotation, code, escaped, brackets }: PartGroups): string {
  if (quotation !== undefined) return literalPattern(quotation);
  if (code !== undefined) return codeUnit(code);
  if (brackets !== undefined) return bracketExpression(brackets);
  if (escaped === undefined) return whole;
  if (Object.hasOwn(OUTSIDE_BRACKETS, escaped)) return OUTSIDE_BRACKETS[escaped] ?? '';
  if (COMMON_OUTSIDE_BRACKETS.test(escaped)) return whole;
  return escape(whole, escaped);
}

function bracketExpression(whole: string): string {
  const open = whole.startsWith('[^') ? '[^' : '[';
  const inner = whole.slice(open.length, -1);
  const parts = [...inner.matchAll(IN_BRACKETS)].map((match) => bracketPart(match[0], match.groups ?? {}));
  return `${open}${parts.join('')}]`;
}

function bracketPart(whole: string, { code, escaped, set }: PartGroups): string {
  if (code !== undefined) return codeUnit(code);
  if (set !== undefined) return POSIX_SETS[set] ?? refuse(`the set [:${set}:] is not known`);
  if (whole === '[' || whole === ']') return `\\${whole}`;
  if (escaped === undefined || escaped === 'b') return whole;
  return escape(whole, escaped);
}

function escape(whole: string, escaped: string): string {
  if (!/[A-Za-z0-9]/.test(escaped) || COMMON.test(escaped)) return whole;
  return CHARACTERS[escaped] ?? refuse(`the escape ${whole} is not known`);
}

function codeUnit(hex: string): string {
  const code = Number.parseInt(hex, 16);
  if (code > 0xffff) return refuse(`the character \\x{${hex}} is too large`);
  return String.raw`\u` + code.toString(16).padStart(4, '0');
}

function refuse(why: string): never {
  throw new SyntaxError(why);
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
