import type { Message } from './message.js';
import { onlyTarget, readMessage, readReturns } from './message-record.js';
import type { Page } from './page.js';
import { RECORD } from './record.js';
import { visitRecords } from './record-scanner.js';
import type { SegmentReader } from './segment-reader.js';
import type { Damage } from './store-log.js';

/** A page's fresh messages as they were read. */
export interface LoadedPage {
  /** By slot; empty below the page's head. */
  readonly messages: readonly (Message | undefined)[];
  /** How many they are. */
  readonly count: number;
  /** How often a message had come back, by slot, where it had. */
  readonly returns: ReadonlyMap<number, number>;
  readonly damage: readonly Damage[];
}

/** Reads what of the page is on disk only. What cannot be read is left out and told. */
export async function loadPage(page: Page, reader: SegmentReader): Promise<LoadedPage> {
  const run = page.run!;
  const file = run.segment.name;
  const damage: Damage[] = [];
  const report = (offset: number, length: number): void => {
    damage.push({ file, offset, length, queue: page.queue.id, kind: 'record' });
  };
  const messages: (Message | undefined)[] = new Array<Message | undefined>(page.head);
  const returns = new Map<number, number>();
  let found = 0;
  const bytes = await reader.read(run);
  visitRecords(bytes, run.segment.salt, {
    record(type, _bytes, start, end) {
      if (type !== RECORD.message) return;
      const slot = onlyTarget(bytes, start).position - page.first;
      if (slot < page.head || slot >= page.size || page.mask?.has(slot) === false) return;
      while (messages.length <= slot) messages.push(undefined);
      messages[slot] = readMessage(bytes, start, end);
      found++;
      const count = readReturns(bytes, start);
      if (count > 0) returns.set(slot, count);
    },
    bad: (offset, length) => report(run.offset + offset, length),
  });
  if (bytes.length < run.length) report(run.offset + bytes.length, run.length - bytes.length);
  return { messages, count: found, returns, damage };
}
