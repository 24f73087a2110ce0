import { Ring } from '../base/ring.js';
import type { Page } from './page.js';
import { loadPage } from './page-loader.js';
import type { SegmentReader } from './segment-reader.js';
import type { Damage } from './store-log.js';

/** So many pages are read at a time: each takes its memory while it waits for the disk. */
const READS = 16;

/**
 * Reads pages, and keeps account of those that stand in memory although they stand in a segment as well: their
 * memory can be given back at any time.
 */
export class LoadedPages {
  readonly #reader: SegmentReader;
  readonly #report: (damage: Damage) => void;
  readonly #loaded: () => void;
  readonly #wanted = new Ring<Page>();
  #reading = 0;
  /** In order of the reading, with the head that the page had when it was last looked at. */
  readonly #heads = new Map<Page, number>();

  /** @param loaded called after each page */
  constructor(reader: SegmentReader, report: (damage: Damage) => void, loaded: () => void) {
    this.#reader = reader;
    this.#report = report;
    this.#loaded = loaded;
  }

  /** Reads the page's fresh messages and tells its queue. */
  load(page: Page): void {
    if (page.loading) return;
    page.loading = true;
    this.#wanted.push(page);
    this.#readNext();
  }

  /** The page is in memory and in a segment. */
  add(page: Page): void {
    this.#heads.set(page, page.head);
  }

  delete(page: Page): void {
    this.#heads.delete(page);
  }

  /**
   * Unloads pages, the oldest first, as long as `isShort` says so of the octets given back up to there; returns
   * them. The newest is spared, somebody is about to use it; and so is one from which something was taken since the
   * last look.
   */
  giveBack(isShort: (given: number) => boolean): number {
    let given = 0;
    for (let left = this.#heads.size - 1; left > 0 && isShort(given); left--) {
      const [page, head] = this.#heads.entries().next().value!;
      this.#heads.delete(page);
      if (!page.resident) continue;
      if (page.head !== head) {
        this.add(page);
        continue;
      }
      given += page.cost();
      page.unload();
    }
    return given;
  }

  #readNext(): void {
    while (this.#reading < READS) {
      const page = this.#wanted.shift();
      if (page === undefined) return;
      if (!page.loading) continue;
      this.#reading++;
      void loadPage(page, this.#reader).then((loaded) => {
        this.#reading--;
        if (page.loading) {
          // What could not be read the first time is not missed the second time.
          if (loaded.count < page.unread) for (const damage of loaded.damage) this.#report(damage);
          this.add(page);
          page.queue.pageLoaded(page, loaded);
          this.#loaded();
        }
        this.#readNext();
      });
    }
  }
}
