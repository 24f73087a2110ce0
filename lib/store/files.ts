/** One open file. Every method may be called while others are under way; offsets and lengths are octets. */
export interface StoreFile {
  /** Writes all of it, one buffer behind the other, from `at` on. */
  write(buffers: readonly Uint8Array[], at: number): Promise<void>;
  /** Fills `into` from `at` on; returns how much there was. */
  read(into: Uint8Array, at: number): Promise<number>;
  /** Resolves when everything written before would survive a loss of power (fdatasync). */
  sync(): Promise<void>;
  /** Gives back everything from `size` on. */
  truncate(size: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** The file system as the store needs it. Paths are absolute. */
export interface StoreFiles {
  /** Makes a new file, which must not exist, for reading and writing. */
  create(path: string): Promise<StoreFile>;
  /** As `create`; a write to this file resolves when it would survive a loss of power, without another `sync`. */
  createSynced(path: string): Promise<StoreFile>;
  /** Opens an existing file for reading. */
  open(path: string): Promise<StoreFile>;
  /** Names in the directory; empty when there is no such directory. */
  list(directory: string): Promise<string[]>;
  mkdir(directory: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Octets that still fit on the disk that holds the directory. */
  room(directory: string): Promise<number>;
  /** Makes the directory's entries, new and gone, survive a loss of power. */
  syncDirectory(directory: string): Promise<void>;
}
