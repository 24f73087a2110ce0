import type { FieldTable } from './field-value.js';

/** What each elementary domain [AMQP 4.2.1] is in JavaScript. */
export interface DomainValues {
  octet: number;
  short: number;
  long: number;
  /** A delivery tag: exact up to 2^53 - 1. A greater one is received as 2^53, which the broker never gives out. */
  longlong: number;
  bit: boolean;
  shortstr: string;
  longstr: Buffer;
  table: FieldTable;
  timestamp: bigint;
}

export type Domain = keyof DomainValues;
export type Field = readonly [name: string, domain: Domain];

/** Who may send the method. */
export type Sender = 'client' | 'server' | 'both';

export interface MethodSpec {
  readonly classId: number;
  readonly methodId: number;
  readonly from: Sender;
  /** A content header and a body follow. */
  readonly content: boolean;
  readonly fields: readonly Field[];
}

function method<const F extends readonly Field[]>(
  classId: number,
  methodId: number,
  from: Sender,
  fields: F,
) {
  return { classId, methodId, from, content: false, fields } as const;
}

function contentMethod<const F extends readonly Field[]>(
  classId: number,
  methodId: number,
  from: Sender,
  fields: F,
) {
  return { classId, methodId, from, content: true, fields } as const;
}

const TICKET = ['reserved1', 'short'] as const;
const CLOSE = [
  ['replyCode', 'short'],
  ['replyText', 'shortstr'],
  ['classId', 'short'],
  ['methodId', 'short'],
] as const;
const TUNE = [
  ['channelMax', 'short'],
  ['frameMax', 'long'],
  ['heartbeat', 'short'],
] as const;
const EXCHANGE_BINDING = [
  TICKET,
  ['destination', 'shortstr'],
  ['source', 'shortstr'],
  ['routingKey', 'shortstr'],
  ['nowait', 'bit'],
  ['arguments', 'table'],
] as const;

/**
 * Every method of AMQP 0-9-1 and of RabbitMQ's extensions to it. Decoding, encoding and the types of arguments all derive from
 * this table. `bit` fields that stand together share octets, the first in the lowest bit [AMQP 4.2.5.2].
 */
