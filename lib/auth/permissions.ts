import { compilePattern } from './pattern.js';

export type Operation = 'configure' | 'write' | 'read';

/** Regular expressions as RabbitMQ takes them: searched anywhere in the name, '' allows nothing but the empty name. */
export interface PermissionPatterns {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

/** Names remembered per instance; clients can make up any number of them. */
const MEMO_LIMIT = 4096;

/** Bit of an operation in a memo entry: answered yes. */
const ALLOWED = { configure: 1, write: 2, read: 4 } as const;
/** How far left of {@link ALLOWED} the bit "has been answered" stands. */
const ANSWERED_SHIFT = 3;

/** What one user may do in one vhost. Throws AuthError of kind 'invalid_pattern' at construction. */
export class Permissions {
  readonly patterns: PermissionPatterns;
  readonly #compiled: Readonly<Record<Operation, RegExp>>;
  readonly #memo = new Map<string, number>();

  constructor(patterns: PermissionPatterns) {
    const { configure, write, read } = patterns;
    this.patterns = Object.freeze({ configure, write, read });
    this.#compiled = {
      configure: compilePattern(configure),
      write: compilePattern(write),
      read: compilePattern(read),
    };
  }

  /** `name` of a queue or exchange; the default exchange is asked for as 'amq.default', as in RabbitMQ. */
  allows(operation: Operation, name: string): boolean {
    const allowed = ALLOWED[operation];
    const bits = this.#memo.get(name) ?? 0;
    if ((bits & (allowed << ANSWERED_SHIFT)) !== 0) return (bits & allowed) !== 0;
    return this.#ask(operation, name, bits);
  }

  /** How many names are remembered. */
  get memoSize(): number {
    return this.#memo.size;
  }

  #ask(operation: Operation, name: string, bits: number): boolean {
    const answer = this.#compiled[operation].test(name);
    if (bits === 0 && this.#memo.size >= MEMO_LIMIT) this.#memo.clear();
    const allowed = ALLOWED[operation];
    this.#memo.set(name, bits | (allowed << ANSWERED_SHIFT) | (answer ? allowed : 0));
    return answer;
  }
}
