/** AMQP reply codes: name and what they end. [AMQP 1.2, constants; RMQ adds 312 as a return code only] */
export const REPLIES = {
  CONTENT_TOO_LARGE: { code: 311, scope: 'channel' },
  NO_ROUTE: { code: 312, scope: 'channel' },
  NO_CONSUMERS: { code: 313, scope: 'channel' },
  CONNECTION_FORCED: { code: 320, scope: 'connection' },
  INVALID_PATH: { code: 402, scope: 'connection' },
  ACCESS_REFUSED: { code: 403, scope: 'channel' },
  NOT_FOUND: { code: 404, scope: 'channel' },
  RESOURCE_LOCKED: { code: 405, scope: 'channel' },
  PRECONDITION_FAILED: { code: 406, scope: 'channel' },
  FRAME_ERROR: { code: 501, scope: 'connection' },
  SYNTAX_ERROR: { code: 502, scope: 'connection' },
  COMMAND_INVALID: { code: 503, scope: 'connection' },
  CHANNEL_ERROR: { code: 504, scope: 'connection' },
  UNEXPECTED_FRAME: { code: 505, scope: 'connection' },
  RESOURCE_ERROR: { code: 506, scope: 'connection' },
  NOT_ALLOWED: { code: 530, scope: 'connection' },
  NOT_IMPLEMENTED: { code: 540, scope: 'connection' },
  INTERNAL_ERROR: { code: 541, scope: 'connection' },
} as const;

export type ReplyName = keyof typeof REPLIES;
export type ErrorScope = 'channel' | 'connection';

interface ErrorKind {
  readonly reply: ReplyName;
  /** Where it differs from the reply code's usual scope. */
  readonly scope?: ErrorScope;
  // biome-ignore lint: each kind has its own parameters, which brokerError checks
  readonly text: (...details: never[]) => string;
}

const inVhost = (what: string, name: string, vhost: string): string =>
  `${what} '${name}' in vhost '${vhost}'`;

/**
 * Every way in which the broker refuses. One row a kind: the reply code, and the explanation that follows
 * `NAME - ` in the reply text. `docs/errors.md` lists the same rows for users; a spec holds the two together.
 */
