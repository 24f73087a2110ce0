import { PROTOCOL_HEADER } from '../../lib/wire/constants.js';
import type { MethodArgs } from '../../lib/wire/methods.js';
import { Channel } from './channel.js';
import { asMethod, Broken } from './expectation.js';
import type { Plain } from './fields.js';
import { type Endpoint, RawConnection } from './raw-connection.js';

export interface ScenarioOptions {
  /** The broker answers late by design: started first, beside the others. */
  readonly slow?: boolean;
}

export interface Scenario extends ScenarioOptions {
  readonly name: string;
  readonly steps: (s: Steps) => Promise<void>;
}

const registered: Scenario[] = [];

/** Says one thing about the broker. The name is the sentence; the steps prove it. */
export function scenario(name: string, steps: Scenario['steps'], options: ScenarioOptions = {}): void {
  registered.push({ name, steps, ...options });
}

export function scenarios(): readonly Scenario[] {
  return registered;
}

export const ALL_CAPABILITIES: Plain = {
  publisher_confirms: true,
  exchange_exchange_bindings: true,
  'basic.nack': true,
  consumer_cancel_notify: true,
  'connection.blocked': true,
  authentication_failure_close: true,
};

export interface SessionOptions {
  readonly capabilities?: Plain;
  readonly channelMax?: number;
  readonly frameMax?: number;
  readonly heartbeat?: number;
}

export interface Tuning {
  readonly channelMax: number;
  readonly frameMax: number;
}

/** The broker under test, as its connection.start tells it. */
export interface Server {
  readonly endpoint: Endpoint;
  readonly tuning: Tuning;
  /** RabbitMQ's series before 3.13 differ in the places that docs/differences.md names. */
  readonly before313: boolean;
  /** A broker of this project, not RabbitMQ. */
  readonly ours: boolean;
}

let minted = 0;
const run = `${Date.now().toString(36)}${process.pid.toString(36)}`;

/** What a scenario has in its hands: connections, channels, and names that no other scenario uses. */
export class Steps {
  readonly server: Server;
  readonly #connections: RawConnection[] = [];
  readonly #channels: Channel[] = [];
  readonly #queues: string[] = [];
  readonly #exchanges: string[] = [];

  constructor(server: Server) {
    this.server = server;
  }

  /** A name for anything that goes with its connection. */
  name(kind = 'q'): string {
    minted += 1;
    return `conformance-${run}-${kind}${minted}`;
  }

  /** A name for a queue that outlives its connection; deleted when the scenario is over. */
  lastingQueue(): string {
    const name = this.name('lasting');
    this.#queues.push(name);
    return name;
  }

  /** A name for an exchange; deleted when the scenario is over. */
  exchangeName(): string {
    const name = this.name('x');
    this.#exchanges.push(name);
    return name;
  }

  /** A socket, nothing said on it. */
  async socket(): Promise<RawConnection> {
    const raw = await RawConnection.connect(this.server.endpoint);
    this.#connections.push(raw);
    return raw;
  }

  /** A connection of its own with channel 1 open. */
  async channel(options: SessionOptions = {}): Promise<Channel> {
    const raw = await this.socket();
    await handshake(raw, this.server, options);
    return this.openOn(raw, 1);
  }

  /** One more channel on the connection of `channel`. */
  another(channel: Channel, id = channel.id + 1): Promise<Channel> {
    return this.openOn(channel.raw, id);
  }

  async openOn(raw: RawConnection, id: number): Promise<Channel> {
    const channel = new Channel(raw, id);
    await channel.call('channel.open');
    this.#channels.push(channel);
    return channel;
  }

  /** An exclusive queue of this channel's connection. */
  async queue(channel: Channel, args: Plain = {}): Promise<string> {
    const queue = this.name();
    await channel.call('queue.declare', { queue, exclusive: true, arguments: args }, { queue });
    return queue;
  }

  async exchange(channel: Channel, type: string, args: Plain = {}): Promise<string> {
    const exchange = this.exchangeName();
    await channel.call('exchange.declare', { exchange, type, arguments: args });
    return exchange;
  }

  async bind(
    channel: Channel,
    queue: string,
    exchange: string,
    routingKey = '',
    args: Plain = {},
  ): Promise<void> {
    await channel.call('queue.bind', { queue, exchange, routingKey, arguments: args });
  }

  /** The channels that still answer have nothing more to say: what was sent and not expected is a difference too. */
  async finish(): Promise<void> {
    for (const channel of this.#channels) {
      if (!channel.raw.ended) await channel.quiet();
    }
    const left = this.#connections.flatMap((raw) => raw.leftovers());
    if (left.length > 0) throw new Broken('no more frames', left.join('; '));
  }

  async cleanUp(): Promise<void> {
    for (const raw of this.#connections) raw.destroy();
    if (this.#queues.length + this.#exchanges.length === 0) return;
    const raw = await RawConnection.connect(this.server.endpoint);
    await handshake(raw, this.server, {});
    const channel = new Channel(raw, 1);
    await channel.call('channel.open');
    for (const queue of this.#queues) await channel.call('queue.delete', { queue });
    for (const exchange of this.#exchanges) await channel.call('exchange.delete', { exchange });
    raw.destroy();
  }
}

export function plainResponse(endpoint: Endpoint): Buffer {
  return Buffer.from(`\0${endpoint.username}\0${endpoint.password}`);
}

export async function expectStart(raw: RawConnection): Promise<MethodArgs<'connection.start'>> {
  raw.bytes(PROTOCOL_HEADER);
  return asMethod(await raw.next(0), 'connection.start');
}

/** From the protocol header to connection.open-ok. */
export async function handshake(
  raw: RawConnection,
  server: Pick<Server, 'endpoint' | 'tuning'>,
  options: SessionOptions,
): Promise<MethodArgs<'connection.start'>> {
  const { endpoint, tuning } = server;
  const start = await expectStart(raw);
  raw.method(0, 'connection.start-ok', {
    clientProperties: { product: 'conformance', capabilities: options.capabilities ?? ALL_CAPABILITIES },
    mechanism: 'PLAIN',
    response: plainResponse(endpoint),
    locale: 'en_US',
  });
  asMethod(await raw.next(0), 'connection.tune');
  const { channelMax = tuning.channelMax, frameMax = tuning.frameMax, heartbeat = 0 } = options;
  raw.method(0, 'connection.tune-ok', { channelMax, frameMax, heartbeat });
  raw.method(0, 'connection.open', { virtualHost: endpoint.vhost });
  asMethod(await raw.next(0), 'connection.open-ok');
  return start;
}
