import {
  binary,
  byte,
  decimal,
  double,
  long,
  type Plain,
  short,
  timestamp,
  unsignedByte,
  unsignedInt,
  unsignedShort,
} from '../fields.js';
import type { StepArgs } from '../raw-connection.js';
import { scenario } from '../scenario.js';

const INTEGERS = [
  'x-message-ttl',
  'x-expires',
  'x-max-length',
  'x-max-length-bytes',
  'x-max-priority',
] as const;

/** What the value is called in a title. */
type Case = readonly [title: string, value: unknown, words: string];

function refused(
  title: string,
  args: Plain,
  arg: string,
  words: string,
  declare: StepArgs<'queue.declare'> = {},
): void {
  refusedWith(
    title,
    args,
    (queue) => `invalid arg '${arg}' for queue '${queue}' in vhost '/'${words}`,
    declare,
  );
}

function refusedWith(
  title: string,
  args: Plain,
  text: (queue: string) => string,
  declare: StepArgs<'queue.declare'> = {},
): void {
  scenario(`declaring a queue with ${title} closes the channel with 406`, async (s) => {
    const channel = await s.channel();
    const queue = s.name();
    channel.send('queue.declare', { queue, exclusive: true, ...declare, arguments: args });
    await channel.expectClosed(406, 'queue.declare', `PRECONDITION_FAILED - ${text(queue)}`);
  });
}

function accepted(title: string, args: Plain): void {
  scenario(`a queue may be declared with ${title}`, async (s) => {
    const channel = await s.channel();
    await s.queue(channel, args);
  });
}

for (const arg of INTEGERS) {
  const cases: Case[] = [
    ['-1', -1, '{value_negative,-1}'],
    ['a string', '5', '"expected integer, got longstr"'],
    ['true', true, '"expected integer, got bool"'],
    ['void', null, '"expected integer, got void"'],
    ['a double', double(2), '"expected integer, got double"'],
    ['a timestamp', timestamp(5n), '"expected integer, got timestamp"'],
    ['a decimal', decimal(1, 5), '"expected integer, got decimal"'],
    ['an array', [1], '"expected integer, got array"'],
    ['a table', {}, '"expected integer, got table"'],
  ];
  for (const [title, value, words] of cases)
    refused(`an ${arg} of ${title}`, { [arg]: value }, arg, `: ${words}`);

  scenario(`${arg} may be an integer of any width`, async (s) => {
    const channel = await s.channel();
    const widths = [byte(7), unsignedByte(7), short(7), unsignedShort(7), 7, unsignedInt(7), long(7n)];
    for (const value of widths) await s.queue(channel, { [arg]: value, 'x-own': 1 });
  });
}

refused('an x-expires of 0', { 'x-expires': 0 }, 'x-expires', ': {value_zero,0}');
refused(
  'an x-message-ttl beyond ten years',
  { 'x-message-ttl': 315_360_000_001 },
  'x-message-ttl',
  ': {value_too_large,315360000001}',
);
refused(
  'an x-expires beyond ten years',
  { 'x-expires': 315_360_000_001 },
  'x-expires',
  ': {value_too_large,315360000001}',
);
refused(
  'an x-max-priority of 256',
  { 'x-max-priority': 256 },
  'x-max-priority',
  ': {max_value_exceeded,256}',
);

accepted('an x-message-ttl of 0', { 'x-message-ttl': 0 });
accepted('an x-message-ttl of ten years', { 'x-message-ttl': 315_360_000_000 });
accepted('an x-max-length of 0', { 'x-max-length': 0 });
accepted('an x-max-length of 2^62', { 'x-max-length': long(2n ** 62n) });
accepted('an x-max-priority of 0', { 'x-max-priority': 0 });
accepted('an x-max-priority of 255', { 'x-max-priority': 255 });
accepted('a dead letter exchange that is not there', { 'x-dead-letter-exchange': 'not there' });
accepted('the default exchange for dead letters', { 'x-dead-letter-exchange': '' });
accepted('dead letter exchange and routing key', {
  'x-dead-letter-exchange': '',
  'x-dead-letter-routing-key': 'k',
});
for (const overflow of ['drop-head', 'reject-publish', 'reject-publish-dlx']) {
  accepted(`an x-overflow of ${overflow}`, { 'x-overflow': overflow });
}
for (const mode of ['default', 'lazy']) accepted(`an x-queue-mode of ${mode}`, { 'x-queue-mode': mode });
accepted('x-single-active-consumer false', { 'x-single-active-consumer': false });
accepted('x-queue-type classic', { 'x-queue-type': 'classic' });
for (const locator of ['min-masters', 'nearest', 5]) {
  accepted(`an x-queue-master-locator of ${locator}`, { 'x-queue-master-locator': locator });
}

