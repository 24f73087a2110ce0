import type { Copy } from './crash-copy.js';
import type { Synced } from './crash-sync-order.js';

/** What one tx.commit is to do: all of it or nothing. */
export class TransactionBook implements Synced {
  readonly published: Copy[] = [];
  /** Acknowledged; with what was promised about them before. */
  readonly settled: { readonly copy: Copy; readonly wasPromised: boolean }[] = [];
  /** Infinity once the commit was answered: nothing else tells that it is on disk. */
  synced = 0;
  /** Of `published`: nobody had got it when the broker was killed. */
  #untouched: readonly Copy[] = [];

  settle(copy: Copy): void {
    this.settled.push({ copy, wasPromised: copy.isPromised });
    copy.depart(1, this);
  }

  becomeCommitted(): void {
    this.synced = Infinity;
  }

  /** The broker is dead: from now on it is not known who had what. */
  freeze(): void {
    this.#untouched = this.published.filter(
      ({ deliveredAt, departure }) => deliveredAt === 0 && departure === undefined,
    );
  }

  /** Says what is wrong if only a part of it was done; `found` is everything that is there after a restart. */
  half(found: ReadonlySet<Copy>): string | undefined {
    const arrived = this.published.filter((copy) => found.has(copy));
    const lost = this.#untouched.filter((copy) => !found.has(copy));
    const left = this.settled.filter(({ copy, wasPromised }) => wasPromised && !found.has(copy));
    const stayed = this.settled.filter(({ copy }) => found.has(copy));
    if (arrived.length + left.length === 0 || lost.length + stayed.length === 0) return undefined;
    return (
      `a transaction was committed in part: ${arrived.length} messages arrived, ${lost.length} did not; ` +
      `${left.length} acknowledged ones are gone, ${stayed.length} are not`
    );
  }
}
