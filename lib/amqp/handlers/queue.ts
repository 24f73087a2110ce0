import { brokerError } from '../../base/errors.js';
import { isReplyKey, REPLY_QUEUE } from '../../broker/direct-reply.js';
import type { MethodArgs } from '../../wire/methods.js';
import type { Channel } from '../channel.js';
import type { Handlers } from './handlers.js';

export const queueHandlers: Handlers = {
  'queue.declare': (channel, args) => {
    if (args.queue === REPLY_QUEUE) return answerForReplies(channel, args);
    return args.passive ? check(channel, args) : declare(channel, args);
  },
  'queue.bind': async (channel, args) => {
    const destination = queueName(channel, args.queue);
    // An empty routing key with an empty queue name stands for the queue's name. [AMQP 1.7.2.3]
    const routingKey = args.queue === '' && args.routingKey === '' ? destination : args.routingKey;
    const { exchange: source, arguments: table } = args;
    await channel.ports.door.queues.bind({ source, destination, routingKey, arguments: table });
    if (!args.nowait) channel.send('queue.bind-ok', {});
  },
  'queue.unbind': async (channel, args) => {
    const destination = queueName(channel, args.queue);
    const routingKey = args.queue === '' && args.routingKey === '' ? destination : args.routingKey;
    const { exchange: source, arguments: table } = args;
    await channel.ports.door.queues.unbind({ source, destination, routingKey, arguments: table });
    channel.send('queue.unbind-ok', {});
  },
  'queue.purge': (channel, { queue, nowait }) => {
    const messageCount = channel.ports.door.queues.readable(queueName(channel, queue)).purge();
    if (!nowait) channel.send('queue.purge-ok', { messageCount });
  },
  'queue.delete': async (channel, { queue, ifUnused, ifEmpty, nowait }) => {
    const name = queueName(channel, queue);
    const messageCount = await channel.ports.door.queues.delete(name, ifUnused, ifEmpty);
    if (!nowait) channel.send('queue.delete-ok', { messageCount });
  },
};

/** The queue that is meant: an empty name is the last one declared on this channel. Throws noPreviousQueue. */
export function queueName(channel: Channel, given: string): string {
  if (given !== '') return given;
  if (channel.lastQueue === '') throw brokerError('noPreviousQueue');
  return channel.lastQueue;
}

async function declare(channel: Channel, args: MethodArgs<'queue.declare'>): Promise<void> {
  const { queue: name, durable, exclusive, autoDelete, arguments: table } = args;
  const queue = await channel.ports.door.queues.declare({
    name,
    durable,
    exclusive,
    autoDelete,
    arguments: table,
  });
  channel.lastQueue = queue.name;
  if (args.nowait) return;
  const { messageCount, consumerCount } = queue;
  channel.send('queue.declare-ok', { queue: queue.name, messageCount, consumerCount });
}

function check(channel: Channel, { queue: name, nowait }: MethodArgs<'queue.declare'>): void {
  const { door } = channel.ports;
  if (isReplyKey(name)) {
    if (door.broker.replies.find(name) === undefined) throw brokerError('noQueue', name, door.vhost.name);
    answerForReplies(channel, { queue: name, nowait });
    return;
  }
  const queue = door.queues.check(name);
  channel.lastQueue = queue.name;
  const { messageCount, consumerCount } = queue;
  if (!nowait) channel.send('queue.declare-ok', { queue: queue.name, messageCount, consumerCount });
}

/** The queue of direct replies is always there, with its one consumer. */
function answerForReplies(
  channel: Channel,
  { queue, nowait }: Pick<MethodArgs<'queue.declare'>, 'queue' | 'nowait'>,
): void {
  if (!nowait) channel.send('queue.declare-ok', { queue, messageCount: 0, consumerCount: 1 });
}
