import { ArgumentError } from '../../../lib/broker/arguments/argument-error.js';

/** The explanation with which `check` refuses for `queue 'q' in vhost '/'`; undefined if it does not. */
export function refusal(check: () => unknown, resource = "queue 'q' in vhost '/'"): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    return error.explain(resource);
  }
}
