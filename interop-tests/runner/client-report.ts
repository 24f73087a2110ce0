import { CHECKS } from '../support/checks.js';
import type { ClientFolder } from './client-folder.js';

export type Outcome = 'passed' | 'failed' | 'skipped';

const RESULT = /^(ok|not ok) (\d+)(?: - (.*?))?(?: # SKIP ?(.*))?$/;

/** What one client's program said, check by check; a check that it did not report has failed. */
export class ClientReport {
  readonly lines: string[] = [];
  private readonly outcomes = new Map<number, Outcome>();
  private readonly client: ClientFolder;
  private readonly skip: readonly string[];

  /** `skip`: parts of titles; such a check does not count, whatever the program says. */
  constructor(client: ClientFolder, skip: readonly string[]) {
    this.client = client;
    this.skip = skip;
  }

  /** Takes a line of the program's output: a result, or anything else as a remark. */
  add(line: string): void {
    const [, verdict, number, title = '', reason] = RESULT.exec(line) ?? [];
    if (verdict === undefined) {
      this.lines.push(line);
      return;
    }
    this.record(Number(number), title, verdict === 'ok', reason);
  }

  /** Fills in what the program did not say. `why` tells how the program ended. */
  complete(why: string): void {
    const missing = this.numbers().filter((number) => !this.outcomes.has(number));
    for (const number of missing) this.record(number, this.title(number), false, undefined);
    if (missing.length > 0) this.remark(`${missing.length} not reported: ${why}`);
  }

  /** The broker itself failed: counted as one failure beside the checks. */
  addBrokerFailure(reason: string): void {
    this.outcomes.set(0, 'failed');
    this.lines.push('not ok - the broker starts, restarts and stops');
    this.remark(reason);
  }

  /** Adds text of any number of lines that is no result. */
  remark(text: string): void {
    for (const line of text.trim().split('\n')) this.lines.push(`# ${line}`);
  }

  /** Every check is skipped, with one line that says why. */
  skipAll(reason: string): void {
    for (const number of this.numbers()) this.outcomes.set(number, 'skipped');
    this.remark(`skipped: ${reason}`);
  }

  count(outcome: Outcome): number {
    return [...this.outcomes.values()].filter((other) => other === outcome).length;
  }

  private numbers(): number[] {
    return Array.from({ length: this.client.checks }, (_, index) => index + 1);
  }

  private record(number: number, title: string, passed: boolean, reason: string | undefined): void {
    if (this.outcomes.has(number) || number < 1 || number > this.client.checks) {
      this.remark(`out of turn: ${number} - ${title}`);
      this.outcomes.set(number, 'failed');
      return;
    }
    if (this.skip.some((part) => title.includes(part)))
      return this.note(number, 'skipped', `${title} # SKIP asked for`);
    if (reason !== undefined) return this.note(number, 'skipped', `${title} # SKIP ${reason}`);
    this.note(number, passed ? 'passed' : 'failed', title);
  }

  private note(number: number, outcome: Outcome, text: string): void {
    this.outcomes.set(number, outcome);
    this.lines.push(`${outcome === 'failed' ? 'not ok' : 'ok'} ${number} - ${text}`);
  }

  private title(number: number): string {
    return this.client.checks === CHECKS.length ? (CHECKS[number - 1] ?? '') : 'a check of its own';
  }
}
