import t from 'tap';
import { PublishAssembler } from '../../lib/amqp/publish-assembler.js';
import { Message, messageAt } from '../../lib/store/message.js';
import { FRAME } from '../../lib/wire/constants.js';
import { FrameReader, type FrameSink } from '../../lib/wire/frame-reader.js';
import { frame } from '../../interop-tests/conformance/frames.js';
import { methodPayload, type StepProperties } from '../../interop-tests/conformance/raw-connection.js';
import { contentBytes } from '../support/protocol-client.js';
import { thrownBy } from '../wire/thrown-by.js';
import { SEED, SeededRandom } from '../wire/seeded-random.js';
import { pieces, readsSplits } from '../wire/splits.js';

t.comment(`WARRENMQ_SEED=${SEED}`);

const random = new SeededRandom(SEED);
const MAX_SIZE = 200_000;
const PUBLISH_HEADER = 4;

interface Sent {
  readonly exchange?: string;
  readonly routingKey?: string;
  readonly mandatory?: boolean;
  readonly properties?: StepProperties;
  readonly body: Buffer;
  /** Octets of body in a frame. */
  readonly slice?: number;
}

function publishBytes(channel: number, { body, properties = {}, slice = 4088, ...args }: Sent): Buffer {
  const method = frame(FRAME.method, channel, methodPayload('basic.publish', args));
  return Buffer.concat([method, contentBytes(channel, body, properties, {}, slice)]);
}

const described = ({
  exchange = '',
  routingKey = '',
  mandatory = false,
  body,
  properties = {},
}: Sent): string =>
  [
    exchange,
    routingKey,
    mandatory,
    contentBytes(0, body, properties, {}, Infinity).toString('hex', 7 + 12, 7 + 14),
    body.toString('hex'),
  ].join('|');

/** An assembler for each channel behind a frame reader. Chunks are spoiled as soon as they may be. */
class Assembly implements FrameSink {
  readonly #assemblers = new Map<number, PublishAssembler>();
  readonly #reader = new FrameReader(this, 131_072);
  readonly #kept: { message: Message; mandatory: boolean }[] = [];
  #pauses: SeededRandom | undefined;

  /** Pauses the reader after some of the frames. */
  pausing(source: SeededRandom): this {
    this.#pauses = source;
    return this;
  }

  push(chunk: Buffer): void {
    const copy = Buffer.from(chunk);
    this.#reader.push(copy);
    while (this.#reader.paused) this.#reader.resume();
    copy.fill(0xee);
  }

  frame(type: number, channel: number, bytes: Buffer, start: number, end: number): void {
    let assembler = this.#assemblers.get(channel);
    if (assembler === undefined) this.#assemblers.set(channel, (assembler = new PublishAssembler(MAX_SIZE)));
    let complete = false;
    if (type === FRAME.method) assembler.begin(bytes, start, end);
    else if (type === FRAME.header) complete = assembler.onHeader(bytes, start, end);
    else complete = assembler.onBody(bytes, start, end);
    if (complete) this.#take(assembler);
    if (this.#pauses?.below(3) === 0) this.#reader.pause();
  }

  gone(): void {
    for (const assembler of this.#assemblers.values()) assembler.park();
  }

  get messages(): string[] {
    return this.#kept.map(({ message, mandatory }) => {
      const { bytes, body, bodyLength, properties } = message;
      const again = messageAt(bytes, message.start, message.end, message);
      if (again.header !== message.header || again.headerEnd !== message.headerEnd)
        throw new Error('the bytes do not describe themselves');
      const flags = bytes.toString('hex', properties, properties + 2);
      const text = bytes.toString('hex', body, body + bodyLength);
      return [message.exchange, message.routingKey, mandatory, flags, text].join('|');
    });
  }

  #take({ bytes, start, header, headerEnd, end, owned, mandatory }: PublishAssembler): void {
    const own = owned ? bytes : Buffer.from(bytes);
    this.#kept.push({ message: new Message(own, start, header, headerEnd, end, false, 0, -1, 0), mandatory });
  }
}

function assembled(chunks: readonly Buffer[], assembly = new Assembly()): string[] {
  for (const chunk of chunks) assembly.push(chunk);
  return assembly.messages;
}

