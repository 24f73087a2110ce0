import {
  FRAME,
  frame,
  longString,
  method,
  methodKey,
  shortString,
  table,
  u16,
  u32,
  u64,
  u8,
} from './encode.js';

/** The methods that the load generator speaks; the value is what `methodKey` makes of class and method. */
export const METHOD = {
  CONNECTION_START: methodKey(10, 10),
  CONNECTION_START_OK: methodKey(10, 11),
  CONNECTION_TUNE: methodKey(10, 30),
  CONNECTION_TUNE_OK: methodKey(10, 31),
  CONNECTION_OPEN: methodKey(10, 40),
  CONNECTION_OPEN_OK: methodKey(10, 41),
  CONNECTION_CLOSE: methodKey(10, 50),
  CONNECTION_CLOSE_OK: methodKey(10, 51),
  CONNECTION_BLOCKED: methodKey(10, 60),
  CONNECTION_UNBLOCKED: methodKey(10, 61),
  CHANNEL_OPEN: methodKey(20, 10),
  CHANNEL_OPEN_OK: methodKey(20, 11),
  CHANNEL_CLOSE: methodKey(20, 40),
  EXCHANGE_DECLARE: methodKey(40, 10),
  EXCHANGE_DECLARE_OK: methodKey(40, 11),
  EXCHANGE_DELETE: methodKey(40, 20),
  EXCHANGE_DELETE_OK: methodKey(40, 21),
  QUEUE_DECLARE: methodKey(50, 10),
  QUEUE_DECLARE_OK: methodKey(50, 11),
  QUEUE_BIND: methodKey(50, 20),
  QUEUE_BIND_OK: methodKey(50, 21),
  QUEUE_DELETE: methodKey(50, 40),
  QUEUE_DELETE_OK: methodKey(50, 41),
  BASIC_QOS: methodKey(60, 10),
  BASIC_QOS_OK: methodKey(60, 11),
  BASIC_CONSUME: methodKey(60, 20),
  BASIC_CONSUME_OK: methodKey(60, 21),
  BASIC_PUBLISH: methodKey(60, 40),
  BASIC_DELIVER: methodKey(60, 60),
  BASIC_ACK: methodKey(60, 80),
  BASIC_NACK: methodKey(60, 120),
  CONFIRM_SELECT: methodKey(85, 10),
  CONFIRM_SELECT_OK: methodKey(85, 11),
} as const;

export const PROTOCOL_HEADER = Buffer.from('AMQP\x00\x00\x09\x01', 'latin1');

const CAPABILITIES = {
  publisher_confirms: true,
  'basic.nack': true,
  'connection.blocked': true,
  authentication_failure_close: true,
} as const;

export const startOk = (user: string, password: string): Buffer =>
  method(
    0,
    METHOD.CONNECTION_START_OK,
    table({ product: 'warrenmq-perf', capabilities: CAPABILITIES }),
    shortString('PLAIN'),
    longString(`\0${user}\0${password}`),
    shortString('en_US'),
  );

/** Without heartbeats: a publisher that a broker slows down must not be taken for dead. */
export const tuneOk = (channelMax: number, frameMax: number): Buffer =>
  method(0, METHOD.CONNECTION_TUNE_OK, u16(channelMax), u32(frameMax), u16(0));

export const connectionOpen = (vhost: string): Buffer =>
  method(0, METHOD.CONNECTION_OPEN, shortString(vhost), shortString(''), u8(0));

export const connectionClose = (): Buffer =>
  method(0, METHOD.CONNECTION_CLOSE, u16(200), shortString('done'), u32(0));

export const connectionCloseOk = (): Buffer => method(0, METHOD.CONNECTION_CLOSE_OK);

export const channelOpen = (channel: number): Buffer => method(channel, METHOD.CHANNEL_OPEN, shortString(''));

export const fanoutDeclare = (exchange: string): Buffer =>
  method(1, METHOD.EXCHANGE_DECLARE, u16(0), shortString(exchange), shortString('fanout'), u8(0), table({}));

export const exchangeDelete = (exchange: string): Buffer =>
  method(1, METHOD.EXCHANGE_DELETE, u16(0), shortString(exchange), u8(0));

const PASSIVE = 1;
const DURABLE = 2;

export const queueDeclare = (queue: string, durable: boolean): Buffer =>
  method(1, METHOD.QUEUE_DECLARE, u16(0), shortString(queue), u8(durable ? DURABLE : 0), table({}));

/** Its declare-ok tells how many messages are ready. */
export const queueInspect = (queue: string): Buffer =>
  method(1, METHOD.QUEUE_DECLARE, u16(0), shortString(queue), u8(PASSIVE), table({}));

export const queueBind = (queue: string, exchange: string): Buffer =>
  method(
    1,
    METHOD.QUEUE_BIND,
    u16(0),
    shortString(queue),
    shortString(exchange),
    shortString(''),
    u8(0),
    table({}),
  );

export const queueDelete = (queue: string): Buffer =>
  method(1, METHOD.QUEUE_DELETE, u16(0), shortString(queue), u8(0));

export const qos = (prefetch: number): Buffer => method(1, METHOD.BASIC_QOS, u32(0), u16(prefetch), u8(0));

const NO_ACK = 2;

export const consume = (queue: string, tag: string, noAck: boolean): Buffer =>
  method(
    1,
    METHOD.BASIC_CONSUME,
    u16(0),
    shortString(queue),
    shortString(tag),
    u8(noAck ? NO_ACK : 0),
    table({}),
  );

export const confirmSelect = (): Buffer => method(1, METHOD.CONFIRM_SELECT, u8(0));

/** basic.ack; `multiple` settles everything up to `tag`. */
export const ack = (tag: number, multiple: boolean): Buffer =>
  method(1, METHOD.BASIC_ACK, u64(tag), u8(multiple ? 1 : 0));

const HAS_DELIVERY_MODE = 0x1000;

/** basic.publish, content header and body as the three frames of one message; the body is the last of them. */
export function publish(exchange: string, routingKey: string, persistent: boolean, body: Buffer): Buffer {
  return Buffer.concat([
    method(1, METHOD.BASIC_PUBLISH, u16(0), shortString(exchange), shortString(routingKey), u8(0)),
    frame(
      FRAME.HEADER,
      1,
      Buffer.concat([u16(60), u16(0), u64(body.length), u16(HAS_DELIVERY_MODE), u8(persistent ? 2 : 1)]),
    ),
    frame(FRAME.BODY, 1, body),
  ]);
}
