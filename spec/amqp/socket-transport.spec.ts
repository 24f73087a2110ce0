import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import tap, { type Test } from 'tap';
import { SocketTransport } from '../../lib/amqp/socket-transport.js';
import { type Ends, type Peer, ToldEvents, transportContract } from '../contracts/transport.js';
import { eventually } from '../support/eventually.js';

/** The client's end of a TCP connection. */
class SocketPeer implements Peer {
  readonly #socket: Socket;
  readonly #chunks: Buffer[] = [];
  sawEnd = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    socket.on('end', () => {
      this.sawEnd = true;
    });
    socket.on('error', () => {});
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  send(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  stopReading(): void {
    this.#socket.pause();
  }

  read(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }
}

/** A TCP connection over the loopback address; the server's end as a transport. */
async function connected(t: Test): Promise<Ends> {
  const server = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const socket = await accepted;
  t.teardown(() => {
    client.destroy();
    socket.destroy();
    server.close();
  });
  const transport = new SocketTransport(socket);
  const told = new ToldEvents();
  transport.attach(told);
  return { transport, told, peer: new SocketPeer(client), settle: () => {} };
}

transportContract(tap, connected);

void tap.test('a client that shuts its sending half down still gets its answers', async (t) => {
  const { transport, told, peer } = await connected(t);
  // Answers leave at the end of the turn in which the question was read.
  told.receive = () => void setImmediate(() => transport.write(Buffer.from('answer')));
  peer.send(Buffer.from('last question'));
  peer.end();
  await eventually('the end', () => peer.sawEnd);
  t.equal(peer.received.toString(), 'answer');
  await eventually('closed', () => told.closes === 1);
});

void tap.test('what is written after its end is lost, and cuts off nothing before it', async (t) => {
  const { transport, told, peer } = await connected(t);
  transport.write(Buffer.alloc(4_000_000));
  transport.end();
  transport.write(Buffer.from('too late'));
  transport.writeAll([Buffer.from('too late')]);
  await eventually('the end', () => peer.sawEnd);
  t.equal(peer.received.length, 4_000_000);
  peer.end();
  await eventually('closed', () => told.closes === 1);
});
