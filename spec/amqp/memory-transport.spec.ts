import tap from 'tap';
import { type Ends, ToldEvents, transportContract } from '../contracts/transport.js';
import { MemoryTransport } from '../support/memory-transport.js';

async function connected(): Promise<Ends> {
  const transport = new MemoryTransport();
  const told = new ToldEvents();
  transport.attach(told);
  const chunks: Buffer[] = [];
  const settle = (): void => {
    transport.deliver();
    chunks.push(transport.taken());
  };
  const peer = {
    send: (bytes: Buffer) => transport.send(bytes),
    stopReading: () => transport.hold(),
    read: () => transport.take(),
    end: () => transport.hangUp(),
    get received() {
      return Buffer.concat(chunks);
    },
    get sawEnd() {
      return transport.isEnded;
    },
  };
  return { transport, told, peer, settle };
}

transportContract(tap, connected);
