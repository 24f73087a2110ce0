import { brokerError } from '../../base/errors.js';
import type { Handlers } from './handlers.js';

export const channelHandlers: Handlers = {
  'channel.open': () => {
    throw brokerError('channelError', "second 'channel.open' seen");
  },
  'channel.close': (channel) => {
    channel.close();
    channel.ports.outbound.method(channel.number, 'channel.close-ok', {});
  },
  'channel.flow': (channel, { active }) => {
    if (!active) throw brokerError('notImplemented', 'active=false');
    channel.send('channel.flow-ok', { active });
  },
};
