/** Frame types [AMQP 4.2.3]. */
export const FRAME = { method: 1, header: 2, body: 3, heartbeat: 8 } as const;

/** The octet that closes every frame. */
export const FRAME_END = 0xce;

/** Bytes of a frame that are not payload: type 1, channel 2, size 4, end 1. */
export const FRAME_OVERHEAD = 8;

/** Bytes; no peer may negotiate a smaller frame-max [AMQP 4.2.3]. */
export const FRAME_MIN_SIZE = 4096;

/** What a client sends first, and what a server answers to any other first bytes [AMQP 4.2.2]. */
export const PROTOCOL_HEADER: Buffer = Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]);

/** Reply codes, by the names with which reply texts begin. */
export const REPLY = {
  REPLY_SUCCESS: 200,
  CONTENT_TOO_LARGE: 311,
  NO_ROUTE: 312,
  NO_CONSUMERS: 313,
  CONNECTION_FORCED: 320,
  INVALID_PATH: 402,
  ACCESS_REFUSED: 403,
  NOT_FOUND: 404,
  RESOURCE_LOCKED: 405,
  PRECONDITION_FAILED: 406,
  FRAME_ERROR: 501,
  SYNTAX_ERROR: 502,
  COMMAND_INVALID: 503,
  CHANNEL_ERROR: 504,
  UNEXPECTED_FRAME: 505,
  RESOURCE_ERROR: 506,
  NOT_ALLOWED: 530,
  NOT_IMPLEMENTED: 540,
  INTERNAL_ERROR: 541,
} as const;

export type ReplyName = keyof typeof REPLY;
