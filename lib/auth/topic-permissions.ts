import { compilePattern, literalPattern } from './pattern.js';

/** Regular expressions over routing keys, in which `{username}` and `{vhost}` stand for the user's own. */
export interface TopicPermissionPatterns {
  readonly write: string;
  readonly read: string;
}

/** What routing keys one user may use with one topic exchange. Throws AuthError of kind 'invalid_pattern'. */
export class TopicPermissions {
  readonly patterns: TopicPermissionPatterns;
  readonly #write: RegExp;
  readonly #read: RegExp;

  constructor(patterns: TopicPermissionPatterns, username: string, vhost: string) {
    const { write, read } = patterns;
    this.patterns = Object.freeze({ write, read });
    this.#write = compilePattern(expand(write, username, vhost));
    this.#read = compilePattern(expand(read, username, vhost));
  }

  allows(operation: 'write' | 'read', routingKey: string): boolean {
    return (operation === 'write' ? this.#write : this.#read).test(routingKey);
  }
}

/** Unlike in RabbitMQ, a name stands for itself: a user called '.*' gets no wider rights by it. */
function expand(pattern: string, username: string, vhost: string): string {
  const names: Record<string, string> = { '{username}': username, '{vhost}': vhost };
  return pattern.replaceAll(/\{username\}|\{vhost\}/g, (placeholder) =>
    literalPattern(names[placeholder] ?? ''),
  );
}
