import { readFileSync } from 'node:fs';

const DOCUMENT = readFileSync(new URL('../../../docs/storage-format.md', import.meta.url), 'utf8');

/** One line of an example: some octets and what they are. */
export interface DocumentedField {
  readonly octets: Buffer;
  /** `u8` to `u48`, `text` or `octets`. */
  readonly type: string;
  /** Undefined for octets. */
  readonly value: string | undefined;
  readonly line: string;
}

export interface Example {
  readonly octets: Buffer;
  readonly fields: readonly DocumentedField[];
}

/** The examples of docs/storage-format.md by their names. */
export function examples(): ReadonlyMap<string, Example> {
  const blocks = [...DOCUMENT.matchAll(/^```hex (\S+)\n([^]*?)^```$/gm)];
  return new Map(
    blocks.map(([, name = '', text = '']) => {
      const fields = fieldsOf(text.trimEnd().split('\n'));
      return [name, { fields, octets: Buffer.concat(fields.map(({ octets }) => octets)) }];
    }),
  );
}

function fieldsOf(lines: readonly string[]): DocumentedField[] {
  const fields: DocumentedField[] = [];
  for (const line of lines) {
    const [, hex = '', type, value] =
      /^((?:[0-9a-f]{2} ?)+)(?: +(\w+) [^=,]*?(?: = ("[^"]*"|\w+))?(?:,.*)?)?$/.exec(line) ?? [];
    if (hex === '') throw new Error(`not a line of an example: ${line}`);
    const octets = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    const last = fields.at(-1);
    if (type !== undefined) fields.push({ octets, type, value, line });
    else if (last !== undefined)
      fields[fields.length - 1] = { ...last, octets: Buffer.concat([last.octets, octets]) };
  }
  return fields;
}

/** Numbers by name, of the table whose first heading is this one. */
export function numberedTable(heading: string): Readonly<Record<string, number>> {
  const [, rows = ''] =
    new RegExp(`^\\| ${heading} \\| name .*\\n\\|[-|]+\\n((?:\\|.*\\n)+)`, 'm').exec(DOCUMENT) ?? [];
  const cells = rows
    .trimEnd()
    .split('\n')
    .map((row) => row.split('|').map((cell) => cell.trim()));
  return Object.fromEntries(cells.map(([, number, name]) => [name, Number(number)]));
}
