/** A reply text holds 255 bytes; more octets than this could not stand in one. */
const MOST_OCTETS = 128;
const SNIPPET = 16;

/** Octets as RabbitMQ's messages print them: `<<1,2,3>>`. Of very many only the first are printed. */
export function octetsText(bytes: Buffer, start: number, end: number): string {
  return `<<${bytes.subarray(start, Math.min(end, start + MOST_OCTETS)).join(',')}>>`;
}

/** How RabbitMQ's frame errors name a frame: `type 1, all octets = <<0,50,0>>`; of a longer payload the first 16. */
export function frameText(type: number, bytes: Buffer, start: number, end: number): string {
  if (end - start <= SNIPPET) return `type ${type}, all octets = ${readable(bytes, start, end)}`;
  return `type ${type}, first ${SNIPPET} octets = ${readable(bytes, start, start + SNIPPET)}`;
}

// Control characters that are printable to RabbitMQ, with their escapes; the quote and the backslash are escaped too.
const ESCAPES: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
};
const PRINTABLE = /^[\b\t\n\v\f\r\x1b\x20-\x7e\xa0-\xff]+$/; // oxlint-disable-line no-control-regex -- they are what it looks for
const TO_ESCAPE = /[\b\t\n\v\f\r\x1b"\\]/g; // oxlint-disable-line no-control-regex -- as above

/** `<<"text">>` if all octets are printable, else {@link octetsText}. */
function readable(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('latin1', start, end);
  if (!PRINTABLE.test(text)) return octetsText(bytes, start, end);
  return `<<"${text.replace(TO_ESCAPE, (character) => ESCAPES[character]!)}">>`;
}
