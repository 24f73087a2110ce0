import { AuthError } from './auth-error.js';

/**
 * Compiles a pattern of RabbitMQ's (PCRE, searched anywhere in the name). '' is taken as '^$'.
 * Throws {@link AuthError} of kind 'invalid_pattern'.
 */
export function compilePattern(pattern: string): RegExp {
  if (pattern === '') return /^$/;
  try {
    return new RegExp(pattern);
  } catch (error) {
    throw new AuthError(
      'invalid_pattern',
      `'${pattern}' is not a valid regular expression: ${String(error)}`,
    );
  }
}
