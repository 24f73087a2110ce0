/** A key and a text, as one source has them. */
export interface Setting {
  /** As it is written there; dots that are part of a name are written '\.'. */
  readonly key: string;
  readonly text: string;
  /** Where it stands: file:line, the flag, or the variable. */
  readonly origin: string;
}

/** The names that a key is made of. */
export function keyNames(key: string): string[] {
  return key.split(/(?<!\\)\./).map((name) => name.replaceAll(String.raw`\.`, '.'));
}

/** The inverse of {@link keyNames}. */
export function keyOf(names: readonly string[]): string {
  return names.map((name) => name.replaceAll('.', String.raw`\.`)).join('.');
}
