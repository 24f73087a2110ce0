import t from 'tap';
import { assert, InvariantError } from '../../lib/base/assert.js';
import { BrokerError, brokerError, ERRORS, type ErrorName, REPLIES } from '../../lib/base/errors.js';

void t.test('a refusal carries code, scope and RabbitMQ’s words', async (t) => {
  const error = brokerError('noQueue', 'q', '/');
  t.ok(error instanceof BrokerError);
  t.match(error, {
    kind: 'noQueue',
    code: 404,
    scope: 'channel',
    message: "NOT_FOUND - no queue 'q' in vhost '/'",
  });
});

const TEXTS: readonly (readonly [BrokerError, number, string, string])[] = [
  [brokerError('noExchange', 'x', 'v'), 404, 'channel', "NOT_FOUND - no exchange 'x' in vhost 'v'"],
  [brokerError('noPreviousQueue'), 404, 'channel', 'NOT_FOUND - no previously declared queue'],
  [
    brokerError('accessRefused', 'queue', 'q', 'v', 'u'),
    403,
    'channel',
    "ACCESS_REFUSED - access to queue 'q' in vhost 'v' refused for user 'u'",
  ],
  [
    brokerError('topicRefused', 'k', 'x', 'v', 'u'),
    403,
    'channel',
    "ACCESS_REFUSED - access to topic 'k' in exchange 'x' in vhost 'v' refused for user 'u'",
  ],
  [
    brokerError('reservedName', 'queue', 'amq.q'),
    403,
    'channel',
    "ACCESS_REFUSED - queue name 'amq.q' contains reserved prefix 'amq.*'",
  ],
  [
    brokerError('exclusiveUse', 'q', 'v'),
    403,
    'channel',
    "ACCESS_REFUSED - queue 'q' in vhost 'v' in exclusive use",
  ],
  [
    brokerError('internalExchange', 'x', 'v'),
    403,
    'channel',
    "ACCESS_REFUSED - cannot publish to internal exchange 'x' in vhost 'v'",
  ],
  [
    brokerError('inUse', 'exchange', 'x', 'v'),
    406,
    'channel',
    "PRECONDITION_FAILED - exchange 'x' in vhost 'v' in use",
  ],
  [brokerError('unknownDeliveryTag', 7), 406, 'channel', 'PRECONDITION_FAILED - unknown delivery tag 7'],
  [brokerError('vhostNotFound', 'v'), 530, 'connection', 'NOT_ALLOWED - vhost v not found'],
  [
    brokerError('vhostRefused', 'v', 'u'),
    530,
    'connection',
    "NOT_ALLOWED - access to vhost 'v' refused for user 'u'",
  ],
  [
    brokerError('shutdown'),
    320,
    'connection',
    "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'",
  ],
  [
    brokerError('loginRefused', 'PLAIN'),
    403,
    'connection',
    'ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile.',
  ],
];

void t.test('each kind is worded as RabbitMQ words it', async (t) => {
  for (const [{ code, scope, message }, ...expected] of TEXTS) t.same([code, scope, message], expected);
});

void t.test('a kind without an explanation is its name alone', async (t) => {
  t.equal(brokerError('malformedContent').message, 'INTERNAL_ERROR');
});

void t.test('every kind has a reply that exists, and its text begins with it', async (t) => {
  for (const kind of Object.keys(ERRORS) as ErrorName[]) {
    const { message, code, scope } = new BrokerError(kind, 'why');
    const { reply } = ERRORS[kind];
    t.equal(message, `${reply} - why`);
    t.equal(code, REPLIES[reply].code);
    t.ok(scope === 'channel' || scope === 'connection');
  }
});

void t.test('a text that is too long for a short string is cut, between characters', async (t) => {
  const ascii = brokerError('noQueue', 'q'.repeat(255), '/').message;
  t.equal(Buffer.byteLength(ascii), 255);
  t.ok(ascii.startsWith("NOT_FOUND - no queue 'qqq"));
  t.ok(ascii.endsWith('q...'));
  for (const length of [80, 81, 82, 83]) {
    const { message } = brokerError('noQueue', 'ü'.repeat(length) + '€'.repeat(30), '/');
    t.ok(Buffer.byteLength(message) <= 255);
    t.notMatch(message, /\uFFFD/);
  }
});

void t.test('a name that is not UTF-8 is told with something in place of the bytes', async (t) => {
  t.equal(
    brokerError('noExchange', 'a\udcffb', '/').message,
    "NOT_FOUND - no exchange 'a\ufffdb' in vhost '/'",
  );
});

void t.test('a text of exactly 255 octets is left alone', async (t) => {
  const around = brokerError('limitReached', '').message.length + ' - '.length;
  const { message } = brokerError('limitReached', 'x'.repeat(255 - around));
  t.equal(message.length, 255);
  t.notMatch(message, /\.\.\.$/);
});

void t.test('a broken invariant says which', async (t) => {
  assert(true, 'nothing is wrong');
  t.throws(
    () => assert(false, 'a queue is deleted once'),
    new InvariantError('invariant broken: a queue is deleted once'),
  );
});
