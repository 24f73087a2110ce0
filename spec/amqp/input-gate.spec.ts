import t from 'tap';
import { HOLD, InputGate } from '../../lib/amqp/input-gate.js';
import { FrameReader } from '../../lib/wire/frame-reader.js';
import { MemoryTransport } from '../support/memory-transport.js';

const HEARTBEAT = Buffer.from([8, 0, 0, 0, 0, 0, 0, 0xce]);

/** A gate before a reader; `frames` counts what came through. */
function gated() {
  const seen = { frames: 0 };
  const transport = new MemoryTransport();
  const sink = { frame: () => void seen.frames++, gone: () => {} };
  const reader = new FrameReader(sink, 4096);
  const gate = new InputGate(reader, transport, () => reader.resume());
  return { gate, reader, transport, seen };
}

void t.test('what comes while it is held is kept until it is released', async (t) => {
  const { gate, reader, transport, seen } = gated();
  gate.hold(HOLD.work);
  t.equal(transport.isPaused, true);
  reader.push(HEARTBEAT);
  t.equal(seen.frames, 0);
  gate.release(HOLD.work);
  t.equal(seen.frames, 1);
  t.equal(transport.isPaused, false);
});

void t.test('it opens when the last reason is gone, in whatever order', async (t) => {
  const { gate, reader, transport, seen } = gated();
  gate.hold(HOLD.work);
  gate.hold(HOLD.alarm);
  gate.hold(HOLD.turn);
  reader.push(HEARTBEAT);
  gate.release(HOLD.alarm);
  gate.release(HOLD.work);
  t.equal(seen.frames, 0);
  t.equal(gate.isHeldFor(HOLD.turn), true);
  t.equal(gate.isHeldFor(HOLD.work), false);
  gate.release(HOLD.turn);
  t.equal(seen.frames, 1);
  t.equal(gate.held, false);
  t.equal(transport.isPaused, false);
});

void t.test('a reason that was not given is no reason to open', async (t) => {
  const { gate, transport } = gated();
  gate.release(HOLD.work);
  gate.hold(HOLD.unsent);
  gate.release(HOLD.work);
  t.equal(transport.isPaused, true);
});

void t.test('the same reason twice is one', async (t) => {
  const { gate } = gated();
  gate.hold(HOLD.work);
  gate.hold(HOLD.work);
  gate.release(HOLD.work);
  t.equal(gate.held, false);
});

void t.test('a frame that was kept may close it again', async (t) => {
  const transport = new MemoryTransport();
  let frames = 0;
  const reader: FrameReader = new FrameReader(
    {
      frame: () => {
        frames++;
        gate.hold(HOLD.work);
      },
      gone: () => {},
    },
    4096,
  );
  const gate: InputGate = new InputGate(reader, transport, () => reader.resume());
  gate.hold(HOLD.work);
  reader.push(Buffer.concat([HEARTBEAT, HEARTBEAT]));
  gate.release(HOLD.work);
  t.equal(frames, 1);
  t.equal(transport.isPaused, true);
  gate.release(HOLD.work);
  t.equal(frames, 2);
});

void t.test('open forgets every reason', async (t) => {
  const { gate, reader, transport, seen } = gated();
  for (const reason of Object.values(HOLD)) gate.hold(reason);
  reader.push(HEARTBEAT);
  gate.open();
  t.equal(seen.frames, 1);
  t.equal(transport.isPaused, false);
});
