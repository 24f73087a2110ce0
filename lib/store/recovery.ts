import type { DurableQueueStore } from './durable-queue-store.js';
import { FILE_KIND, type NumberedFile, parseFileName } from './file-header.js';
import type { StoreFile, StoreFiles } from './files.js';
import { Generation } from './generation.js';
import type { Message } from './message.js';
import type { MessageLog } from './message-log.js';
import { eachTarget, readMessage } from './message-record.js';
import type { Pager } from './pager.js';
import { eachInside, RecoveredFacts } from './recovered-facts.js';
import type { RecoveredSegments } from './recovered-segments.js';
import { RecoveringQueue } from './recovering-queue.js';
import { RECORD } from './record.js';
import type { Damage } from './store-log.js';
import { type FoundWal, readFileHeader, WalFileScan, withFile } from './wal-file.js';
import { type Span, WalStretches } from './wal-stretches.js';

export interface RecoveryOptions {
  readonly directory: string;
  readonly files: StoreFiles;
  /** Told while recovery goes on: octets of the log read so far, and how many there are. */
  readonly onProgress: (done: number, total: number) => void;
}

const SLAB = 64 * 1024;

/** Reads what an earlier process left: first the facts about the queues, then the messages that are still live. */
export class Recovery {
  readonly damage: Damage[] = [];
  readonly facts = new RecoveredFacts();
  /** Undefined in an empty directory. */
  storeId: string | undefined;
  /** Above the number of every file. */
  nextFile = 1;
  /** All WAL files below this number had retired. */
  #oldestWal = 0;
  /** What the last process said of the segments, if it stopped in good order: those below this number are complete. */
  completeBelow = 0;
  readonly #options: RecoveryOptions;
  /** In order of their numbers. */
  segmentFiles: readonly NumberedFile[] = [];
  /** The WAL files, the oldest first. */
  readonly generations: Generation[] = [];
  readonly #wal: FoundWal[] = [];
  /** Where the messages stand, for each of #wal. */
  readonly #stretches: WalStretches[] = [];
  #slab = Buffer.alloc(0);
  #slabAt = 0;
  #done = 0;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** @throws StoreVersionError when a file was written by a newer version of the broker. */
  async readFacts(): Promise<void> {
    const { directory, files } = this.#options;
    const names = await files.list(directory);
    const found = names.map(parseFileName).filter((file) => file !== undefined);
    found.sort((a, b) => a.number - b.number);
    const wal = found.filter((file) => file.kind === FILE_KIND.wal);
    this.segmentFiles = found.filter((file) => file.kind !== FILE_KIND.wal);
    this.nextFile = (wal.at(-1)?.number ?? 0) + 1;
    await this.#openWal(wal);
    const scans: WalFileScan[] = [];
    for (const file of this.#wal) scans.push(await this.#readFile(file));
    await this.#syncLast();
    this.#judge(scans);
    this.#oldestWal = Math.max(0, ...scans.map(({ oldest }) => oldest));
    this.completeBelow = scans.at(-1)?.closedAt ?? 0;
  }

  hasWal(number: number): boolean {
    return number >= this.#oldestWal && this.#wal.some((file) => file.number === number);
  }

  /** The queues with their live messages, for `log` to go on with; the old files become its older generations. */
  async readMessages(
    log: MessageLog,
    pager: Pager,
    segments: RecoveredSegments,
  ): Promise<DurableQueueStore[]> {
    const queues = new Map<number, RecoveringQueue>();
    for (const facts of this.facts.known()) queues.set(facts.number, new RecoveringQueue(facts, log, pager));
    await segments.place(queues, log.mentions);
    for (const number of this.facts.superseded()) if (log.mentions.has(number)) log.writeRemoved(number);
    for (const [index, generation] of this.generations.entries()) {
      for (const queue of queues.values()) queue.placeFacts(generation);
      generation.removed.push(...this.facts.removedBy(generation.number));
      await this.#readMessagesOf(index, generation, queues);
    }
    return [...queues.values()].map((queue) => queue.finish());
  }

  async #openWal(found: readonly NumberedFile[]): Promise<void> {
    const { directory, files } = this.#options;
    for (const { name, number } of found) {
      await withFile(files, `${directory}/${name}`, async (file) => {
        const { header, isIntact, size } = await readFileHeader(file, name);
        this.#wal.push({ name, number, header, isIntact, size });
        const generation = new Generation(number, header?.salt ?? 0);
        generation.size = size;
        generation.hasFile = true;
        this.generations.push(generation);
        if (header === undefined) return;
        this.storeId = header.storeId;
        this.facts.nextQueue = Math.max(this.facts.nextQueue, header.nextQueue);
      });
    }
  }

