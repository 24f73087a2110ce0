import { BrokerError, brokerError } from '../base/errors.js';
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

/** The class and method id for the close; framing errors name none. */
export function idsOf(error: BrokerError, methodId: number): number {
  return error.kind === 'malformedFrame' || error.kind === 'malformedContent' ? 0 : methodId;
}
