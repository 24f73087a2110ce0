/** The message store cannot be opened, read or written; the message is one line for the operator. */
export class StoreError extends Error {
  override readonly name: string = 'StoreError';
}

/** The files were written by a newer version of the broker. */
export class StoreVersionError extends StoreError {
  override readonly name = 'StoreVersionError';

  constructor(file: string, found: number, known: number) {
    super(`${file} has storage format ${found}, this version knows formats up to ${known} only`);
  }
}

/**
 * Writing or syncing failed in a way that cannot be repaired: what was not committed yet may be lost, so it must not
 * be confirmed, and the node has to stop.
 */
export class StoreFailedError extends StoreError {
  override readonly name = 'StoreFailedError';

  constructor(doing: string, cause: unknown) {
    super(
      `${doing} failed, nothing can be kept safe any more: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
}

/** What is left of the disk is needed for something else. */
export class DiskFullError extends StoreError {
  override readonly name = 'DiskFullError';
  readonly code = 'ENOSPC';

  constructor() {
    super('no space left on the disk');
  }
}

/** The disk is full (ENOSPC) or the quota is used up (EDQUOT): worth trying again. */
export function isOutOfSpace(error: unknown): boolean {
  return hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT');
}

/** Whether the system said `code`, such as ENOENT. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