const MESSAGES: readonly Sent[] = [
  { exchange: 'amq.direct', routingKey: 'key', body: Buffer.from('hello') },
  { body: Buffer.alloc(0) },
  { routingKey: 'q', mandatory: true, properties: { deliveryMode: 2 }, body: Buffer.from('a') },
  { exchange: 'x', routingKey: 'in slices', body: random.bytes(45), slice: 20 },
  { exchange: '', routingKey: '', properties: { headers: { a: 'b' } }, body: Buffer.alloc(0) },
  { routingKey: 'exactly two', body: random.bytes(40), slice: 20 },
  { routingKey: 'last', properties: { contentType: 'text/plain' }, body: random.bytes(100), slice: 100 },
];
const STREAM = Buffer.concat(MESSAGES.map((message) => publishBytes(1, message)));
const WANTED = MESSAGES.map(described);

/** Frames of several channels, each channel's in order, the channels in turns. */
function interleaved(streams: readonly (readonly Sent[])[]): Buffer {
  const queues = streams.map((messages, at) =>
    framesOf(Buffer.concat(messages.map((m) => publishBytes(at + 1, m)))),
  );
  const mixed: Buffer[] = [];
  while (queues.some((queue) => queue.length > 0)) {
    const next = random.pick(queues.filter((queue) => queue.length > 0)).shift();
    if (next !== undefined) mixed.push(next);
  }
  return Buffer.concat(mixed);
}

function framesOf(stream: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < stream.length; ) {
    const end = at + 8 + stream.readUInt32BE(at + 3);
    frames.push(stream.subarray(at, end));
    at = end;
  }
  return frames;
}

void t.test('a stream gives the messages byte for byte', (t) =>
  readsSplits(t, { stream: STREAM, read: assembled, wanted: WANTED }, random),
);

void t.test('a body may have any length around the frames it comes in', async (t) => {
  for (const slice of [1, 20, 4088]) {
    for (const size of [
      0,
      1,
      slice - 1,
      slice,
      slice + 1,
      2 * slice - 1,
      2 * slice,
      2 * slice + 1,
      10 * slice,
    ]) {
      const sent: Sent = { routingKey: 'key', body: random.bytes(size), slice };
      const stream = publishBytes(1, sent);
      t.strictSame(assembled([stream]), [described(sent)], `${size} octets in frames of ${slice}`);
      t.strictSame(
        assembled(pieces(stream, 1000, random)),
        [described(sent)],
        `${size} in ${slice}, in pieces`,
      );
    }
  }
});

void t.test('a body may be cut in frames of different sizes, empty ones too', async (t) => {
  const body = random.bytes(50);
  const whole = publishBytes(1, { routingKey: 'k', body });
  const head = framesOf(whole).slice(0, 2);
  const cuts = [0, 0, 1, 1, 30, 50].map((at, index, all) => body.subarray(all[index - 1] ?? 0, at));
  const stream = Buffer.concat([...head, ...cuts.map((cut) => frame(FRAME.body, 1, cut))]);
  for (const chunks of [[stream], pieces(stream, 1, random), pieces(stream, 9, random)])
    t.strictSame(assembled(chunks), [described({ routingKey: 'k', body })]);
});

void t.test('the publishes of several channels may be mixed frame by frame', async (t) => {
  let failed = 0;
  for (let i = 0; i < 300; i++) {
    const stream = interleaved([MESSAGES, MESSAGES, MESSAGES]);
    for (const chunks of [[stream], pieces(stream, 1 + random.below(200), random)]) {
      const messages = assembled(chunks, i % 2 === 0 ? new Assembly() : new Assembly().pausing(random));
      if (messages.toSorted().join() !== [...WANTED, ...WANTED, ...WANTED].toSorted().join()) failed++;
    }
  }
  t.equal(failed, 0);
});

void t.test(
  'a body of many frames arrives whole, also beyond what its buffer has room for at first',
  async (t) => {
    const body = random.bytes(MAX_SIZE);
    const stream = publishBytes(1, { routingKey: 'k', body, slice: 4088 });
    for (const chunks of [[stream], pieces(stream, 65_536, random), pieces(stream, 3000, random)])
      t.strictSame(assembled(chunks), [described({ routingKey: 'k', body })]);
  },
);

