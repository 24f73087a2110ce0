import t from 'tap';
import { Heartbeat, type HeartbeatEvents } from '../../lib/amqp/heartbeat.js';
import { ManualClock } from '../../lib/base/clock.js';
import { BrokerUnderTest } from '../support/broker-under-test.js';

/** A peer that is heard and spoken to as a spec says. */
class Peer implements HeartbeatEvents {
  readonly told: string[] = [];
  heard = false;
  spoken = false;

  wasHeard(): boolean {
    const { heard } = this;
    this.heard = false;
    return heard;
  }

  hasSpoken(): boolean {
    const { spoken } = this;
    this.spoken = false;
    return spoken;
  }

  sendHeartbeat(): void {
    this.told.push('heartbeat');
  }

  peerIsSilent(): void {
    this.told.push('silent');
  }
}

void t.test('one is sent in each half of the interval in which nothing else was', async (t) => {
  const clock = new ManualClock();
  const peer = new Peer();
  const heartbeat = new Heartbeat(clock, 10, peer);
  peer.heard = true;
  clock.advance(4999);
  t.strictSame(peer.told, []);
  clock.advance(1);
  t.strictSame(peer.told, ['heartbeat']);
  peer.spoken = peer.heard = true;
  clock.advance(5000);
  t.strictSame(peer.told, ['heartbeat']);
  clock.advance(5000);
  t.strictSame(peer.told, ['heartbeat', 'heartbeat']);
  heartbeat.stop();
});

void t.test('a peer that is silent for two intervals is given up, once', async (t) => {
  const clock = new ManualClock();
  const peer = new Peer();
  peer.spoken = true;
  const heartbeat = new Heartbeat(clock, 10, peer);
  for (let half = 1; half <= 3; half++) {
    peer.spoken = true;
    clock.advance(5000);
  }
  t.strictSame(peer.told, []);
  clock.advance(5000);
  t.strictSame(peer.told, ['silent']);
  clock.advance(60_000);
  t.strictSame(peer.told, ['silent']);
  heartbeat.stop();
});

void t.test('anything that is heard starts the count again', async (t) => {
  const clock = new ManualClock();
  const peer = new Peer();
  const heartbeat = new Heartbeat(clock, 2, peer);
  for (let round = 0; round < 5; round++) {
    clock.advance(3000);
    peer.heard = true;
  }
  t.notOk(peer.told.includes('silent'));
  heartbeat.stop();
});

void t.test('after stop nothing happens any more', async (t) => {
  const clock = new ManualClock();
  const peer = new Peer();
  new Heartbeat(clock, 1, peer).stop();
  clock.advance(100_000);
  t.strictSame(peer.told, []);
});

void t.test('a connection sends heartbeats as negotiated, and ends when none come', async (t) => {
  const world = await BrokerUnderTest.open();
  const client = await world.connect({ heartbeat: 10 });
  // In the first half it has sent connection.open-ok.
  await world.advance(15_000);
  t.strictSame(await client.lines(), ['heartbeat on channel 0', 'heartbeat on channel 0']);
  client.bytes(Buffer.from([8, 0, 0, 0, 0, 0, 0, 0xce]));
  await world.advance(19_999);
  t.equal(client.ended, false);
  await world.advance(5_001);
  t.equal(client.ended, true);
  t.strictSame(world.log.refusals, ['missed heartbeats from the client']);
  t.equal(world.ended.length, 1);
});

void t.test('any frame of the client counts as a heartbeat, and any to it too', async (t) => {
  const world = await BrokerUnderTest.open();
  const client = await world.connect({ heartbeat: 2 });
  const channel = await client.channel();
  for (let i = 0; i < 10; i++) {
    await world.advance(1000 - 1);
    await channel.call('basic.qos');
  }
  t.strictSame(client.leftovers(), []);
  t.equal(client.ended, false);
});

void t.test('an interval of 0 means that nobody sends any, or waits for any', async (t) => {
  const world = await BrokerUnderTest.open();
  const client = await world.connect({ heartbeat: 0 });
  await world.advance(86_400_000);
  t.strictSame(await client.lines(), []);
  t.equal(client.ended, false);
});

void t.test('a client that is not read is not blamed for its silence', async (t) => {
  const world = await BrokerUnderTest.open();
  const client = await world.connect({ heartbeat: 2 });
  const channel = await client.channel(1);
  world.broker.alarms.set('memory', true);
  channel.publish('one');
  await world.rest();
  client.bytes(Buffer.from([8, 0, 0, 0, 0, 0, 0, 0xce]));
  await world.advance(60_000);
  t.equal(client.transport.isPaused, true);
  t.equal(client.ended, false);
  world.broker.alarms.set('memory', false);
  await world.advance(3000);
  t.equal(client.ended, false);
  await world.advance(3000);
  t.equal(client.ended, true);
});
