/** Octets of a time stamp at the beginning of a body: seconds and nanoseconds of the machine's monotonic clock. */
export const STAMP_SIZE = 8;

export function writeStamp(bytes: Buffer, at: number): void {
  const [seconds, nanoseconds] = process.hrtime();
  bytes.writeUInt32BE(seconds, at);
  bytes.writeUInt32BE(nanoseconds, at + 4);
}

/** Milliseconds since the stamp at `at` was written, in whichever process of this machine. */
export function sinceStamp(bytes: Buffer, at: number): number {
  const [seconds, nanoseconds] = process.hrtime();
  return (seconds - bytes.readUInt32BE(at)) * 1000 + (nanoseconds - bytes.readUInt32BE(at + 4)) / 1e6;
}