void t.test(
  'a publish in one chunk is not copied; one that was cut belongs to its message alone',
  async (t) => {
    const assembler = new PublishAssembler(MAX_SIZE);
    const [method = STREAM, header = STREAM, body = STREAM] = framesOf(
      publishBytes(1, { body: Buffer.from('hi') }),
    );
    const chunk = Buffer.concat([method, header, body]);
    feed(assembler, chunk, [method, header, body]);
    t.equal(assembler.bytes, chunk);
    t.equal(assembler.owned, false);

    assembler.begin(method, 7, method.length - 1);
    assembler.park();
    assembler.onHeader(header, 7, header.length - 1);
    t.equal(assembler.onBody(body, 7, body.length - 1), true);
    t.equal(assembler.owned, true);
    t.equal(assembler.bytes.length, assembler.end, 'without a spare octet');
  },
);

/** Hands over frames that stand one after the other in `chunk`. */
function feed(assembler: PublishAssembler, chunk: Buffer, frames: readonly Buffer[]): void {
  let at = 0;
  for (const { length } of frames) {
    if (at === 0) assembler.begin(chunk, at + 7, at + length - 1);
    else if (chunk[at] === FRAME.header) assembler.onHeader(chunk, at + 7, at + length - 1);
    else assembler.onBody(chunk, at + 7, at + length - 1);
    at += length;
  }
}

void t.test('a complete publish holds no bytes once the chunk is gone', async (t) => {
  const assembler = new PublishAssembler(MAX_SIZE);
  const frames = framesOf(publishBytes(1, { body: random.bytes(100) }));
  feed(assembler, Buffer.concat(frames), frames);
  t.equal(assembler.busy, false);
  assembler.park();
  t.equal(assembler.bytes.length, 0);
});

void t.test('a body is given room in proportion to what has come of it', async (t) => {
  const assembler = new PublishAssembler(MAX_SIZE);
  const body = random.bytes(150_000);
  const [method, header, ...bodies] = framesOf(publishBytes(1, { body }));
  assembler.begin(method!, 7, method!.length - 1);
  assembler.park();
  assembler.onHeader(header!, 7, header!.length - 1);
  t.ok(assembler.bytes.length < 1200, 'nothing has come yet');
  let received = 0;
  for (const piece of bodies) {
    assembler.onBody(piece, 7, piece.length - 1);
    received += piece.length - 8;
    if (assembler.bytes.length > 4 * received + 100)
      t.fail(`${assembler.bytes.length} octets for ${received}`);
  }
  t.equal(assembler.bytes.length, assembler.end);
});

void t.test('a size that was only announced takes little memory', async (t) => {
  for (const bodySize of [2n ** 31n, 2n ** 63n, 2n ** 64n - 1n]) {
    const assembler = new PublishAssembler(134_217_728);
    const [method = STREAM, header = STREAM] = framesOf(
      Buffer.concat([publishBytes(1, { body: Buffer.alloc(0) }).subarray(0, 0), announcing(bodySize)]),
    );
    const before = process.memoryUsage().arrayBuffers;
    assembler.begin(method, 7, method.length - 1);
    assembler.park();
    t.equal(assembler.onHeader(header, 7, header.length - 1), false);
    t.ok(process.memoryUsage().arrayBuffers - before < 100_000, 'for one that is refused in the end anyhow');
  }
});

function announcing(bodySize: bigint): Buffer {
  const method = frame(FRAME.method, 1, methodPayload('basic.publish'));
  return Buffer.concat([method, contentBytes(1, Buffer.alloc(0), {}, { bodySize }, 1)]);
}

void t.test('a body beyond the limit is counted, not kept, and complete at its end', async (t) => {
  const assembler = new PublishAssembler(10);
  const frames = framesOf(publishBytes(1, { body: random.bytes(30), slice: 10 }));
  const complete = frames.slice(2).map((one, at) => {
    if (at === 0) feed(assembler, Buffer.concat(frames.slice(0, 2)), frames.slice(0, 2));
    return assembler.onBody(one, 7, one.length - 1);
  });
  t.strictSame(complete, [false, false, true]);
  t.equal(assembler.bodySize, 30);
});

