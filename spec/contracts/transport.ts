import type { Test } from 'tap';
import type { Transport, TransportEvents } from '../../lib/amqp/transport.js';
import { eventually } from '../support/eventually.js';

/** The other end of a transport. */
export interface Peer {
  send(bytes: Buffer): void;
  /** Everything that has come, in order. */
  readonly received: Buffer;
  /** From now on it takes nothing; `read` goes back to taking everything. */
  stopReading(): void;
  read(): void;
  /** Its own half is over. */
  end(): void;
  /** The transport's half is over. */
  readonly sawEnd: boolean;
}

export interface Ends {
  readonly transport: Transport;
  readonly peer: Peer;
  readonly told: ToldEvents;
  /** Lets what was sent arrive, where that does not happen by itself. */
  readonly settle: () => void;
}

/** What the transport told its connection. */
export class ToldEvents implements TransportEvents {
  chunks: Buffer[] = [];
  drains = 0;
  closes = 0;

  receive(chunk: Buffer): void {
    this.chunks.push(Buffer.from(chunk));
  }

  drained(): void {
    this.drains++;
  }

  closed(): void {
    this.closes++;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

const LARGE = 8_000_000;

/** Until `probe` holds, while what was sent arrives. */
function until(what: string, { settle }: Ends, probe: () => boolean): Promise<boolean> {
  return eventually(what, () => {
    settle();
    return probe();
  });
}

/** What every {@link Transport} does. `open` makes a connected one. */
export function transportContract(tap: Test, open: (t: Test) => Promise<Ends>): void {
  void tap.test('what is written arrives in order', async (t) => {
    const ends = await open(t);
    const { transport, peer } = ends;
    transport.write(Buffer.from('one '));
    transport.writeAll([Buffer.from('two '), Buffer.from('three ')]);
    transport.write(Buffer.from('four'));
    await until('all', ends, () => peer.received.toString() === 'one two three four');
    await until('nothing pending', ends, () => transport.pending === 0);
  });

  void tap.test('what the peer sends is received', async (t) => {
    const ends = await open(t);
    ends.peer.send(Buffer.from('hello'));
    await until('hello', ends, () => ends.told.bytes.toString() === 'hello');
  });

  void tap.test('a peer that does not read leaves it pending, and taking it is told', async (t) => {
    const ends = await open(t);
    const { transport, peer, told } = ends;
    peer.stopReading();
    transport.writeAll(Array.from({ length: 80 }, (_, at) => Buffer.alloc(LARGE / 80, at)));
    ends.settle();
    t.ok(transport.pending > 0);
    t.equal(transport.isFull, true);
    t.equal(told.drains, 0);
    peer.read();
    await until('the drain', ends, () => told.drains > 0);
    t.equal(transport.pending, 0);
    t.equal(transport.isFull, false);
    await until('all', ends, () => peer.received.length === LARGE);
    t.equal(peer.received[LARGE - 1], 79);
  });

  void tap.test('after a pause little more is received, and after resume everything', async (t) => {
    const ends = await open(t);
    const { transport, peer, told } = ends;
    transport.pause();
    peer.send(Buffer.from('early'));
    transport.write(Buffer.from('x'));
    await until('the answer', ends, () => peer.received.length === 1);
    t.ok(told.chunks.length <= 1);
    transport.resume();
    peer.send(Buffer.from(' late'));
    await until('both', ends, () => told.bytes.toString() === 'early late');
  });

  void tap.test('end sends what was written before it', async (t) => {
    const ends = await open(t);
    const { transport, peer } = ends;
    transport.write(Buffer.from('last words'));
    transport.end();
    await until('the end', ends, () => peer.sawEnd);
    t.equal(peer.received.toString(), 'last words');
  });

  void tap.test('it is closed, once, when both halves are over', async (t) => {
    const ends = await open(t);
    ends.transport.end();
    await until('the end', ends, () => ends.peer.sawEnd);
    ends.peer.end();
    await until('closed', ends, () => ends.told.closes === 1);
    ends.transport.destroy();
    ends.settle();
    t.equal(ends.told.closes, 1);
  });

  void tap.test('destroy closes it now', async (t) => {
    const ends = await open(t);
    ends.transport.destroy();
    await until('closed', ends, () => ends.told.closes === 1);
    ends.transport.write(Buffer.from('into nothing'));
    ends.transport.writeAll([Buffer.from('into nothing')]);
    t.equal(ends.told.closes, 1);
  });

  void tap.test('it knows the addresses of both ends', async (t) => {
    const { transport } = await open(t);
    for (const { host, port } of [transport.peer, transport.local]) {
      t.equal(host, '127.0.0.1');
      t.ok(port > 0);
    }
  });
}
