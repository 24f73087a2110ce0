import { appendProgressRecord } from './progress-record.js';
import type { RecordBuffer } from './record-buffer.js';
import { SettledRanges } from './settled-ranges.js';
import type { StoredEntry } from './stored-entry.js';

/** What consumers did to a queue since the log was told last. */
export class QueueProgress {
  readonly #settled = new SettledRanges();
  /** Entries of which the log has to learn how often they came back. */
  #noted: StoredEntry[] = [];
  #dirty = false;

  /** True when this was the first thing since the last `write`. */
  touch(): boolean {
    if (this.#dirty) return false;
    this.#dirty = true;
    return true;
  }

  /** As `SettledRanges.add`. */
  settle(position: number, wanted: boolean): boolean {
    return this.#settled.add(position, wanted);
  }

  /** All of [from, to) is settled. */
  settleRange(from: number, to: number): void {
    this.#settled.addRange(from, to);
  }

  /** False when the entry is to be told of already. */
  noteReturn(entry: StoredEntry): boolean {
    if (entry.noted) return false;
    entry.noted = true;
    this.#noted.push(entry);
    return true;
  }

  forgetSettled(): void {
    this.#settled.clear();
  }

  /** Writes one record, unless the queue has no `number`; begins anew in either case. */
  write(buffer: RecordBuffer, number: number, taken: number): void {
    this.#dirty = false;
    if (number !== 0) {
      const returned = this.#noted.flatMap((entry) => [entry.position, entry.returnsAfterCrash]);
      appendProgressRecord(buffer, number, taken, this.#settled.pairs(), returned);
    }
    this.#settled.clear();
    for (const entry of this.#noted) entry.noted = false;
    if (this.#noted.length > 0) this.#noted = [];
  }
}
