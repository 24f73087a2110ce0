import { type BrokerError, brokerError } from '../base/errors.js';
import { FRAME } from '../wire/constants.js';
import { frameText } from '../wire/octets-text.js';

/** A heartbeat is empty and belongs to channel 0. Throws malformedFrame, unexpectedFrame. [AMQP 4.2.7] */
export function checkHeartbeat(channel: number, bytes: Buffer, start: number, end: number): void {
  const text = frameText(FRAME.heartbeat, bytes, start, end);
  if (end > start) throw brokerError('malformedFrame', `${text}: unknown_frame`);
  if (channel !== 0) throw brokerError('unexpectedFrame', text);
}

/** What is wrong with a frame that has no place on channel 0, or before the connection is open. */
export function strayFrame(type: number, bytes: Buffer, start: number, end: number): BrokerError {
  const text = frameText(type, bytes, start, end);
  const isKnown = type >= FRAME.method && type <= FRAME.body;
  return isKnown
    ? brokerError('unexpectedFrame', text)
    : brokerError('malformedFrame', `${text}: unknown_frame`);
}
