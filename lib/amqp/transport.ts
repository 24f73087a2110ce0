/** The byte stream under a connection: a socket, or its in-memory twin in specs. */
export interface Transport {
  /** Sends in order. The transport may keep `bytes` until `pending` is back at 0. */
  write(bytes: Buffer): void;
  /** Like so many writes, in one system call where that is possible. */
  writeAll(chunks: readonly Buffer[]): void;
  /** Octets written and not taken by the peer's side yet. */
  readonly pending: number;
  /** So much is pending that `drained` is certain to be called. */
  readonly isFull: boolean;
  /** Stops and restarts the calls to `receive`; at most one chunk may still follow a pause. */
  pause(): void;
  resume(): void;
  /** Closes after everything written was sent. */
  end(): void;
  /** Closes now. */
  destroy(): void;
  readonly peer: Endpoint;
  readonly local: Endpoint;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What a transport tells its connection. */
export interface TransportEvents {
  receive(chunk: Buffer): void;
  /** `pending` is 0 again; certain only after `isFull`. */
  drained(): void;
  /** Nothing more will be received or sent. */
  closed(): void;
}
