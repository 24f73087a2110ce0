import { brokerError } from '../../base/errors.js';
import { METHODS, type MethodArgs, type MethodName } from '../../wire/methods.js';
import type { Channel } from '../channel.js';
import { accessHandlers } from './access.js';
import { basicHandlers } from './basic.js';
import { channelHandlers } from './channel.js';
import { confirmHandlers } from './confirm.js';
import { exchangeHandlers } from './exchange.js';
import { queueHandlers } from './queue.js';
import { txHandlers } from './tx.js';

/** Handles one method of an open channel. A promise holds the channel's later frames back until it is settled. */
export type Handler<N extends MethodName> = (channel: Channel, args: MethodArgs<N>) => Promise<void> | void;

/** Methods by name; a method without a handler is not for the client to send. */
export type Handlers = { readonly [N in MethodName]?: Handler<N> };

const HANDLERS: Handlers = {
  ...accessHandlers,
  ...basicHandlers,
  ...channelHandlers,
  ...confirmHandlers,
  ...exchangeHandlers,
  ...queueHandlers,
  ...txHandlers,
};

type AnyHandler = (channel: Channel, args: object) => Promise<void> | void;

/** Throws commandInvalid for a method that clients do not send on a channel. */
export function channelHandler(name: MethodName): AnyHandler {
  const handler = HANDLERS[name] as AnyHandler | undefined;
  if (handler === undefined) throw brokerError('commandInvalid');
  return handler;
}

export function isContentMethod(name: MethodName): boolean {
  return METHODS[name].content;
}
