import type { StoreFile } from './files.js';

/** A stretch ends where it is longer, in octets. */
const STRETCH = 1 << 20;
/** A stretch with messages of more queues does not tell which they are. */
const MOST_QUEUES = 8;

/** Messages of one queue: none of them stands outside of positions [first, last]. */
export interface Span {
  readonly queue: number;
  first: number;
  last: number;
}

/** Sound records in [offset, end) of a WAL file, one behind the other. */
interface Stretch {
  readonly offset: number;
  end: number;
  /** Undefined when there are too many. */
  spans: Span[] | undefined;
}

/** Where a WAL file has messages, so that a second reading can leave out what nobody needs, and need not check. */
export class WalStretches {
  readonly #all: Stretch[] = [];
  #current: Stretch | undefined;
  #offset = 0;
  #end = 0;

  /** What is added from here on stands in the sound record in [offset, end) of the file. */
  enter(offset: number, end: number): void {
    this.#offset = offset;
    this.#end = end;
  }

  add(queue: number, position: number): void {
    const stretch = this.#reach();
    const { spans } = stretch;
    if (spans === undefined) return;
    for (const span of spans) {
      if (span.queue !== queue) continue;
      if (position < span.first) span.first = position;
      if (position > span.last) span.last = position;
      return;
    }
    if (spans.length === MOST_QUEUES) stretch.spans = undefined;
    else spans.push({ queue, first: position, last: position });
  }

  /** What follows does not stand right behind what was there before. */
  interrupt(): void {
    this.#current = undefined;
  }

  /** Calls `visit` with the records of each stretch of which one span is needed, in order. */
  async read(
    file: StoreFile,
    isNeeded: (span: Span) => boolean,
    visit: (type: number, bytes: Buffer, start: number, end: number) => void,
  ): Promise<void> {
    const needed = this.#all.filter(({ spans }) => spans === undefined || spans.some(isNeeded));
    let next = needed.length > 0 ? readStretch(file, needed[0]!) : undefined;
    for (let i = 0; next !== undefined; i++) {
      const bytes = await next;
      // The disk is at work while this one is looked at.
      next = i + 1 < needed.length ? readStretch(file, needed[i + 1]!) : undefined;
      visitTrusted(bytes, visit);
    }
  }

  /** The stretch of the record that was entered. */
  #reach(): Stretch {
    let stretch = this.#current;
    if (stretch === undefined || this.#end - stretch.offset > STRETCH) {
      stretch = { offset: this.#offset, end: this.#end, spans: [] };
      this.#current = stretch;
      this.#all.push(stretch);
    }
    stretch.end = this.#end;
    return stretch;
  }
}

async function readStretch(file: StoreFile, { offset, end }: Stretch): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(end - offset);
  const filled = await file.read(bytes, offset);
  if (filled < bytes.length) throw new Error(`file ended ${bytes.length - filled} octets early`);
  return bytes;
}

function visitTrusted(
  bytes: Buffer,
  visit: (type: number, bytes: Buffer, start: number, end: number) => void,
): void {
  for (let at = 0; at < bytes.length; ) {
    const end = at + bytes.readUInt32LE(at + 4);
    visit(bytes[at + 8]!, bytes, at, end);
    at = end;
  }
}
