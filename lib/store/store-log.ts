/** Where the store tells the operator what it met. A pino logger fits. */
export interface StoreLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export const nullLog: StoreLog = { info: () => {}, warn: () => {}, error: () => {} };

/** Tells the operator of damage; a torn end is no damage, but it explains what is missing from the log. */
export function tellDamage(log: StoreLog, damage: Damage): void {
  if (damage.kind === 'torn') log.info(damage, 'a torn end was left out: nothing in it was ever confirmed');
  else log.warn(damage, 'unreadable octets were skipped');
}

/** Something unreadable that recovery or reading had to step over. */
export interface Damage {
  /** File name inside the store's directory. */
  readonly file: string;
  /** Octets from the beginning of the file. */
  readonly offset: number;
  readonly length: number;
  /** Id of the queue it belonged to, where that is known. */
  readonly queue?: string;
  /**
   * `torn`: the end of what was being written when the node died, never confirmed to anybody. Everything else was
   * once sound.
   */
  readonly kind: 'torn' | 'record' | 'header' | 'index';
}
