import { test } from 'tap';
import { SpecReport } from './spec-report.js';

function read(output: string): { report: SpecReport; printed: string[] } {
  const printed: string[] = [];
  const report = new SpecReport((line) => printed.push(line));
  for (const line of output.split('\n')) report.line(line);
  return { report, printed };
}

const PASSING = `TAP version 14
1..2
# Subtest: build/spec/a.spec.js
    # Subtest: a group
        # Subtest: one
            ok 1 - should be equal
            1..1
        ok 1 - one # time=3.5ms

        # Subtest: two
            ok 1 - should be equal
            ok 2 - should be equal
            1..2
        ok 2 - two # time=1ms

        1..2
    ok 1 - a group # time=10ms

    # Subtest: three
        1..0
    ok 2 - three # time=4ms

    ok 3 - four # SKIP not here
    1..3
    # time=15ms
ok 1 - build/spec/a.spec.js # time=1500ms
`;

const FAILING = `# Subtest: build/spec/b.spec.js
    # Subtest: five
        ok 1 - should be equal
        not ok 2 - should be equivalent
          ---
          diff: |
            - 1
            + 2
          ...
        1..2
    not ok 1 - five # time=2ms

    # Subtest: six
        ok 1 - should be equal
        1..1
    ok 2 - six # time=2ms
    1..2
not ok 2 - build/spec/b.spec.js # time=20ms
`;

test('tests are counted by name, groups and assertions are not', async (t) => {
  const { report, printed } = read(PASSING);
  t.equal(report.summary, '3 passed, 0 failed, 1 skipped');
  t.strictSame(printed, ['ok     build/spec/a.spec.js (3 passed, 1.5 s)']);
});

test('a file that failed says everything but what holds', async (t) => {
  const { report, printed } = read(PASSING + FAILING);
  t.equal(report.summary, '4 passed, 1 failed, 1 skipped');
  t.equal(printed[1], 'FAILED build/spec/b.spec.js (1 passed, 1 FAILED, 0.0 s)');
  t.match(printed.slice(2).join('\n'), /Subtest: five\n.*not ok 2 - should be equivalent\n[^]*\+ 2/);
  t.notMatch(printed.slice(2).join('\n'), /ok 1 - should be equal/);
});

test('a file that ends before its tests do counts as a failure', async (t) => {
  const { report } = read(
    '# Subtest: build/spec/c.spec.js\nnot ok 1 - build/spec/c.spec.js # time=9ms\n  ---\n',
  );
  t.equal(report.summary, '0 passed, 1 failed');
});
