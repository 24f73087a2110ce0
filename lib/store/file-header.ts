import { checksum } from './xxh32.js';
import { getUint48, putUint48 } from './record.js';
import { StoreVersionError } from './store-errors.js';

export const FORMAT_VERSION = 1;

export const FILE_KIND = {
  wal: 1,
  segment: 2,
  /** A segment whose messages need not survive a restart. */
  paged: 3,
} as const;

export type FileKind = (typeof FILE_KIND)[keyof typeof FILE_KIND];

/**
 * What a file begins with: two copies of 64 octets in sectors of their own, then records from {@link FILE_START} on.
 *
 *   "WARRENMQ" | version u32 | kind u8 | 0 x 3 | salt u32 | number u48 | 0 u16 | wal u48 | 0 u16
 *   | next queue number u32 | store id 8 octets | 0 x 8 | checksum u32
 */
export interface FileHeader {
  /** One of {@link FILE_KIND}. */
  readonly kind: number;
  /** Seeds every check and checksum in the file. */
  readonly salt: number;
  readonly number: number;
  /** Segments: the oldest WAL file that holds messages of this file, as long as it has no index. */
  readonly wal: number;
  /** No queue had this number or a higher one before. */
  readonly nextQueue: number;
  /** 16 hexadecimal digits, the same in all files of one directory. */
  readonly storeId: string;
}

const MAGIC = 'WARRENMQ';
const HEADER_BYTES = 64;
const COPY_AT = 512;
export const FILE_START = 1024;

export function encodeFileHeader(header: FileHeader): Buffer {
  const bytes = Buffer.alloc(FILE_START);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  bytes.write(MAGIC, 0, 'latin1');
  bytes.writeUInt32LE(FORMAT_VERSION, 8);
  bytes[12] = header.kind;
  bytes.writeUInt32LE(header.salt, 16);
  putUint48(view, 20, header.number);
  putUint48(view, 28, header.wal);
  bytes.writeUInt32LE(header.nextQueue, 36);
  bytes.write(header.storeId, 40, 'hex');
  bytes.writeUInt32LE(checksum(bytes, 0, HEADER_BYTES - 4, 0), HEADER_BYTES - 4);
  bytes.copy(bytes, COPY_AT, 0, HEADER_BYTES);
  return bytes;
}

export interface DecodedHeader {
  /** Undefined when neither copy is readable. */
  readonly header: FileHeader | undefined;
  /** Both copies are as they were written. */
  readonly isIntact: boolean;
}

/** @throws StoreVersionError when a newer version of the broker wrote it. */
export function decodeFileHeader(bytes: Buffer, file: string): DecodedHeader {
  const first = decodeCopy(bytes, 0, file);
  const second = decodeCopy(bytes, COPY_AT, file);
  return { header: first ?? second, isIntact: first !== undefined && second !== undefined };
}

function decodeCopy(bytes: Buffer, at: number, file: string): FileHeader | undefined {
  if (bytes.length < at + HEADER_BYTES || bytes.toString('latin1', at, at + 8) !== MAGIC) return undefined;
  const end = at + HEADER_BYTES - 4;
  if (bytes.readUInt32LE(end) !== checksum(bytes, at, end, 0)) return undefined;
  const version = bytes.readUInt32LE(at + 8);
  if (version > FORMAT_VERSION) throw new StoreVersionError(file, version, FORMAT_VERSION);
  return {
    kind: bytes[at + 12]!,
    salt: bytes.readUInt32LE(at + 16),
    number: getUint48(bytes, at + 20),
    wal: getUint48(bytes, at + 28),
    nextQueue: bytes.readUInt32LE(at + 36),
    storeId: bytes.toString('hex', at + 40, at + 48),
  };
}

const KINDS = [FILE_KIND.wal, FILE_KIND.segment, FILE_KIND.paged] as const;
const EXTENSION = { [FILE_KIND.wal]: 'wal', [FILE_KIND.segment]: 'segment', [FILE_KIND.paged]: 'paged' };

/** `000000000007.wal` */
export function fileName(kind: FileKind, number: number): string {
  return `${String(number).padStart(12, '0')}.${EXTENSION[kind]}`;
}

export interface NumberedFile {
  readonly name: string;
  readonly kind: FileKind;
  readonly number: number;
}

/** Undefined for names that are none of ours. */
export function parseFileName(name: string): NumberedFile | undefined {
  const [, digits, extension] = /^(\d{12})\.(\w+)$/.exec(name) ?? [];
  const kind = KINDS.find((one) => EXTENSION[one] === extension);
  return kind === undefined ? undefined : { name, number: Number(digits), kind };
}
