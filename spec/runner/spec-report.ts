/** A named test that is under way, at one depth of the output. */
interface OpenTest {
  readonly name: string;
  /** It holds further tests, which are counted in its place. */
  nested: boolean;
}

const RESULT = /^( *)(ok|not ok) \d+(?: - (.*?))?(?: # (SKIP|TODO).*)?(?: # time=([\d.]+)ms)?(?: \{)?$/;
const SUBTEST = /^( *)# Subtest: (.*)$/;
const INDENT = 4;

/**
 * Reads tap's output line by line. Counts tests by name, not assertions; one line is printed for each spec file, and
 * for a file that failed also everything it said but the assertions that hold.
 */
export class SpecReport {
  passed = 0;
  failed = 0;
  skipped = 0;
  readonly #print: (line: string) => void;
  readonly #open: (OpenTest | undefined)[] = [];
  #file = { passed: 0, failed: 0, skipped: 0 };
  #said: string[] = [];

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  line(text: string): void {
    const subtest = SUBTEST.exec(text);
    if (subtest !== null) {
      this.#begin((subtest[1] ?? '').length / INDENT, subtest[2] ?? '');
      this.#said.push(text);
      return;
    }
    const [, indent = '', verdict, name = '', directive, ms] = RESULT.exec(text) ?? [];
    if (verdict !== 'ok' && !/^ *(\d+\.\.\d+|# time=.*|)$/.test(text)) this.#said.push(text);
    if (verdict === undefined) return;
    this.#end(indent.length / INDENT, name, verdict === 'ok', directive !== undefined);
    if (indent === '') this.#endFile(name, verdict === 'ok', Number(ms ?? 0));
  }

  /** The sum, as it stands on the last line of a run. */
  get summary(): string {
    const skipped = this.skipped > 0 ? `, ${this.skipped} skipped` : '';
    return `${this.passed} passed, ${this.failed} failed${skipped}`;
  }

  #begin(depth: number, name: string): void {
    const parent = this.#open[depth - 1];
    if (parent !== undefined) parent.nested = true;
    this.#open[depth] = { name, nested: false };
  }

  #end(depth: number, name: string, passed: boolean, skipped: boolean): void {
    const test = this.#open[depth];
    const isTest = skipped || test?.name === name;
    if (test?.name === name) this.#open[depth] = undefined;
    if (depth === 0 || !isTest || test?.nested === true) return;
    if (skipped) this.#file.skipped++;
    else if (passed) this.#file.passed++;
    else this.#file.failed++;
  }

  #endFile(name: string, passed: boolean, ms: number): void {
    const file = this.#file;
    // It ended early, or failed outside of its tests.
    if (!passed && file.failed === 0) file.failed++;
    this.passed += file.passed;
    this.failed += file.failed;
    this.skipped += file.skipped;
    const counts = `${file.passed} passed${file.failed > 0 ? `, ${file.failed} FAILED` : ''}`;
    this.#print(`${passed ? 'ok    ' : 'FAILED'} ${name} (${counts}, ${(ms / 1000).toFixed(1)} s)`);
    if (!passed) for (const line of this.#said) this.#print(`    ${line}`);
    this.#file = { passed: 0, failed: 0, skipped: 0 };
    this.#said = [];
  }
}
