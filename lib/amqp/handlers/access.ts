import type { Handlers } from './handlers.js';

/** Realms are a thing of AMQP 0-8; clients that still ask are given a ticket that nobody looks at. */
export const accessHandlers: Handlers = {
  'access.request': (channel) => channel.send('access.request-ok', { reserved1: 1 }),
};