export const ERRORS = {
  // The bytes on the connection
  malformedFrame: { reply: 'FRAME_ERROR', text: (detail: string) => detail },
  /** RabbitMQ answers with the frame error, not with the syntax error that the specification has for it. */
  malformedMethod: { reply: 'FRAME_ERROR', text: (detail: string) => detail },
  unknownMethod: {
    reply: 'NOT_IMPLEMENTED',
    text: (classId: number, methodId: number) => `unknown method ${classId}.${methodId}`,
  },
  commandInvalid: { reply: 'COMMAND_INVALID', text: () => 'unimplemented method' },
  unexpectedFrame: { reply: 'UNEXPECTED_FRAME', text: (detail: string) => detail },
  channelError: { reply: 'CHANNEL_ERROR', text: (detail: string) => detail },

  // Connection level
  shutdown: {
    reply: 'CONNECTION_FORCED',
    text: () => "broker forced connection closure with reason 'shutdown'",
  },
  vhostDeleted: { reply: 'CONNECTION_FORCED', text: (vhost: string) => `vhost '${vhost}' is deleted` },
  loginRefused: {
    reply: 'ACCESS_REFUSED',
    scope: 'connection',
    text: (mechanism: string) =>
      `Login was refused using authentication mechanism ${mechanism}. For details see the broker logfile.`,
  },
  /** The client does not read this: the socket ends in silence, as RabbitMQ's does. */
  tuneRefused: { reply: 'NOT_ALLOWED', text: (detail: string) => detail },
  vhostNotFound: { reply: 'NOT_ALLOWED', text: (vhost: string) => `vhost ${vhost} not found` },
  vhostRefused: {
    reply: 'NOT_ALLOWED',
    text: (vhost: string, user: string) => `access to vhost '${vhost}' refused for user '${user}'`,
  },
  limitReached: { reply: 'NOT_ALLOWED', text: (detail: string) => detail },
  connectionLimit: {
    reply: 'NOT_ALLOWED',
    text: (most: number) => `connection refused: node connection limit (${most}) is reached`,
  },
  consumerLimit: {
    reply: 'NOT_ALLOWED',
    text: (most: number) => `reached maximum (${most}) of consumers per channel`,
  },
  consumerTagInUse: {
    reply: 'NOT_ALLOWED',
    text: (tag: string) => `attempt to reuse consumer tag '${tag}'`,
  },
  notImplemented: { reply: 'NOT_IMPLEMENTED', text: (what: string) => what },
  /** Property flags or list that cannot be read. [RabbitMQ says no more than this] */
  malformedContent: { reply: 'INTERNAL_ERROR', text: () => '' },
  internalError: { reply: 'INTERNAL_ERROR', text: () => '' },

  // Names and permissions
  noExchange: {
    reply: 'NOT_FOUND',
    text: (name: string, vhost: string) => `no ${inVhost('exchange', name, vhost)}`,
  },
  noQueue: {
    reply: 'NOT_FOUND',
    text: (name: string, vhost: string) => `no ${inVhost('queue', name, vhost)}`,
  },
  noPreviousQueue: { reply: 'NOT_FOUND', text: () => 'no previously declared queue' },
  accessRefused: {
    reply: 'ACCESS_REFUSED',
    text: (what: string, name: string, vhost: string, user: string) =>
      `access to ${inVhost(what, name, vhost)} refused for user '${user}'`,
  },
  topicRefused: {
    reply: 'ACCESS_REFUSED',
    text: (key: string, exchange: string, vhost: string, user: string) =>
      `access to topic '${key}' in exchange '${exchange}' in vhost '${vhost}' refused for user '${user}'`,
  },
  reservedName: {
    reply: 'ACCESS_REFUSED',
    text: (what: string, name: string) => `${what} name '${name}' contains reserved prefix 'amq.*'`,
  },
  defaultExchange: { reply: 'ACCESS_REFUSED', text: () => 'operation not permitted on the default exchange' },
  predeclaredExchange: {
    reply: 'ACCESS_REFUSED',
    text: (name: string, vhost: string) =>
      `deletion of system ${inVhost('exchange', name, vhost)} not allowed`,
  },
  internalExchange: {
    reply: 'ACCESS_REFUSED',
    text: (name: string, vhost: string) => `cannot publish to internal ${inVhost('exchange', name, vhost)}`,
  },
  exclusiveUse: {
    reply: 'ACCESS_REFUSED',
    text: (queue: string, vhost: string) => `${inVhost('queue', queue, vhost)} in exclusive use`,
  },
  queueLocked: {
    reply: 'RESOURCE_LOCKED',
    text: (queue: string, vhost: string) =>
      `cannot obtain exclusive access to locked ${inVhost('queue', queue, vhost)}. It could be originally declared ` +
      'on another connection or the exclusive property value does not match that of the original declaration.',
  },

  // Preconditions
  inequivalent: { reply: 'PRECONDITION_FAILED', text: (explanation: string) => explanation },
  unknownExchangeType: {
    reply: 'PRECONDITION_FAILED',
    text: (type: string) => `unknown exchange type '${type}'`,
  },
  invalidArgument: { reply: 'PRECONDITION_FAILED', text: (explanation: string) => explanation },
  inUse: {
    reply: 'PRECONDITION_FAILED',
    text: (what: string, name: string, vhost: string) => `${inVhost(what, name, vhost)} in use`,
  },
  notEmpty: {
    reply: 'PRECONDITION_FAILED',
    text: (queue: string, vhost: string) => `${inVhost('queue', queue, vhost)} not empty`,
  },
  unknownDeliveryTag: {
    reply: 'PRECONDITION_FAILED',
    text: (tag: number | bigint) => `unknown delivery tag ${tag}`,
  },
  messageTooLarge: {
    reply: 'PRECONDITION_FAILED',
    text: (size: number, max: number) => `message size ${size} is larger than configured max size ${max}`,
  },
  userIdMismatch: {
    reply: 'PRECONDITION_FAILED',
    text: (given: string, user: string) =>
      `user_id property set to '${given}' but authenticated user was '${user}'`,
  },
  invalidExpiration: {
    reply: 'PRECONDITION_FAILED',
    text: (detail: string) => `invalid expiration ${detail}`,
  },
  invalidHeader: { reply: 'PRECONDITION_FAILED', text: (detail: string) => detail },
  notTransactional: { reply: 'PRECONDITION_FAILED', text: () => 'channel is not transactional' },
  partialCommit: { reply: 'PRECONDITION_FAILED', text: () => 'partial tx completion' },
  txToConfirm: { reply: 'PRECONDITION_FAILED', text: () => 'cannot switch from tx to confirm mode' },
  confirmToTx: { reply: 'PRECONDITION_FAILED', text: () => 'cannot switch from confirm to tx mode' },
  replyConsumerAcks: { reply: 'PRECONDITION_FAILED', text: () => 'reply consumer cannot acknowledge' },
  replyConsumerSet: { reply: 'PRECONDITION_FAILED', text: () => 'reply consumer already set' },
  noReplyConsumer: { reply: 'PRECONDITION_FAILED', text: () => 'fast reply consumer does not exist' },
  consumerTimeout: {
    reply: 'PRECONDITION_FAILED',
    text: (channel: number, ms: number) =>
      `delivery acknowledgement on channel ${channel} timed out. Timeout value used: ${ms} ms. ` +
      'This timeout value can be configured, see consumers doc guide to learn more',
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorName = keyof typeof ERRORS;

/** Octets of a short string. */
const MOST_TEXT = 255;

/** Fits into a close method; what does not is cut as RabbitMQ cuts it. */
function replyText(reply: ReplyName, explanation: string): string {
  const text = explanation === '' ? reply : `${reply} - ${explanation}`;
  // A name may be any bytes; what is told of it is UTF-8.
  const bytes = Buffer.from(text);
  if (bytes.length <= MOST_TEXT) return bytes.toString();
  return `${bytes.toString('utf8', 0, MOST_TEXT - 3).replace(/\uFFFD+$/, '')}...`;
}

/** A refusal that the client is told: an AMQP close, later an HTTP status. Not a defect. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError';
  readonly kind: ErrorName;
  readonly code: number;
  readonly scope: ErrorScope;

  constructor(kind: ErrorName, explanation: string) {
    const row: ErrorKind = ERRORS[kind];
    super(replyText(row.reply, explanation));
    this.kind = kind;
    this.code = REPLIES[row.reply].code;
    this.scope = row.scope ?? REPLIES[row.reply].scope;
  }
}

/** Makes the refusal `kind`; `details` are what its row's text asks for. */
export function brokerError<K extends ErrorName>(
  kind: K,
  ...details: Parameters<(typeof ERRORS)[K]['text']>
): BrokerError {
  const text = ERRORS[kind].text as (...given: typeof details) => string;
  return new BrokerError(kind, text(...details));
}
