import type { FieldTable } from '../../wire/values.js';
import { readName } from './argument-values.js';

export interface ExchangeOptions {
  /** Name of the exchange that gets what no binding takes; it need not exist. */
  readonly alternate: string | undefined;
}

/** Throws ArgumentError. Arguments that no exchange type knows are kept and have no effect. */
export function parseExchangeArguments(args: FieldTable): ExchangeOptions {
  const alternate = args.get('alternate-exchange');
  return { alternate: alternate === undefined ? undefined : readName('alternate-exchange', alternate) };
}
