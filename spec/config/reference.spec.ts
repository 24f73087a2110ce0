import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'tap';
import { helpText, ignoredTable, refusedTable, settingsTable } from '../../lib/config/reference.js';
import { SCHEMA } from '../../lib/config/schema.js';

const DOCUMENT = new URL('../../../docs/configuration.md', import.meta.url);

const TABLES = { settings: settingsTable(), ignored: ignoredTable(), refused: refusedTable() };

/** The document with its tables as the schema has them now. */
function renewed(document: string): string {
  return Object.entries(TABLES).reduce(
    (text, [name, table]) =>
      text.replace(
        new RegExp(`<!-- ${name} -->\n[^]*?<!-- end -->`),
        () => `<!-- ${name} -->\n${table}\n<!-- end -->`,
      ),
    document,
  );
}

void test('docs/configuration.md has the tables of the schema', async (t) => {
  const document = readFileSync(DOCUMENT, 'utf8');
  if (process.env['WRITE_DOCS'] === '1') writeFileSync(DOCUMENT, renewed(document));
  for (const [name, table] of Object.entries(TABLES)) {
    t.ok(
      document.includes(table),
      `${name}; WRITE_DOCS=1 node build/spec/config/reference.spec.js renews it`,
    );
  }
});

void test('--help tells of every key, its default and what it does', async (t) => {
  const help = helpText();
  for (const [key, { doc }] of Object.entries(SCHEMA)) {
    t.ok(help.includes(`--${key}`), key);
    t.ok(help.includes(doc), doc);
  }
  t.match(help, /--connection_max VALUE\n.*\n.*, or infinity; default: infinity\n/);
  t.match(help, /--cluster_name VALUE\n.*\n.*default: warrenmq@<hostname>\n/);
  for (const flag of ['--config FILE', '--help', '--version']) t.ok(help.includes(flag), flag);
});
