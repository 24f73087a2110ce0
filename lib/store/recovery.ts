import { DurableQueueStore } from './durable-queue-store.js';
import { FILE_KIND, type FileHeader, type NumberedFile, parseFileName } from './file-header.js';
import type { StoreFiles } from './files.js';
import { Generation } from './generation.js';
import { Message } from './message.js';
import type { MessageLog } from './message-log.js';
import { eachTarget, readMessage } from './message-record.js';
import { Page, pageStart } from './page.js';
import { eachInside, type QueueFacts, RecoveredFacts } from './recovered-facts.js';
import { RECORD } from './record.js';
import type { Damage, StoreLog } from './store-log.js';
import { readFileHeader, WalFileScan, withFile } from './wal-file.js';

export interface RecoveryOptions {
  readonly directory: string;
  readonly files: StoreFiles;
  readonly log: StoreLog;
  /** Told while recovery goes on: octets of the log read so far, and how many there are. */
  readonly onProgress: (done: number, total: number) => void;
}

interface WalFile {
  readonly name: string;
  readonly header: FileHeader;
  readonly size: number;
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
  /** No queue had this number or a higher one. */
  nextQueue = 1;
  readonly #options: RecoveryOptions;
  readonly #wal: WalFile[] = [];
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
    for (const file of found) if (file.number >= this.nextFile) this.nextFile = file.number + 1;
    await this.#openWal(found.filter((file) => file.kind === FILE_KIND.wal));
    const scans: WalFileScan[] = [];
    for (const file of this.#wal) scans.push(await this.#readFile(file));
    this.#judge(scans);
    this.nextQueue = Math.max(this.nextQueue, this.facts.nextQueue);
  }

  /** The queues with their live messages, for `log` to go on with; the old files become its older generations. */
  async readMessages(log: MessageLog): Promise<Map<string, DurableQueueStore>> {
    const byNumber = new Map<number, RecoveringQueue>();
    for (const facts of this.facts.known()) byNumber.set(facts.number, new RecoveringQueue(facts, log));
    for (const file of this.#wal) {
      const generation = new Generation(file.header.number, file.header.salt);
      generation.size = file.size;
      log.adopt(generation);
      for (const queue of byNumber.values()) queue.place(generation);
      await this.#readMessagesOf(file, generation, byNumber);
    }
    const queues = new Map<string, DurableQueueStore>();
    for (const { queue, pages } of byNumber.values()) {
      queue.adopt(pages.values());
      queues.set(queue.id, queue);
    }
    return queues;
  }

  async #openWal(found: readonly NumberedFile[]): Promise<void> {
    const { directory, files } = this.#options;
    for (const { name, number } of found) {
      await withFile(files, `${directory}/${name}`, async (file) => {
        const { header, intact, size } = await readFileHeader(file, name);
        if (!intact)
          this.damage.push({ file: name, offset: 0, length: Math.min(size, 1024), kind: 'header' });
        if (header === undefined || header.number !== number || header.kind !== FILE_KIND.wal) return;
        this.#wal.push({ name, header, size });
        this.storeId = header.storeId;
        this.nextQueue = Math.max(this.nextQueue, header.nextQueue);
      });
    }
  }

  async #readFile(wal: WalFile): Promise<WalFileScan> {
    const { header } = wal;
    const scan = new WalFileScan((type, bytes, start, end) => {
      this.facts.visit(header.number, type, bytes, start, end);
    });
    await this.#scan(wal, scan);
    return scan;
  }

  async #scan(wal: WalFile, scan: WalFileScan): Promise<void> {
    const { directory, files, onProgress } = this.#options;
    await withFile(files, `${directory}/${wal.name}`, (file) => scan.run(file, wal.header.salt, wal.size));
    this.#done += wal.size;
    onProgress(
      this.#done,
      this.#wal.reduce((sum, { size }) => sum + 2 * size, 0),
    );
  }

  /** Tells torn ends from damage: a file's last batch was synced if the same process began another file after. */
  #judge(scans: readonly WalFileScan[]): void {
    for (const [index, scan] of scans.entries()) {
      const next = scans[index + 1];
      const { name } = this.#wal[index]!;
      this.damage.push(...scan.damage(name, next !== undefined && !next.startsProcess));
    }
  }

  async #readMessagesOf(
    wal: WalFile,
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
    await this.#scan(wal, new WalFileScan(visit));
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
      if (queue === undefined || queue.facts.isSettled(position)) return;
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

/** A queue on its way from records to pages. */
class RecoveringQueue {
  readonly facts: QueueFacts;
  readonly queue: DurableQueueStore;
  readonly pages = new Map<number, Page>();

  constructor(facts: QueueFacts, log: MessageLog) {
    this.facts = facts;
    const { number, next, taken } = facts;
    const returns = new Map([...facts.returns].filter(([position]) => !facts.isSettled(position)));
    this.queue = new DurableQueueStore(facts.id ?? '', true, log, { number, next, taken, returns });
  }

  /** Remembers where the queue's record stands. */
  place(generation: Generation): void {
    if (this.facts.home !== generation.number) return;
    this.queue.facts = generation;
    generation.queues.add(this.queue);
  }

  put(message: Message, position: number, generation: Generation): void {
    const first = pageStart(position);
    let page = this.pages.get(first);
    if (page === undefined) {
      page = new Page(this.queue, first, generation);
      this.pages.set(first, page);
      generation.pages.add(page);
    }
    const slot = position - first;
    while (page.slots.length <= slot) page.slots.push(undefined);
    page.slots[slot] = message;
  }
}