export const METHODS = {
  'connection.start': method(10, 10, 'server', [
    ['versionMajor', 'octet'],
    ['versionMinor', 'octet'],
    ['serverProperties', 'table'],
    ['mechanisms', 'longstr'],
    ['locales', 'longstr'],
  ]),
  'connection.start-ok': method(10, 11, 'client', [
    ['clientProperties', 'table'],
    ['mechanism', 'shortstr'],
    ['response', 'longstr'],
    ['locale', 'shortstr'],
  ]),
  'connection.secure': method(10, 20, 'server', [['challenge', 'longstr']]),
  'connection.secure-ok': method(10, 21, 'client', [['response', 'longstr']]),
  'connection.tune': method(10, 30, 'server', TUNE),
  'connection.tune-ok': method(10, 31, 'client', TUNE),
  'connection.open': method(10, 40, 'client', [
    ['virtualHost', 'shortstr'],
    ['reserved1', 'shortstr'],
    ['reserved2', 'bit'],
  ]),
  'connection.open-ok': method(10, 41, 'server', [['reserved1', 'shortstr']]),
  'connection.close': method(10, 50, 'both', CLOSE),
  'connection.close-ok': method(10, 51, 'both', []),
  'connection.blocked': method(10, 60, 'server', [['reason', 'shortstr']]),
  'connection.unblocked': method(10, 61, 'server', []),
  'connection.update-secret': method(10, 70, 'client', [
    ['newSecret', 'longstr'],
    ['reason', 'shortstr'],
  ]),
  'connection.update-secret-ok': method(10, 71, 'server', []),

  'channel.open': method(20, 10, 'client', [['reserved1', 'shortstr']]),
  'channel.open-ok': method(20, 11, 'server', [['reserved1', 'longstr']]),
  'channel.flow': method(20, 20, 'both', [['active', 'bit']]),
  'channel.flow-ok': method(20, 21, 'both', [['active', 'bit']]),
  'channel.close': method(20, 40, 'both', CLOSE),
  'channel.close-ok': method(20, 41, 'both', []),

  // AMQP 0-8's; old clients still ask for a ticket, and every ticket is good.
  'access.request': method(30, 10, 'client', [
    ['realm', 'shortstr'],
    ['exclusive', 'bit'],
    ['passive', 'bit'],
    ['active', 'bit'],
    ['write', 'bit'],
    ['read', 'bit'],
  ]),
  'access.request-ok': method(30, 11, 'server', [TICKET]),

  'exchange.declare': method(40, 10, 'client', [
    TICKET,
    ['exchange', 'shortstr'],
    ['type', 'shortstr'],
    ['passive', 'bit'],
    ['durable', 'bit'],
    ['autoDelete', 'bit'],
    ['internal', 'bit'],
    ['nowait', 'bit'],
    ['arguments', 'table'],
  ]),
  'exchange.declare-ok': method(40, 11, 'server', []),
  'exchange.delete': method(40, 20, 'client', [
    TICKET,
    ['exchange', 'shortstr'],
    ['ifUnused', 'bit'],
    ['nowait', 'bit'],
  ]),
  'exchange.delete-ok': method(40, 21, 'server', []),
  'exchange.bind': method(40, 30, 'client', EXCHANGE_BINDING),
  'exchange.bind-ok': method(40, 31, 'server', []),
  'exchange.unbind': method(40, 40, 'client', EXCHANGE_BINDING),
  // Not 41: RabbitMQ's number, which all clients know.
  'exchange.unbind-ok': method(40, 51, 'server', []),

  'queue.declare': method(50, 10, 'client', [
    TICKET,
    ['queue', 'shortstr'],
    ['passive', 'bit'],
    ['durable', 'bit'],
    ['exclusive', 'bit'],
    ['autoDelete', 'bit'],
    ['nowait', 'bit'],
    ['arguments', 'table'],
  ]),
  'queue.declare-ok': method(50, 11, 'server', [
    ['queue', 'shortstr'],
    ['messageCount', 'long'],
    ['consumerCount', 'long'],
  ]),
  'queue.bind': method(50, 20, 'client', [
    TICKET,
    ['queue', 'shortstr'],
    ['exchange', 'shortstr'],
    ['routingKey', 'shortstr'],
    ['nowait', 'bit'],
    ['arguments', 'table'],
  ]),
  'queue.bind-ok': method(50, 21, 'server', []),
  'queue.purge': method(50, 30, 'client', [TICKET, ['queue', 'shortstr'], ['nowait', 'bit']]),
  'queue.purge-ok': method(50, 31, 'server', [['messageCount', 'long']]),
  'queue.delete': method(50, 40, 'client', [
    TICKET,
    ['queue', 'shortstr'],
    ['ifUnused', 'bit'],
    ['ifEmpty', 'bit'],
    ['nowait', 'bit'],
  ]),
  'queue.delete-ok': method(50, 41, 'server', [['messageCount', 'long']]),
  'queue.unbind': method(50, 50, 'client', [
    TICKET,
    ['queue', 'shortstr'],
    ['exchange', 'shortstr'],
    ['routingKey', 'shortstr'],
    ['arguments', 'table'],
  ]),
  'queue.unbind-ok': method(50, 51, 'server', []),

  'basic.qos': method(60, 10, 'client', [
    ['prefetchSize', 'long'],
    ['prefetchCount', 'short'],
    ['global', 'bit'],
  ]),
  'basic.qos-ok': method(60, 11, 'server', []),
  'basic.consume': method(60, 20, 'client', [
    TICKET,
    ['queue', 'shortstr'],
    ['consumerTag', 'shortstr'],
    ['noLocal', 'bit'],
    ['noAck', 'bit'],
    ['exclusive', 'bit'],
    ['nowait', 'bit'],
    ['arguments', 'table'],
  ]),
  'basic.consume-ok': method(60, 21, 'server', [['consumerTag', 'shortstr']]),
  'basic.cancel': method(60, 30, 'both', [
    ['consumerTag', 'shortstr'],
    ['nowait', 'bit'],
  ]),
  'basic.cancel-ok': method(60, 31, 'both', [['consumerTag', 'shortstr']]),
  'basic.publish': contentMethod(60, 40, 'client', [
    TICKET,
    ['exchange', 'shortstr'],
    ['routingKey', 'shortstr'],
    ['mandatory', 'bit'],
    ['immediate', 'bit'],
  ]),
  'basic.return': contentMethod(60, 50, 'server', [
    ['replyCode', 'short'],
    ['replyText', 'shortstr'],
    ['exchange', 'shortstr'],
    ['routingKey', 'shortstr'],
  ]),
  'basic.deliver': contentMethod(60, 60, 'server', [
    ['consumerTag', 'shortstr'],
    ['deliveryTag', 'longlong'],
    ['redelivered', 'bit'],
    ['exchange', 'shortstr'],
    ['routingKey', 'shortstr'],
  ]),
  'basic.get': method(60, 70, 'client', [TICKET, ['queue', 'shortstr'], ['noAck', 'bit']]),
  'basic.get-ok': contentMethod(60, 71, 'server', [
    ['deliveryTag', 'longlong'],
    ['redelivered', 'bit'],
    ['exchange', 'shortstr'],
    ['routingKey', 'shortstr'],
    ['messageCount', 'long'],
  ]),
  'basic.get-empty': method(60, 72, 'server', [['reserved1', 'shortstr']]),
  'basic.ack': method(60, 80, 'both', [
    ['deliveryTag', 'longlong'],
    ['multiple', 'bit'],
  ]),
  'basic.reject': method(60, 90, 'client', [
    ['deliveryTag', 'longlong'],
    ['requeue', 'bit'],
  ]),
  'basic.recover-async': method(60, 100, 'client', [['requeue', 'bit']]),
  'basic.recover': method(60, 110, 'client', [['requeue', 'bit']]),
  'basic.recover-ok': method(60, 111, 'server', []),
  'basic.nack': method(60, 120, 'both', [
    ['deliveryTag', 'longlong'],
    ['multiple', 'bit'],
    ['requeue', 'bit'],
  ]),

  'confirm.select': method(85, 10, 'client', [['nowait', 'bit']]),
  'confirm.select-ok': method(85, 11, 'server', []),

  'tx.select': method(90, 10, 'client', []),
  'tx.select-ok': method(90, 11, 'server', []),
  'tx.commit': method(90, 20, 'client', []),
  'tx.commit-ok': method(90, 21, 'server', []),
  'tx.rollback': method(90, 30, 'client', []),
  'tx.rollback-ok': method(90, 31, 'server', []),
} as const satisfies Record<string, MethodSpec>;

export type MethodName = keyof typeof METHODS;

type Reserved = `reserved${number}`;
type Arguments<F extends Field> = {
  readonly [Each in F as Exclude<Each[0], Reserved>]: DomainValues[Each[1]];
} & {
  readonly [Each in F as Extract<Each[0], Reserved>]?: DomainValues[Each[1]];
};

/** A method's arguments by name. Reserved ones may be left out and are then sent as 0, false or empty. */
export type MethodArgs<N extends MethodName> = Arguments<(typeof METHODS)[N]['fields'][number]>;
