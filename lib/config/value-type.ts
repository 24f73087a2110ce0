import { isIP } from 'node:net';

/** How the text of a value is read. */
export interface ValueType<T> {
  /** Completes "expected ...". */
  readonly expects: string;
  /** Undefined when the text is not such a value. */
  parse(text: string): T | undefined;
}

/** `host` undefined: every address of the machine, IPv6 and IPv4. */
export interface Listener {
  readonly host: string | undefined;
  readonly port: number;
}

interface Range {
  readonly min: number;
  readonly max?: number;
  readonly unit?: string;
}

const KIB = 1024;
const KB = 1000;
const MAX_PORT = 65_535;

/** As RabbitMQ's limits read them. */
const INFORMATION_UNITS: readonly (readonly [RegExp, number])[] = [
  [/^$/, 1],
  [/^(?:[kK]|kiB|KiB|kib|KIB)$/, KIB],
  [/^(?:[mM]|MiB|mib|MIB)$/, KIB ** 2],
  [/^(?:[gG]|GiB|gib|GIB)$/, KIB ** 3],
  [/^(?:kB|KB|kb|Kb)$/, KB],
  [/^(?:MB|mb|Mb)$/, KB ** 2],
  [/^(?:GB|gb|Gb)$/, KB ** 3],
];

/** As RabbitMQ reads frame sizes, where a KB is 1024 bytes. */
const BYTE_SIZE_UNITS: readonly (readonly [RegExp, number])[] = [
  [/^$/, 1],
  [/^(?:KB|kb)$/, KIB],
  [/^(?:MB|mb)$/, KIB ** 2],
  [/^(?:GB|gb)$/, KIB ** 3],
];

export const text: ValueType<string> = { expects: 'text', parse: (value) => value };

export const nonEmptyText: ValueType<string> = {
  expects: 'text that is not empty',
  parse: (value) => (value === '' ? undefined : value),
};

export const boolean: ValueType<boolean> = {
  expects: 'true or false',
  parse: (value) => (value === 'true' ? true : value === 'false' ? false : undefined),
};

export const fraction: ValueType<number> = {
  expects: 'a number above 0 and up to 1, such as 0.4',
  parse(value) {
    const number = /^\d*\.?\d+$/.test(value) ? Number(value) : 0;
    return number > 0 && number <= 1 ? number : undefined;
  },
};

export const positiveFactor: ValueType<number> = {
  expects: 'a number above 0, such as 1.5',
  parse(value) {
    const number = /^\d*\.?\d+$/.test(value) ? Number(value) : 0;
    return number > 0 ? number : undefined;
  },
};

export const listener: ValueType<Listener> = {
  expects: 'a port or IP:port, such as 5672, 127.0.0.1:5672, [::1]:5672 or :::5672',
  parse(value) {
    const separator = value.lastIndexOf(':');
    const port = portNumber(value.slice(separator + 1));
    if (port === undefined) return undefined;
    if (separator === -1) return { host: undefined, port };
    const host = value.slice(0, separator).replace(/^\[(.*)\]$/, '$1');
    return isIP(host) === 0 ? undefined : { host, port };
  },
};

export function wholeNumber(range: Range): ValueType<number> {
  return {
    expects: `a whole number${range.unit === undefined ? '' : ` of ${range.unit}`} ${bounds(range)}`,
    parse: (value) => within(range, /^\+?\d+$/.test(value) ? Number(value) : undefined),
  };
}

/** Where KB, MB and GB are powers of 1000, and K, M, G, KiB, MiB and GiB are powers of 1024. */
export function informationUnits(range: Range): ValueType<number> {
  return {
    expects: `a number of bytes ${bounds(range)}, such as 1000000, 512MB, 512MiB or 2GiB`,
    parse: (value) => within(range, scaled(value, INFORMATION_UNITS)),
  };
}

/** Where KB, MB and GB are powers of 1024. */
export function byteSize(range: Range): ValueType<number> {
  return {
    expects: `a number of bytes ${bounds(range)}, such as 131072 or 128KB`,
    parse: (value) => within(range, scaled(value, BYTE_SIZE_UNITS)),
  };
}

export function oneOf<const T extends string>(...words: readonly T[]): ValueType<T> {
  return {
    expects: `one of ${words.join(', ')}`,
    parse: (value) => words.find((word) => word === value),
  };
}

/** `type`, or the word `infinity`. */
export function orInfinity(type: ValueType<number>): ValueType<number> {
  return {
    expects: `${type.expects}, or infinity`,
    parse: (value) => (value === 'infinity' ? Infinity : type.parse(value)),
  };
}

/** Values of `type`, told apart from those of a sibling by what `wrap` makes of them. */
export function wrapped<T, W>(type: ValueType<T>, wrap: (value: T) => W): ValueType<W> {
  return {
    expects: type.expects,
    parse(value) {
      const parsed = type.parse(value);
      return parsed === undefined ? undefined : wrap(parsed);
    },
  };
}

function bounds({ min, max }: Range): string {
  return max === undefined ? `from ${min}` : `from ${min} to ${max}`;
}

function within(
  { min, max = Number.MAX_SAFE_INTEGER }: Range,
  value: number | undefined,
): number | undefined {
  return value !== undefined && value >= min && value <= max ? value : undefined;
}

function scaled(value: string, units: readonly (readonly [RegExp, number])[]): number | undefined {
  const [, digits, unit] = /^(\d+)([A-Za-z]*)$/.exec(value) ?? [];
  if (digits === undefined || unit === undefined) return undefined;
  const factor = units.find(([name]) => name.test(unit))?.[1];
  return factor === undefined ? undefined : Number(digits) * factor;
}

/** 0 lets the system choose. */
function portNumber(value: string): number | undefined {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : undefined;
  return port !== undefined && port <= MAX_PORT ? port : undefined;
}
