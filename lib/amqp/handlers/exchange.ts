import type { Handlers } from './handlers.js';

export const exchangeHandlers: Handlers = {
  'exchange.declare': async (channel, args) => {
    const { exchanges } = channel.ports.door;
    const { exchange: name, type, durable, autoDelete, internal, arguments: table } = args;
    if (args.passive) exchanges.check(name);
    else await exchanges.declare({ name, type, durable, autoDelete, internal, arguments: table });
    if (!args.nowait) channel.send('exchange.declare-ok', {});
  },
  'exchange.delete': async (channel, { exchange, ifUnused, nowait }) => {
    await channel.ports.door.exchanges.delete(exchange, ifUnused);
    if (!nowait) channel.send('exchange.delete-ok', {});
  },
  'exchange.bind': async (channel, args) => {
    await channel.ports.door.exchanges.bind(args);
    if (!args.nowait) channel.send('exchange.bind-ok', {});
  },
  'exchange.unbind': async (channel, args) => {
    await channel.ports.door.exchanges.unbind(args);
    if (!args.nowait) channel.send('exchange.unbind-ok', {});
  },
};
