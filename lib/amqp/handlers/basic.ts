import { randomBytes } from 'node:crypto';
import { brokerError } from '../../base/errors.js';
import { parseConsumerArguments } from '../../broker/arguments/consumer-arguments.js';
import { REPLY_QUEUE } from '../../broker/direct-reply.js';
import type { MethodArgs } from '../../wire/methods.js';
import type { Channel } from '../channel.js';
import type { Settlement } from '../deliveries.js';
import type { Handlers } from './handlers.js';
import type { Queue } from '../../broker/queue.js';
import type { Entry } from '../../store/entry.js';
import { queueName } from './queue.js';

export const basicHandlers: Handlers = {
  'basic.qos': (channel, { prefetchSize, prefetchCount, global }) => {
    if (prefetchSize !== 0) throw brokerError('notImplemented', `prefetch_size!=0 (${prefetchSize})`);
    channel.deliveries.qos(prefetchCount, global);
    channel.send('basic.qos-ok', {});
  },
  'basic.consume': (channel, args) => {
    if (args.consumerTag !== '' && channel.hasConsumer(args.consumerTag)) {
      throw brokerError('consumerTagInUse', args.consumerTag);
    }
    const tag =
      args.consumerTag === '' ? `amq.ctag-${randomBytes(16).toString('base64url')}` : args.consumerTag;
    if (args.queue === REPLY_QUEUE) consumeReplies(channel, tag, args);
    else consume(channel, tag, args);
  },
  'basic.cancel': (channel, { consumerTag, nowait }) => {
    if (!channel.cancelReplyConsumer(consumerTag)) channel.deliveries.cancel(consumerTag);
    if (!nowait) channel.send('basic.cancel-ok', { consumerTag });
  },
  'basic.get': (channel, args) => get(channel, args),
  'basic.ack': (channel, { deliveryTag, multiple }) => settle(channel, deliveryTag, multiple, 'ack'),
  'basic.nack': (channel, { deliveryTag, multiple, requeue }) =>
    settle(channel, deliveryTag, multiple, requeue ? 'requeue' : 'reject'),
  'basic.reject': (channel, { deliveryTag, requeue }) =>
    settle(channel, deliveryTag, false, requeue ? 'requeue' : 'reject'),
  'basic.recover': (channel, { requeue }) => {
    recover(channel, requeue);
    channel.send('basic.recover-ok', {});
  },
  'basic.recover-async': (channel, { requeue }) => recover(channel, requeue),
};

function settle(
  channel: Channel,
  tag: number,
  multiple: boolean,
  how: Settlement,
): Promise<void> | undefined {
  const { deliveries, transaction } = channel;
  if (transaction === undefined) return deliveries.settle(tag, multiple, how);
  transaction.settle(deliveries.withdraw(tag, multiple), how);
  return undefined;
}

function recover(channel: Channel, requeue: boolean): void {
  if (!requeue) throw brokerError('notImplemented', 'requeue=false');
  channel.deliveries.recover();
}

function consumeReplies(channel: Channel, tag: string, args: MethodArgs<'basic.consume'>): void {
  if (!args.noAck) throw brokerError('replyConsumerAcks');
  channel.setReplyConsumer(tag);
  if (!args.nowait) channel.send('basic.consume-ok', { consumerTag: tag });
}

function consume(channel: Channel, tag: string, args: MethodArgs<'basic.consume'>): void {
  const { door, consumersPerChannel } = channel.ports;
  if (channel.deliveries.consumers.size >= consumersPerChannel)
    throw brokerError('consumerLimit', consumersPerChannel);
  const queue = door.queues.readable(queueName(channel, args.queue));
  const { noAck, exclusive } = args;
  const { priority, timeout = ackTimeout(channel, queue) } = door.checked('queue', queue.name, () =>
    parseConsumerArguments(args.arguments, queue.options.queueType),
  );
  const alone = exclusive && (queue.consumerCount > 0 || queue.options.singleActiveConsumer);
  if (queue.hasExclusiveConsumer || alone) throw brokerError('exclusiveUse', queue.name, door.vhost.name);
  if (!args.nowait) channel.send('basic.consume-ok', { consumerTag: tag });
  if (!noAck) channel.timeout.watch(timeout);
  channel.deliveries.consume(queue, { tag, noAck, exclusive, priority, timeout });
}

/** How long deliveries from the queue may be outstanding, milliseconds. */
function ackTimeout(channel: Channel, queue: Queue): number {
  return queue.options.consumerTimeout ?? channel.ports.consumerTimeout;
}

async function getLater(
  channel: Channel,
  args: MethodArgs<'basic.get'>,
  readable: Promise<void>,
): Promise<void> {
  await readable;
  if (channel.isOpen) await get(channel, args);
}

function get(channel: Channel, args: MethodArgs<'basic.get'>): Promise<void> | void {
  const queue = channel.ports.door.queues.readable(queueName(channel, args.queue));
  queue.touch();
  const entry = queue.take(args.noAck);
  if (entry === undefined) {
    if (queue.messageCount > 0) return getLater(channel, args, queue.whenReadable());
    channel.send('basic.get-empty', {});
    return undefined;
  }
  const { message } = entry;
  channel.send('basic.get-ok', {
    deliveryTag: args.noAck ? channel.deliveries.ledger.skip() : got(channel, queue, entry),
    redelivered: entry.returns > 0,
    exchange: message.exchange,
    routingKey: message.routingKey,
    messageCount: queue.messageCount,
  });
  channel.ports.outbound.content(channel.number, message);
  return undefined;
}

/** A delivery tag for an entry that will be acknowledged. */
function got(channel: Channel, queue: Queue, entry: Entry): number {
  const timeout = ackTimeout(channel, queue);
  channel.timeout.watch(timeout);
  return channel.deliveries.got(queue, entry, timeout);
}
