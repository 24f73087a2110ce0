/** Where the store tells the operator what it met. A pino logger fits. */
export interface StoreLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export const nullLog: StoreLog = { info: () => {}, warn: () => {}, error: () => {} };

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
