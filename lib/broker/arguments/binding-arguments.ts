import { type FieldTable, textValue } from '../../wire/values.js';
import { ArgumentError } from './argument-error.js';
import { termOf } from './erlang-term.js';

export type HeadersMatch = 'all' | 'any' | 'all-with-x' | 'any-with-x';

const HEADERS_MATCHES: readonly HeadersMatch[] = ['all', 'any', 'all-with-x', 'any-with-x'];

/** Throws ArgumentError (its text names no resource) unless a headers exchange takes these binding arguments. */
export function checkHeadersBinding(args: FieldTable): void {
  const field = args.get('x-match');
  if (field === undefined) return;
  if (field.type !== 'longstr') {
    const found = `Invalid x-match field type ${field.type} (value ${termOf(field)})`;
    throw new ArgumentError('x-match', `${found}; expected longstr`, 'plain');
  }
  if (known(textValue(field)) === undefined) {
    const found = `Invalid x-match field value ${termOf(field)}`;
    throw new ArgumentError('x-match', `${found}; expected all, any, all-with-x, or any-with-x`, 'plain');
  }
}

/** What `x-match` says; `all` if it is not there. */
export function headersMatch(args: FieldTable): HeadersMatch {
  return known(textValue(args.get('x-match'))) ?? 'all';
}

function known(text: string | undefined): HeadersMatch | undefined {
  return HEADERS_MATCHES.find((match) => match === text);
}
