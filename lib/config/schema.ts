import { hostname } from 'node:os';
import { type Family, family, namesSetTrue, optional, type Scalar, scalar } from './option.js';
import {
  boolean,
  byteSize,
  fraction,
  informationUnits,
  type Listener,
  listener,
  nonEmptyText,
  oneOf,
  orInfinity,
  positiveFactor,
  text,
  wholeNumber,
  wrapped,
} from './value-type.js';

/** A share of the memory there is, or a number of bytes. */
export type Watermark = { readonly relative: number } | { readonly absolute: number };

const DEFAULT_MEMORY_WATERMARK: Watermark = { relative: 0.4 };
/** 50 MB */
const DEFAULT_DISK_LIMIT: Watermark = { absolute: 50_000_000 };
const MAX_MESSAGE_SIZE_CAP = 536_870_912;

const LOG_LEVELS = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
  'none',
] as const;

const ANY_NAME = '.*';

/** Every key that has an effect, named as in RabbitMQ where it has the key. */
export const SCHEMA = {
  'listeners.tcp': family<Listener, readonly Listener[]>({
    members: { $name: listener },
    none: [],
    default: [{ host: undefined, port: 5672 }],
    defaultText: 'listeners.tcp.default = 5672',
    doc: 'Where AMQP clients connect, one key for each listener; port 0 lets the system choose.',
    collect: (values) => [...values.values()],
  }),
  data_dir: scalar(
    nonEmptyText,
    'data',
    'The directory of everything that is kept; relative to the working directory.',
  ),
  cluster_name: scalar(
    nonEmptyText,
    `warrenmq@${hostname()}`,
    'The name that clients are told in the server properties.',
    'warrenmq@<hostname>',
  ),

  handshake_timeout: scalar(
    orInfinity(wholeNumber({ min: 1, unit: 'milliseconds' })),
    10_000,
    'How long a client may take from its connect to connection.open, in milliseconds.',
  ),
  heartbeat: scalar(
    wholeNumber({ min: 0, max: 65_535, unit: 'seconds' }),
    60,
    'The heartbeat interval suggested to clients, in seconds; 0 suggests none.',
  ),
  frame_max: scalar(
    byteSize({ min: 4096, max: 0x7fffffff }),
    131_072,
    'The largest frame, in bytes; a KB is 1024 bytes here.',
  ),
  channel_max: scalar(
    wholeNumber({ min: 0, max: 65_535, unit: 'channels' }),
    2047,
    'How many channels a connection may have open; 0 leaves it to the client.',
  ),
  connection_max: scalar(
    orInfinity(wholeNumber({ min: 0, unit: 'connections' })),
    Infinity,
    'How many connections the node takes.',
  ),
  channel_max_per_node: scalar(
    orInfinity(wholeNumber({ min: 0, unit: 'channels' })),
    Infinity,
    'How many channels the node takes over all connections.',
  ),
  consumer_max_per_channel: scalar(
    orInfinity(wholeNumber({ min: 0, unit: 'consumers' })),
    Infinity,
    'How many consumers a channel may have.',
  ),
  max_message_size: scalar(
    wholeNumber({ min: 1, max: MAX_MESSAGE_SIZE_CAP, unit: 'bytes' }),
    134_217_728,
    'The largest message body, in bytes.',
  ),
  consumer_timeout: scalar(
    orInfinity(wholeNumber({ min: 1, unit: 'milliseconds' })),
    1_800_000,
    'How long a consumer may hold a delivery before it acknowledges it, in milliseconds.',
  ),
  'tcp_listen_options.backlog': scalar(
    wholeNumber({ min: 1, unit: 'connections' }),
    511,
    'How many connections may wait to be accepted.',
  ),
  'tcp_listen_options.nodelay': scalar(
    boolean,
    true,
    "Whether small writes leave at once (Nagle's algorithm is off).",
  ),
  'tcp_listen_options.keepalive': scalar(boolean, false, 'Whether the system probes idle connections.'),

  default_user: scalar(nonEmptyText, 'guest', 'The user that an empty node creates.'),
  default_pass: scalar(text, 'guest', 'Its password.'),
  default_vhost: scalar(nonEmptyText, '/', 'The virtual host that an empty node creates.'),
  default_user_tags: family<boolean, readonly string[]>({
    members: { $tag: boolean },
    default: ['administrator'],
    defaultText: 'default_user_tags.administrator = true',
    doc: 'The tags of that user: those set to true.',
    collect: namesSetTrue,
  }),
  'default_permissions.configure': scalar(
    text,
    ANY_NAME,
    'What that user may configure: a regular expression.',
  ),
  'default_permissions.write': scalar(text, ANY_NAME, 'What it may write to: a regular expression.'),
  'default_permissions.read': scalar(text, ANY_NAME, 'What it may read from: a regular expression.'),
  loopback_users: family<boolean, readonly string[]>({
    members: { $user: boolean },
    none: [],
    default: ['guest'],
    defaultText: 'loopback_users.guest = true',
    doc: 'Users who may connect from this machine only: those set to true.',
    collect: namesSetTrue,
  }),

  vm_memory_high_watermark: family({
    members: {
      relative: wrapped(fraction, (relative): Watermark => ({ relative })),
      absolute: wrapped(informationUnits({ min: 1 }), (absolute): Watermark => ({ absolute })),
    },
    default: DEFAULT_MEMORY_WATERMARK,
    defaultText: 'vm_memory_high_watermark.relative = 0.4',
    doc: 'How much memory is used before publishers are held back: a share of it, or bytes; relative wins over absolute.',
    collect: (values) => relativeOrAbsolute(values, DEFAULT_MEMORY_WATERMARK),
  }),
  disk_free_limit: family({
    members: {
      relative: wrapped(positiveFactor, (relative): Watermark => ({ relative })),
      absolute: wrapped(informationUnits({ min: 0 }), (absolute): Watermark => ({ absolute })),
    },
    default: DEFAULT_DISK_LIMIT,
    defaultText: 'disk_free_limit.absolute = 50MB',
    doc: 'How little free disk space holds publishers back: a multiple of the memory, or bytes; relative wins over absolute.',
    collect: (values) => relativeOrAbsolute(values, DEFAULT_DISK_LIMIT),
  }),
  total_memory_available_override_value: optional(
    informationUnits({ min: 1 }),
    'what the machine or its container has',
    'The memory that relative limits are shares of, in bytes.',
  ),

  'log.console.level': scalar(oneOf(...LOG_LEVELS), 'info', 'The least severe messages that are logged.'),
  'log.console.formatter': scalar(
    oneOf('plaintext', 'json'),
    'plaintext',
    'What a line of the log looks like: for people, or one JSON object.',
  ),
} as const;

export type OptionKey = keyof typeof SCHEMA;

type ValueOf<O> = O extends Scalar<infer T> ? T : O extends Family<infer T> ? T : never;

/** The value of every key of the schema; families (listeners.tcp) are one value. Frozen through and through. */
export type Config = { readonly [K in OptionKey]: ValueOf<(typeof SCHEMA)[K]> };

function relativeOrAbsolute(values: ReadonlyMap<string, Watermark>, fallback: Watermark): Watermark {
  return values.get('relative') ?? values.get('absolute') ?? fallback;
}
