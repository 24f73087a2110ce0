import { readFileSync } from 'node:fs';
import t from 'tap';
import { type ErrorName, ERRORS, REPLIES, type ReplyName } from '../../lib/base/errors.js';
import { ERROR_ROWS } from './error-rows.js';

const DOCUMENT = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');

interface DocumentRow {
  readonly kind: string;
  readonly reply: string;
  readonly ends: string;
  readonly text: string;
  readonly when: string;
  readonly advice: string;
}

const ROWS: readonly DocumentRow[] = DOCUMENT.split('\n')
  .filter((line) => /^\| \w+ \| \d{3} /.test(line))
  .map((line) => {
    const [kind = '', reply = '', ends = '', text = '', when = '', advice = ''] = line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
    return { kind, reply, ends, text: text.replaceAll('`', ''), when, advice };
  });

/** Matches the texts of which `template` is one, with something in place of each `<...>`. */
function pattern(template: string): RegExp {
  const parts = template
    .split(/<\w+>/)
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`);
}

void t.test(
  'docs/errors.md has a row for each kind, in the order of the catalogue, and no others',
  async (t) => {
    t.strictSame(
      ROWS.map(({ kind }) => kind),
      Object.keys(ERRORS),
    );
  },
);

void t.test('each row has the reply that the catalogue has, and ends what it ends', async (t) => {
  for (const { kind, reply, ends } of ROWS) {
    const row: { reply: ReplyName; scope?: string } = ERRORS[kind as ErrorName];
    const { code, scope } = REPLIES[row.reply];
    t.equal(reply, `${code} ${row.reply}`, kind);
    const silent = ERROR_ROWS.some((one) => one.kind === kind && one.on === 'silence');
    t.equal(ends, silent ? 'silently' : (row.scope ?? scope), kind);
  }
});

void t.test('each row has the text that clients are told', async (t) => {
  for (const { kind, text } of ERROR_ROWS) {
    const reply: ReplyName = ERRORS[kind].reply;
    const documented = ROWS.find((row) => row.kind === kind)?.text ?? '';
    const explanation = text === reply ? '' : text.slice(`${reply} - `.length);
    t.match(explanation, pattern(documented), kind);
    if (explanation !== '') t.not(documented, '', kind);
  }
});

void t.test('each row says when it happens and what to do', async (t) => {
  for (const { kind, when, advice } of ROWS) {
    t.match(when, /^[\w`].*[.]$/, kind);
    t.match(advice, /^[A-Z].*[.]$/, kind);
  }
});

void t.test('the codes that never come are all others that AMQP has', async (t) => {
  const used = new Set<string>(Object.values(ERRORS).map(({ reply }) => reply));
  const [, section = ''] = DOCUMENT.split('## Codes that never come');
  for (const [name, { code }] of Object.entries(REPLIES)) {
    if (name === 'NO_ROUTE') continue;
    t.equal(section.includes(`${code} ${name}`), !used.has(name), name);
  }
});
