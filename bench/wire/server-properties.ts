/** What a broker says of itself in connection.start. */
export interface BrokerIdentity {
  readonly product: string;
  readonly version: string;
}

/** Reads the string entries of the field table at `at`; stops at the first type that it does not know. */
export function stringEntries(bytes: Buffer, at: number): Map<string, string> {
  const entries = new Map<string, string>();
  const end = Math.min(bytes.length, at + 4 + bytes.readUInt32BE(at));
  let next = at + 4;
  while (next < end) {
    const keyEnd = next + 1 + bytes[next]!;
    const key = bytes.toString('utf8', next + 1, keyEnd);
    const type = String.fromCharCode(bytes[keyEnd]!);
    const valueAt = keyEnd + 1;
    if (type === 'S')
      entries.set(key, bytes.toString('utf8', valueAt + 4, valueAt + 4 + bytes.readUInt32BE(valueAt)));
    const size = valueSize(type, bytes, valueAt);
    if (size === undefined) break;
    next = valueAt + size;
  }
  return entries;
}

function valueSize(type: string, bytes: Buffer, at: number): number | undefined {
  if (type === 'S' || type === 'F') return 4 + bytes.readUInt32BE(at);
  if (type === 't') return 1;
  if (type === 'I') return 4;
  return undefined;
}

/** `payload`: connection.start from its class id on. */
export function identityOf(payload: Buffer): BrokerIdentity {
  const afterProtocolVersion = 6;
  const entries = stringEntries(payload, afterProtocolVersion);
  const product = entries.get('implementation') ?? entries.get('product') ?? 'unknown';
  const version = entries.get('implementation_version') ?? entries.get('version') ?? 'unknown';
  return { product, version };
}
