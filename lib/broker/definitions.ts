import { createHash } from 'node:crypto';
import { type Change, type JsonValue, metaKey } from '../meta/metadata-store.js';
import { decodeTable, EMPTY_TABLE, encodeTable, type FieldTable } from '../wire/values.js';
import type { Destination } from './binding.js';
import type { Exchange, ExchangeDefinition } from './exchange.js';
import type { QueueDefinition } from './queue.js';

/** Definitions as the metadata store keeps them. Field tables are kept as base64 of their bytes: nothing is lost. */
export interface BindingDefinition {
  readonly source: string;
  readonly destination: string;
  readonly destinationKind: Destination['kind'];
  readonly routingKey: string;
  readonly arguments: FieldTable;
}

export const vhostKey = (name: string): string => metaKey('vhost', name);
export const exchangeKey = (vhost: string, name: string): string => metaKey('exchange', vhost, name);
export const queueKey = (vhost: string, name: string): string => metaKey('queue', vhost, name);

/** Kinds of definitions that belong to the vhost which their keys name after the kind. */
export const VHOST_KINDS = ['binding', 'queue', 'exchange', 'permission', 'topic-permission'] as const;

/** Arguments are part of a binding's identity, whatever their order. */
export function bindingKey(vhost: string, binding: BindingDefinition): string {
  const { source, destinationKind, destination, routingKey } = binding;
  return metaKey(
    'binding',
    vhost,
    source,
    destinationKind,
    destination,
    routingKey,
    digest(binding.arguments),
  );
}

function digest(table: FieldTable): string {
  if (table.size === 0) return '';
  const sorted = new Map([...table].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return createHash('sha256').update(encodeTable(sorted)).digest('base64url').slice(0, 22);
}

export function exchangeChange(vhost: string, exchange: ExchangeDefinition): Change {
  return {
    key: exchangeKey(vhost, exchange.name),
    value: { ...exchange, arguments: pack(exchange.arguments) },
    lifetime: exchange.durable ? 'durable' : 'ephemeral',
  };
}

export function queueChange(vhost: string, queue: QueueDefinition): Change {
  return {
    key: queueKey(vhost, queue.name),
    value: { ...queue, owner: queue.owner ?? null, arguments: pack(queue.arguments) },
    lifetime: isKept(queue) ? 'durable' : 'ephemeral',
  };
}

export function bindingChange(vhost: string, binding: BindingDefinition, durable: boolean): Change {
  return {
    key: bindingKey(vhost, binding),
    value: { ...binding, arguments: pack(binding.arguments) },
    lifetime: durable ? 'durable' : 'ephemeral',
  };
}

/** Whether the queue is there again after a restart: an exclusive one is not, as its connection is not. */
export function isKept(queue: QueueDefinition): boolean {
  return queue.durable && !queue.exclusive;
}

/** A binding is kept when both of its ends are. */
export function outlivesRestart(source: Exchange, destination: Destination): boolean {
  if (!source.definition.durable) return false;
  return destination.kind === 'queue' ? isKept(destination.definition) : destination.definition.durable;
}

export function deletion(key: string, durable: boolean): Change {
  return { key, value: undefined, lifetime: durable ? 'durable' : 'ephemeral' };
}

export function readExchange(value: JsonValue): ExchangeDefinition {
  const stored = value as unknown as Stored<ExchangeDefinition>;
  return { ...stored, arguments: unpack(stored.arguments) };
}

export function readQueue(value: JsonValue): QueueDefinition {
  const stored = value as unknown as Stored<QueueDefinition>;
  return { ...stored, owner: stored.owner ?? undefined, arguments: unpack(stored.arguments) };
}

export function readBinding(value: JsonValue): BindingDefinition {
  const stored = value as unknown as Stored<BindingDefinition>;
  return { ...stored, arguments: unpack(stored.arguments) };
}

type Stored<T> = Omit<T, 'arguments'> & { readonly arguments: string };

const pack = (table: FieldTable): string => (table.size === 0 ? '' : encodeTable(table).toString('base64'));

function unpack(packed: string): FieldTable {
  if (packed === '') return EMPTY_TABLE;
  const bytes = Buffer.from(packed, 'base64');
  return decodeTable(bytes, 0, bytes.length);
}
