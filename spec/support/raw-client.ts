import { Channel } from '../../interop-tests/conformance/channel.js';
import { RawConnection } from '../../interop-tests/conformance/raw-connection.js';
import { handshake, type SessionOptions } from '../../interop-tests/conformance/scenario.js';

/** A connection over a socket, open, as `guest`. */
export async function rawClient(port: number, options: SessionOptions = {}): Promise<RawConnection> {
  const endpoint = { host: '127.0.0.1', port, username: 'guest', password: 'guest', vhost: '/' };
  const raw = await RawConnection.connect(endpoint);
  await handshake(raw, { endpoint, tuning: { channelMax: 2047, frameMax: 131_072 } }, options);
  return raw;
}

/** A channel on a connection of its own. */
export async function rawChannel(port: number, options: SessionOptions = {}): Promise<Channel> {
  const channel = new Channel(await rawClient(port, options), 1);
  await channel.call('channel.open');
  return channel;
}