  /** What a killed process had written and not synced counts from now on, so it has to be safe. */
  async #syncLast(): Promise<void> {
    const last = this.#wal.at(-1);
    if (last === undefined) return;
    const { directory, files } = this.#options;
    await withFile(files, `${directory}/${last.name}`, (file) => file.sync());
  }

  async #readFile(wal: FoundWal): Promise<WalFileScan> {
    const stretches = new WalStretches();
    this.#stretches.push(stretches);
    const scan = new WalFileScan(
      (type, bytes, start, end, offset) => {
        stretches.enter(offset, offset + end - start);
        this.facts.visit(wal.number, type, bytes, start, end, stretches);
      },
      () => stretches.interrupt(),
    );
    const { header, size } = wal;
    if (header !== undefined) await this.#withWal(wal, (file) => scan.run(file, header.salt, size));
    return scan;
  }

  /** Calls `use` with the open file and counts it as read after. */
  async #withWal({ name, size }: FoundWal, use: (file: StoreFile) => Promise<void>): Promise<void> {
    const { directory, files, onProgress } = this.#options;
    await withFile(files, `${directory}/${name}`, use);
    this.#done += size;
    onProgress(
      this.#done,
      this.#wal.reduce((sum, one) => sum + 2 * one.size, 0),
    );
  }

  /** Tells torn ends from damage: a file's last batch was synced if the same process began another file after. */
  #judge(scans: readonly WalFileScan[]): void {
    for (const [index, scan] of scans.entries()) {
      const isSynced = scans[index + 1]?.startsProcess === false;
      this.damage.push(...scan.damage(this.#wal[index]!, isSynced));
    }
  }

  async #readMessagesOf(
    index: number,
    generation: Generation,
    queues: ReadonlyMap<number, RecoveringQueue>,
  ): Promise<void> {
    const visit = (type: number, bytes: Buffer, start: number, end: number): void => {
      if (type === RECORD.transaction) {
        eachInside(bytes, start, end, (inner, from, to) => visit(inner, bytes, from, to));
      } else if (type === RECORD.message) {
        this.#placeMessage(bytes, start, end, generation, queues);
      }
    };
    const isNeeded = (span: Span): boolean => queues.get(span.queue)?.lacksAny(span) ?? false;
    await this.#withWal(this.#wal[index]!, (file) => this.#stretches[index]!.read(file, isNeeded, visit));
  }

  #placeMessage(
    bytes: Buffer,
    start: number,
    end: number,
    generation: Generation,
    queues: ReadonlyMap<number, RecoveringQueue>,
  ): void {
    let message: Message | undefined;
    eachTarget(bytes, start, (number, position) => {
      const queue = queues.get(number);
      if (queue === undefined || !queue.lacks(position)) return;
      message ??= this.#keep(readMessage(bytes, start, end));
      queue.put(message, position, generation);
    });
  }

  /** The same message in memory of our own. */
  #keep(message: Message): Message {
    const length = message.end - message.start;
    if (this.#slab.length - this.#slabAt < length) {
      this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB, length));
      this.#slabAt = 0;
    }
    const at = this.#slabAt;
    this.#slabAt += length;
    message.bytes.copy(this.#slab, at, message.start, message.end);
    return message.movedTo(this.#slab, at);
  }
}
