import { printable } from '../base/printable.js';
import type { DamageLine, DataReport } from '../node/check-data.js';

const WHAT: Readonly<Record<DamageLine['kind'], string>> = {
  torn: 'torn end, never confirmed',
  record: 'unreadable record',
  header: 'unreadable file header',
  index: 'unreadable index',
};

/** Everything that was ever confirmed can be read. */
export function isSound({ damage, definitionDamage }: DataReport): boolean {
  return damage.length + definitionDamage.length === 0;
}

/** What `--check` prints. */
export function reportText(report: DataReport): string {
  const { directory, queues, strays, files, damage, definitionDamage, torn } = report;
  const messages = sum(queues.map((queue) => queue.messages));
  const places = damage.length + definitionDamage.length;
  const octets = sum(files.map((file) => file.octets));
  const parts = [
    `${directory}: ${count(queues.length, 'queue')}, ${count(messages, 'message')}, ${count(files.length, 'file')}, ${octets} bytes`,
    table(
      ['vhost', 'queue', 'messages', 'bytes'],
      queues.map((queue) => [queue.vhost, queue.name, queue.messages, queue.bytes]),
    ),
    table(
      ['file', 'bytes'],
      files.map((file) => [file.name, file.octets]),
    ),
  ];
  if (strays.messages > 0)
    parts.push(`${count(strays.messages, 'message')} of deleted queues, which a start will drop`);
  parts.push(
    [...definitionDamage.map((line) => `definitions, ${line}`), ...[...torn, ...damage].map(damageText)].join(
      '\n',
    ),
  );
  parts.push(places === 0 ? 'no damage' : count(places, 'damaged place'));
  return parts
    .filter((part) => part !== '')
    .map((part) => `${part}\n`)
    .join('\n');
}

function damageText({ file, offset, length, kind, queue }: DamageLine): string {
  const owner =
    queue === undefined ? '' : ` of queue '${printable(queue.name)}' in vhost '${printable(queue.vhost)}'`;
  return `${file}: ${count(length, 'byte')} from offset ${offset}: ${WHAT[kind]}${owner}`;
}

/** Columns of texts to the left and of numbers to the right; empty without rows. */
function table(heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  if (rows.length === 0) return '';
  const cells = rows.map((row) => row.map((cell) => printable(String(cell))));
  const widths = heads.map((head, at) => longest(head, cells, at));
  const isNumber = rows[0]!.map((cell) => typeof cell === 'number');
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, at) => (isNumber[at] ? text.padStart(widths[at]!) : text.padEnd(widths[at]!)))
      .join('  ')
      .trimEnd();
  return [heads, ...cells].map(line).join('\n');
}

function longest(head: string, rows: readonly (readonly string[])[], at: number): number {
  return rows.reduce((width, row) => Math.max(width, row[at]!.length), head.length);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

const count = (many: number, what: string): string => `${many} ${what}${many === 1 ? '' : 's'}`;
