import { ChannelRefused, type ClientChannel } from './crash-client-channel.js';
import { CrashClient } from './crash-client.js';
import type { Ledger } from './crash-ledger.js';
import { type Actor, type Load, pause } from './crash-load.js';
import { propertiesOf } from './crash-publication.js';
import type { Random } from './random.js';

const EXCHANGES = ['def.x.0', 'def.x.1', 'def.x.2'];
const QUEUES = ['def.q.0', 'def.q.1', 'def.q.2'];
const KEYS = ['a', 'b'];
/** Declared in every life, to be gone in the next one. */
const PASSING_QUEUES = ['def.transient', 'def.exclusive'];
const PASSING_EXCHANGE = 'def.x.transient';
const TRANSIENT = propertiesOf(false, 0, Infinity);

/** Undefined: the broker was asked to change it, and did not answer. */
type Presence = boolean | undefined;

interface Binding {
  readonly exchange: string;
  readonly queue: string;
  readonly routingKey: string;
}

const BINDINGS: readonly Binding[] = EXCHANGES.flatMap((exchange) =>
  QUEUES.flatMap((queue) => KEYS.map((routingKey) => ({ exchange, queue, routingKey }))),
);

/** Declares and deletes exchanges, queues and bindings: what was answered is there after a restart, or is not. */
export class Definer implements Actor {
  readonly name = 'definer';
  /** Of exchanges and queues by name. */
  readonly #things = new Map<string, Presence>();
  readonly #bindings = new Map<Binding, Presence>();

  async run(load: Load): Promise<void> {
    const client = await load.open();
    const channel = await client.channel();
    await channel.call('queue.declare', { queue: 'def.transient' });
    await channel.call('queue.declare', { queue: 'def.exclusive', durable: true, exclusive: true });
    await channel.call('exchange.declare', { exchange: PASSING_EXCHANGE, type: 'direct' });
    while (!client.isEnded) {
      await this.#change(load.random, channel);
      await pause(load.random);
    }
  }

  #change(random: Random, channel: ClientChannel): Promise<void> {
    const what = random.below(10);
    if (what < 2) return this.#declare(channel, random.pick([...EXCHANGES, ...QUEUES]));
    if (what < 3) return this.#delete(channel, random.pick([...EXCHANGES, ...QUEUES]));
    const binding = random.pick(BINDINGS);
    if (!this.#things.get(binding.exchange) || !this.#things.get(binding.queue)) return Promise.resolve();
    return this.#bind(channel, binding, what < 7);
  }

  async #declare(channel: ClientChannel, name: string): Promise<void> {
    if (!this.#things.get(name)) this.#things.set(name, undefined);
    if (QUEUES.includes(name)) await channel.call('queue.declare', { queue: name, durable: true });
    else await channel.call('exchange.declare', { exchange: name, type: 'direct', durable: true });
    this.#things.set(name, true);
  }

  async #delete(channel: ClientChannel, name: string): Promise<void> {
    const bindings = BINDINGS.filter(({ exchange, queue }) => exchange === name || queue === name);
    const there = bindings.filter((binding) => this.#bindings.get(binding));
    this.#things.set(name, undefined);
    for (const binding of there) this.#bindings.set(binding, undefined);
    if (QUEUES.includes(name)) await channel.call('queue.delete', { queue: name });
    else await channel.call('exchange.delete', { exchange: name });
    this.#things.set(name, false);
    for (const binding of there) this.#bindings.set(binding, false);
  }

  #unbind(name: string): void {
    for (const binding of BINDINGS) {
      if (binding.exchange === name || binding.queue === name) this.#bindings.set(binding, false);
    }
  }

  async #bind(channel: ClientChannel, binding: Binding, isBound: boolean): Promise<void> {
    if (this.#bindings.get(binding) !== isBound) this.#bindings.set(binding, undefined);
    await channel.call(isBound ? 'queue.bind' : 'queue.unbind', { ...binding });
    this.#bindings.set(binding, isBound);
  }

  /** After a restart: holds what is there against what was answered. */
  async inspect(port: number, ledger: Ledger): Promise<void> {
    const client = await CrashClient.open(port);
    for (const name of [...EXCHANGES, ...QUEUES, ...PASSING_QUEUES, PASSING_EXCHANGE]) {
      const isThere = await exists(client, name);
      const expected = this.#things.get(name) ?? (this.#things.has(name) ? isThere : false);
      if (isThere !== expected) ledger.complain(`${name} is ${isThere ? '' : 'not '}there after a restart`);
      this.#things.set(name, isThere);
      if (!isThere) this.#unbind(name);
    }
    const channel = await client.channel();
    for (const exchange of EXCHANGES) {
      if (this.#things.get(exchange))
        for (const key of KEYS) await this.#inspectKey(channel, exchange, key, ledger);
    }
    await client.close();
  }

  /** Publishes with the key, and looks where it leads. */
  async #inspectKey(
    channel: ClientChannel,
    exchange: string,
    routingKey: string,
    ledger: Ledger,
  ): Promise<void> {
    channel.publish(exchange, routingKey, TRANSIENT, Buffer.from('where?'));
    for (const queue of QUEUES) {
      if (!this.#things.get(queue)) continue;
      const binding = BINDINGS.find(
        (one) => one.exchange === exchange && one.queue === queue && one.routingKey === routingKey,
      ) as Binding;
      const { message } = await channel.call('basic.get', { queue, noAck: true });
      const isBound = message !== undefined;
      const expected = this.#bindings.get(binding) ?? (this.#bindings.has(binding) ? isBound : false);
      if (isBound !== expected) {
        ledger.complain(`${queue} is ${isBound ? '' : 'not '}bound to ${exchange} after a restart`);
      }
      this.#bindings.set(binding, isBound);
    }
  }
}

async function exists(client: CrashClient, name: string): Promise<boolean> {
  const channel = await client.channel();
  const isQueue = QUEUES.includes(name) || PASSING_QUEUES.includes(name);
  try {
    if (isQueue) await channel.call('queue.declare', { queue: name, passive: true });
    else await channel.call('exchange.declare', { exchange: name, passive: true });
    return true;
  } catch (error) {
    if (error instanceof ChannelRefused && error.code === 404) return false;
    throw error;
  }
}