refused(
  'a dead letter routing key and no exchange',
  { 'x-dead-letter-routing-key': 'k' },
  'x-dead-letter-routing-key',
  ': routing_key_but_no_dlx_defined',
);
refused('an unknown x-overflow', { 'x-overflow': 'spill' }, 'x-overflow', ': invalid_overflow');
refused(
  'an unknown x-queue-mode',
  { 'x-queue-mode': 'idle' },
  'x-queue-mode',
  `: "unsupported queue mode 'idle'"`,
);
refused(
  'an unknown x-queue-type',
  { 'x-queue-type': 'heap' },
  'x-queue-type',
  `: "unsupported queue type 'heap'"`,
);
refused(
  'an x-queue-type in capitals',
  { 'x-queue-type': 'CLASSIC' },
  'x-queue-type',
  `: "unsupported queue type 'CLASSIC'"`,
);

for (const arg of ['x-dead-letter-routing-key', 'x-overflow', 'x-queue-mode', 'x-queue-type']) {
  for (const [type, value] of [
    ['signedint', 5],
    ['bool', true],
    ['void', null],
    ['binary', binary('text')],
  ] as const) {
    refused(`an ${arg} of type ${type}`, { [arg]: value }, arg, `: {unacceptable_type,${type}}`);
  }
}
for (const [type, value] of [
  ['signedint', 5],
  ['bool', true],
  ['void', null],
] as const) {
  refusedWith(
    `an x-dead-letter-exchange of type ${type}`,
    { 'x-dead-letter-exchange': value },
    (queue) => `invalid type '${type}' for arg 'x-dead-letter-exchange' in queue '${queue}' in vhost '/'`,
  );
}
for (const [type, value] of [
  ['signedint', 1],
  ['longstr', 'true'],
  ['void', null],
] as const) {
  const arg = 'x-single-active-consumer';
  refused(`an ${arg} of type ${type}`, { [arg]: value }, arg, `: {unacceptable_type,${type}}`);
}

refused(
  'two bad arguments, of which x-expires is told,',
  { 'x-message-ttl': -1, 'x-expires': 0 },
  'x-expires',
  ': {value_zero,0}',
);

/** Arguments that exist, but not for this type of queue. */
for (const [arg, value] of [
  ['x-delivery-limit', 5],
  ['x-max-age', '1h'],
  ['x-quorum-initial-group-size', 1],
  ['x-max-in-memory-length', 5],
  ['x-stream-max-segment-size-bytes', 5],
  ['x-initial-cluster-size', 1],
] as const) {
  refused(`${arg} for a classic queue`, { [arg]: value }, arg, ' of queue type rabbit_classic_queue');
}

const QUORUM = { 'x-queue-type': 'quorum' };
const badProperty = (property: string) => (queue: string) =>
  `invalid property '${property}' for queue '${queue}' in vhost '/'`;

refusedWith('quorum and exclusive', QUORUM, badProperty('exclusive-owner'), { durable: true });
refusedWith('quorum and not durable', QUORUM, badProperty('non-durable'), { exclusive: false });
refusedWith('quorum and auto-delete', QUORUM, badProperty('auto-delete'), {
  exclusive: false,
  durable: true,
  autoDelete: true,
});
for (const [arg, value] of [
  ['x-max-priority', 5],
  ['x-queue-mode', 'lazy'],
] as const) {
  refused(`quorum and ${arg}`, { ...QUORUM, [arg]: value }, arg, ' of queue type rabbit_quorum_queue', {
    exclusive: false,
    durable: true,
  });
}
