/** CRC-32C (Castagnoli): the checksum of LevelDB, not the one that zlib has. */
const TABLE = new Int32Array(256);
for (let octet = 0; octet < 256; octet++) {
  let value = octet;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0x82f63b78 ^ (value >>> 1) : value >>> 1;
  TABLE[octet] = value;
}

/** Of bytes[start, end), as LevelDB stores it: turned and moved, so that the checksum of checksums is none. */
export function maskedCrc32c(bytes: Buffer, start: number, end: number): number {
  let c = -1;
  for (let i = start; i < end; i++) c = TABLE[(c ^ bytes[i]!) & 255]! ^ (c >>> 8);
  const crc = ~c;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
