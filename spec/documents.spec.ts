import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { sources } from './layering/sources.js';

/** The repository, seen from build/spec/. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

/** What a reader may follow, by its path. */
function documents(): string[] {
  return ['.', 'docs', 'docs/design', 'interop-tests', 'interop-tests/conformance'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  );
}

const all = (pattern: RegExp, text: string) => [...text.matchAll(pattern)].map(([, found = '']) => found);

test('every link between documents leads somewhere', async (t) => {
  const broken = documents().flatMap((file) =>
    all(/\]\((?!https?:)([^)#]+)[^)]*\)/g, read(file))
      .filter((target) => !existsSync(join(ROOT, dirname(file), target)))
      .map((target) => `${file}: ${target}`),
  );
  t.strictSame(broken, []);
});

test('every npm script that a document names is there', async (t) => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'));
  const missing = documents().flatMap((file) =>
    all(/\bnpm run (?:--silent )?([a-z][\w:-]*)/g, read(file))
      .filter((name) => scripts[name] === undefined)
      .map((name) => `${file}: npm run ${name}`),
  );
  t.strictSame(missing, []);
});

test('every source file that a document names is there', async (t) => {
  const missing = documents().flatMap((file) =>
    all(/`((?:[\w.-]+\/)+[\w.-]+\.(?:ts|js|sh|json|conf))`/g, read(file))
      .filter(
        (path) =>
          ![path, join('lib', path), join(dirname(file), path)].some((place) =>
            existsSync(join(ROOT, place)),
          ),
      )
      .map((path) => `${file}: ${path}`),
  );
  t.strictSame(missing, []);
});

test('every method on the way of a message is there', async (t) => {
  const lib = sources();
  const missing = all(/`([A-Z]\w+\.[a-z]\w+)`/g, read('docs/flow.md')).filter((name) => {
    const [type = '', member = ''] = name.split('.');
    const homes = [...lib.values()].filter((text) => new RegExp(`(class|interface) ${type}\\b`).test(text));
    return !homes.some((text) => new RegExp(`^ +(static |async |get )*${member}\\b`, 'm').test(text));
  });
  t.strictSame(missing, []);
});

test('every line that an operator is told of stands in the sources', async (t) => {
  const sourceTexts = [...sources().values()].join('\n');
  const [, section = ''] = read('docs/errors.md').split('## What the operator is told');
  const lines = all(/^\| `([^`]+)` \|/gm, section);
  t.ok(lines.length > 15, `${lines.length} lines`);
  const missing = lines.filter((line) =>
    line.split(/<[^>]+>/).some((part) => !sourceTexts.includes(part.trim())),
  );
  t.strictSame(missing, []);
});
