import type { ValueType } from './value-type.js';

/** One key, one value. */
export interface Scalar<T> {
  readonly kind: 'scalar';
  readonly type: ValueType<T>;
  readonly default: T;
  /** Shown in place of the default where that is not a constant. */
  readonly defaultText?: string;
  readonly doc: string;
}

/**
 * Keys `family.member` that make one value together. The highest source (flag, environment, file) that has any of
 * them decides it alone: listeners given as flags replace those of the file.
 */
export interface Family<T> {
  readonly kind: 'family';
  /** By the member's name; a name that starts with '$' stands for any. */
  readonly members: Readonly<Record<string, Pick<ValueType<unknown>, 'expects'>>>;
  /** Whether `family = none` may be written. */
  readonly takesNone: boolean;
  readonly default: T;
  readonly defaultText: string;
  readonly doc: string;
  gather(): Gathering<T>;
}

/** The members that one source sets. */
export interface Gathering<T> {
  /** False when the text is not a value of that member. */
  set(member: string, text: string): boolean;
  setNone(): void;
  value(): T;
}

export type Option = Scalar<unknown> | Family<unknown>;

interface FamilyRow<V, T> {
  readonly members: Readonly<Record<string, ValueType<V>>>;
  /** The value of `family = none`, where that may be written. */
  readonly none?: NoInfer<T>;
  readonly default: NoInfer<T>;
  readonly defaultText: string;
  readonly doc: string;
  readonly collect: (values: ReadonlyMap<string, V>) => T;
}

export function scalar<T>(
  type: ValueType<T>,
  byDefault: NoInfer<T>,
  doc: string,
  defaultText?: string,
): Scalar<T> {
  return {
    kind: 'scalar',
    type,
    default: byDefault,
    doc,
    ...(defaultText === undefined ? {} : { defaultText }),
  };
}

/** A key that may be left open; its value is undefined then. */
export function optional<T>(type: ValueType<T>, defaultText: string, doc: string): Scalar<T | undefined> {
  return { kind: 'scalar', type, default: undefined, defaultText, doc };
}

export function family<V, T>(row: FamilyRow<V, T>): Family<T> {
  const { members, default: byDefault, defaultText, doc } = row;
  const takesNone = row.none !== undefined;
  return {
    kind: 'family',
    members,
    takesNone,
    default: byDefault,
    defaultText,
    doc,
    gather: () => gather(row),
  };
}

function gather<V, T>(row: FamilyRow<V, T>): Gathering<T> {
  const values = new Map<string, V>();
  let none = false;
  return {
    set(member, text) {
      const value = memberType(row.members, member)?.parse(text);
      if (value !== undefined) values.set(member, value);
      return value !== undefined;
    },
    setNone() {
      none = true;
    },
    value: () => (none && row.none !== undefined ? row.none : row.collect(values)),
  };
}

/** The type of `family.member`; undefined if the family has no such member. */
export function memberType<T>(members: Readonly<Record<string, T>>, member: string): T | undefined {
  if (Object.hasOwn(members, member)) return members[member];
  return Object.entries(members).find(([name]) => name.startsWith('$'))?.[1];
}

/** The names that were set true. */
export function namesSetTrue(values: ReadonlyMap<string, boolean>): readonly string[] {
  return [...values].filter(([, on]) => on).map(([name]) => name);
}
