import { BrokerError, brokerError, type ErrorName } from '../base/errors.js';
import { MethodSyntaxError, UnknownMethodError } from '../wire/method-codec.js';
import { WireError } from '../wire/values.js';

/** What the client is told for `error`; undefined if it is a defect of the broker's own. */
export function toRefusal(error: unknown): BrokerError | undefined {
  if (error instanceof BrokerError) return error;
  if (error instanceof MethodSyntaxError) return brokerError('malformedMethod', error.message);
  if (error instanceof WireError) return brokerError('malformedFrame', error.message);
  if (error instanceof UnknownMethodError) return brokerError('unknownMethod', error.classId, error.methodId);
  return undefined;
}

/** What no method is blamed for. */
const BLAMELESS: readonly ErrorName[] = ['malformedFrame', 'malformedContent', 'internalError'];

/** The class and method id for the close. */
export function idsOf(error: BrokerError, methodId: number): number {
  return BLAMELESS.includes(error.kind) ? 0 : methodId;
}
