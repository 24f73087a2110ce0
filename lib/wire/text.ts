import { isUtf8 } from 'node:buffer';
import { MalformedTextError } from './wire-error.js';

/**
 * Short strings and keys are bytes on the wire and strings in the broker. Valid UTF-8 decodes as such. A byte that is not
 * part of valid UTF-8 becomes the lone surrogate U+DC00 + byte, which valid UTF-8 can never decode to, so every byte
 * sequence has exactly one string and comes back byte for byte. Routing keys of messages, properties and table keys carry such
 * bytes; methods without content refuse them. Both as RabbitMQ does.
 */
export function decodeText(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end);
  return text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end)) ? escaped(bytes, start, end) : text;
}

/** Text that has to be UTF-8. Throws {@link MalformedTextError} for other bytes. */
export function decodeUtf8(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end);
  if (text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end))) throw new MalformedTextError();
  return text;
}

/** The inverse of {@link decodeText}. Lone surrogates outside U+DC80-U+DCFF, which it never makes, become U+FFFD. */
export function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return isEscaped(text, bytes.length) ? unescaped(text) : bytes;
}

/** Whether `text`, which Node encodes to `encodedLength` bytes, holds bytes that {@link decodeText} had to escape. */
export function isEscaped(text: string, encodedLength: number): boolean {
  return encodedLength !== text.length && ESCAPE.test(text);
}

// With the u flag a surrogate matches only where it stands alone.
const ESCAPE = /[\udc80-\udcff]/u;
const ESCAPE_BASE = 0xdc00;

function escaped(bytes: Buffer, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; ) {
    const length = sequenceLength(bytes, at, end);
    text +=
      length > 0 ? bytes.toString('utf8', at, at + length) : String.fromCharCode(ESCAPE_BASE + bytes[at]!);
    at += Math.max(length, 1);
  }
  return text;
}

function unescaped(text: string): Buffer {
  const parts: Buffer[] = [];
  for (const character of text) {
    parts.push(
      ESCAPE.test(character) ? Buffer.from([character.charCodeAt(0) - ESCAPE_BASE]) : Buffer.from(character),
    );
  }
  return Buffer.concat(parts);
}

/** Bytes of the UTF-8 sequence at `at`, 0 if none begins there. */
function sequenceLength(bytes: Buffer, at: number, end: number): number {
  const first = bytes[at]!;
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return at + length <= end && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}
