import { VarintReader } from './varint.js';

/** Tags of LevelDB's version edits. */
const TAG = {
  comparator: 1,
  logNumber: 2,
  nextFile: 3,
  lastSequence: 4,
  compactPointer: 5,
  deletedFile: 6,
  newFile: 7,
  previousLog: 9,
} as const;

/** Octets by number, of the tables that the records of a MANIFEST leave in use. Throws RangeError. */
export function tablesInUse(records: readonly Buffer[]): ReadonlyMap<number, number> {
  const tables = new Map<number, number>();
  for (const record of records) {
    const reader = new VarintReader(record);
    while (!reader.isAtEnd) applyEdit(reader, tables);
  }
  return tables;
}

function applyEdit(reader: VarintReader, tables: Map<number, number>): void {
  const skipText = (): void => void reader.octets(reader.number());
  switch (reader.number()) {
    case TAG.comparator:
      return skipText();
    case TAG.logNumber:
    case TAG.nextFile:
    case TAG.lastSequence:
    case TAG.previousLog:
      reader.number();
      return undefined;
    case TAG.compactPointer:
      reader.number();
      return skipText();
    case TAG.deletedFile:
      reader.number();
      tables.delete(reader.number());
      return undefined;
    case TAG.newFile: {
      reader.number();
      const number = reader.number();
      tables.set(number, reader.number());
      skipText();
      return skipText();
    }
    default:
      throw new RangeError('an edit of an unknown kind');
  }
}