void t.test('a body that is longer than announced is never complete, whatever follows', async (t) => {
  for (const limit of [3, 100]) {
    const assembler = new PublishAssembler(limit);
    const [method = STREAM, header = STREAM] = framesOf(announcing(5n));
    feed(assembler, Buffer.concat([method, header]), [method, header]);
    for (const size of [3, 3, 5, 0, 2]) {
      const body = frame(FRAME.body, 1, Buffer.alloc(size));
      t.equal(assembler.onBody(body, 7, body.length - 1), false, `${size} octets, limit ${limit}`);
    }
    t.equal(assembler.busy, true);
  }
});

void t.test('a new publish may begin after one was given up', async (t) => {
  const assembler = new PublishAssembler(MAX_SIZE);
  const [method = STREAM] = framesOf(publishBytes(1, { body: Buffer.alloc(1) }));
  assembler.begin(method, 7, method.length - 1);
  assembler.reset();
  t.equal(assembler.busy, false);
  assembler.begin(method, 7, method.length - 1);
  t.equal(assembler.awaitsHeader, true);
});

/** What it throws for a content header or body of these octets after `before` of the frames of a publish. */
function refusal(before: number, type: number, payload: Buffer): string {
  const assembler = new PublishAssembler(MAX_SIZE);
  const frames = framesOf(publishBytes(1, { body: Buffer.from('abc') })).slice(0, before);
  feed(assembler, Buffer.concat(frames), frames);
  const run = type === FRAME.header ? assembler.onHeader.bind(assembler) : assembler.onBody.bind(assembler);
  return (thrownBy(() => run(payload, 0, payload.length)) as Error).message;
}

const goodHeader = contentBytes(1, Buffer.from('abc'), {}, {}, 10).subarray(7, 21);
const NO_METHOD = 'UNEXPECTED_FRAME - expected method frame, got non method frame instead';
const NO_HEADER =
  'UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead';
const NO_BODY = 'UNEXPECTED_FRAME - expected content body, got non content body frame instead';

void t.test('frames out of order are refused with what was expected', async (t) => {
  t.equal(refusal(0, FRAME.header, goodHeader), NO_METHOD);
  t.equal(refusal(0, FRAME.body, Buffer.from('abc')), NO_METHOD);
  t.equal(refusal(1, FRAME.body, Buffer.from('abc')), NO_HEADER);
  t.equal(refusal(2, FRAME.header, goodHeader), NO_BODY);
});

function withShort(value: number, at: number): Buffer {
  const header = Buffer.from(goodHeader);
  header.writeUInt16BE(value, at);
  return header;
}

void t.test('a content header has to be of class 60 and weight 0', async (t) => {
  t.equal(
    refusal(1, FRAME.header, withShort(50, 0)),
    'UNEXPECTED_FRAME - expected content header for class 60, got one for class 50 instead',
  );
  t.equal(refusal(1, FRAME.header, withShort(1, 2)), NO_HEADER);
});

void t.test('a content header too short for its fixed part is no frame, wherever it stands', async (t) => {
  const short = Buffer.from([0, 60, 0, 0, 0]);
  const text = 'FRAME_ERROR - type 2, all octets = <<0,60,0,0,0>>: unknown_frame';
  for (const before of [0, 1, 2]) t.equal(refusal(before, FRAME.header, short), text);
});

void t.test('a basic.publish whose strings do not fill it is refused', async (t) => {
  const payload = methodPayload('basic.publish', { exchange: 'abc', routingKey: 'k' });
  const assembler = new PublishAssembler(MAX_SIZE);
  for (let end = PUBLISH_HEADER; end < payload.length; end++)
    t.throws(() => assembler.begin(payload, 0, end), { code: 501 }, `cut to ${end} octets`);
  const longer = Buffer.concat([payload, Buffer.from([0])]);
  t.throws(() => assembler.begin(longer, 0, longer.length), { code: 501 });
  t.equal(assembler.busy, false);
});
