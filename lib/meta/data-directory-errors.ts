/** The definitions on disk cannot be opened, read or written; the message is one line for the operator. */
export class DataDirectoryError extends Error {
  override readonly name: string = 'DataDirectoryError';
}

/** Another process holds the data directory. */
export class DataDirectoryInUseError extends DataDirectoryError {
  override readonly name = 'DataDirectoryInUseError';

  constructor(directory: string, cause: unknown) {
    super(`definitions in ${directory} are in use by another node`, { cause });
  }
}

/** The directory was written by a newer version of the broker. */
export class DataDirectoryFormatError extends DataDirectoryError {
  override readonly name = 'DataDirectoryFormatError';

  constructor(directory: string, found: string, known: string) {
    super(`definitions in ${directory} have format ${found}, this version knows format ${known} only`);
  }
}
