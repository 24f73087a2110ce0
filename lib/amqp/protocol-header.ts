import { PROTOCOL_HEADER } from '../wire/constants.js';

/** 0-9-1, and 0-9 in its two notations, which RabbitMQ takes as well. */
const ACCEPTED = [
  PROTOCOL_HEADER,
  Buffer.from([0x41, 0x4d, 0x51, 0x50, 1, 1, 0, 9]),
  Buffer.from([0x41, 0x4d, 0x51, 0x50, 1, 1, 8, 0]),
];

/** The first eight octets of a connection. [AMQP 4.2.2] */
export class ProtocolHeader {
  #bytes = Buffer.alloc(0);

  /** Takes bytes until there are eight; returns what follows them, or undefined while more are needed. */
  read(chunk: Buffer): Buffer | undefined {
    const bytes = Buffer.concat([this.#bytes, chunk]);
    this.#bytes = bytes.subarray(0, PROTOCOL_HEADER.length);
    return bytes.length < PROTOCOL_HEADER.length ? undefined : bytes.subarray(PROTOCOL_HEADER.length);
  }

  get isAccepted(): boolean {
    return ACCEPTED.some((accepted) => accepted.equals(this.#bytes));
  }

  /** For the operator. */
  get text(): string {
    return JSON.stringify(this.#bytes.toString('latin1'));
  }
}
