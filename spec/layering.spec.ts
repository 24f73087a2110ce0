import { test } from 'tap';
import { cycle, importsOf, levelOf, rowOf, violation } from './layering/imports.js';
import { LAYERS } from './layering/layers.js';
import { sources } from './layering/sources.js';

const MOST_LINES = 400;

test('every import goes to a folder that its layer may import', async (t) => {
  const imports = [...sources()].flatMap(([file, text]) => importsOf(file, text));
  t.ok(imports.length > 100, 'imports were found');
  t.strictSame(
    imports.map(violation).filter((text) => text !== undefined),
    [],
  );
});

test('no folders import each other in a circle', async (t) => {
  t.equal(cycle([...sources()].flatMap(([file, text]) => importsOf(file, text))), undefined);
});

test(`no file in lib/ has more than ${MOST_LINES} lines`, async (t) => {
  const long = [...sources()]
    .map(([file, text]) => ({ file, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > MOST_LINES);
  t.strictSame(
    long.map(({ file, lines }) => `lib/${file}: ${lines} lines`),
    [],
  );
});

test('the table of layers never points up, nor in a circle', async (t) => {
  const rows = Object.entries(LAYERS).flatMap(([row, { imports }]) =>
    imports.filter((name) => name !== '*').map((name) => ({ row, name })),
  );
  const up = rows.filter(({ row, name }) => levelOf(rowOf(`${name}/x`) ?? '') > levelOf(row));
  t.strictSame(up, []);
  t.equal(
    cycle(rows.map(({ row, name }) => ({ file: `${row}/x.ts`, line: 1, target: `${name}/x` }))),
    undefined,
  );
});

const refused = (file: string, text: string) => importsOf(file, text).map(violation);

test('an import is refused with file and line, whatever its form', async (t) => {
  const upwards = `import { a } from '../base/a.js';\nimport type {\n  B,\n} from '../amqp/b.js';\n`;
  t.match(refused('broker/x.ts', upwards), [undefined, /^lib\/broker\/x\.ts:4 imports amqp\/b: broker/]);
  t.match(refused('wire/x.ts', `export * from '../store/s.js';`), [/^lib\/wire\/x\.ts:1 .* store/]);
  t.match(refused('wire/x.ts', `const s = await import('../store/s.js');`), [/level 1.*level 2/]);
  t.match(refused('wire/x.ts', `type S = import('../store/s.js').S;`), [/level 1.*level 2/]);
  t.match(refused('meta/x.ts', `import '../config/c.js';`), [/meta .* may not import config/]);
  t.match(refused('wire/x.ts', `import { test } from '../../spec/y.js';`), [/outside of lib/]);
  t.match(refused('wire/x.ts', `import { y } from '../unheard-of/y.js';`), [/no row/]);
  t.match(refused('unheard-of/x.ts', `import { y } from '../wire/y.js';`), [/no row/]);
});

test('of a folder that is named by a file, only that file may be imported', async (t) => {
  const [values, codec] = importsOf(
    'broker/doors/x.ts',
    `import { v } from '../../wire/values.js';\nimport { c } from '../../wire/table-codec.js';`,
  ).map(violation);
  t.equal(values, undefined);
  t.match(codec, /doors\/x\.ts:2 imports wire\/table-codec/);
});

test('a folder without a row belongs to the one that it is in', async (t) => {
  const inner = `import { Vhost } from '../vhost.js';\nimport { M } from '../matchers/m.js';`;
  t.strictSame(importsOf('broker/doors/x.ts', inner).map(violation), [undefined, undefined]);
  t.match(importsOf('broker/matchers/x.ts', inner).map(violation)[0], /may not import broker/);
});

test('a circle is told with the folders on it', async (t) => {
  const circle = [
    ...importsOf('store/a.ts', `import { b } from '../meta/b.js';`),
    ...importsOf('meta/b.ts', `import { c } from '../auth/c.js';`),
    ...importsOf('auth/c.ts', `import { a } from '../store/a.js';`),
    ...importsOf('auth/d.ts', `import { e } from '../base/e.js';`),
  ];
  t.equal(cycle(circle), 'store -> meta -> auth -> store');
  t.equal(cycle(circle.slice(1)), undefined);
});
