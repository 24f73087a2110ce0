import type { Handlers } from './handlers.js';

export const confirmHandlers: Handlers = {
  'confirm.select': (channel, { nowait }) => {
    channel.becomeConfirming();
    if (!nowait) channel.send('confirm.select-ok', {});
  },
};
