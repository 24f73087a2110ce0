import { isDeepStrictEqual } from 'node:util';
import { METHODS, type MethodArgs, type MethodName } from '../../lib/wire/methods.js';
import { describe, type Received } from './frames.js';

/** A difference between what the law says and what the broker did. */
export class Broken extends Error {
  constructor(expected: string, got: string) {
    super(`expected ${expected}\n     got ${got}`);
  }
}

export type ReceivedMethod<N extends MethodName> = Extract<Received, { kind: 'method'; name: N }>;

/** The arguments of a method named `name`; those given must be equal. */
export function asMethod<N extends MethodName>(
  received: Received,
  name: N,
  args: Partial<MethodArgs<N>> = {},
): MethodArgs<N> {
  const wanted = `${name} ${JSON.stringify(args)}`;
  if (received.kind !== 'method' || received.name !== name) throw new Broken(wanted, describe(received));
  const got = received.args as unknown as Record<string, unknown>;
  for (const [key, value] of Object.entries(args)) {
    if (!isDeepStrictEqual(got[key], value)) throw new Broken(wanted, describe(received));
  }
  return received.args as unknown as MethodArgs<N>;
}

/** Class and method id of the method that a close blames; `none` for 0 and 0. */
export function blame(by: MethodName | 'none'): { classId: number; methodId: number } {
  if (by === 'none') return { classId: 0, methodId: 0 };
  const { classId, methodId } = METHODS[by];
  return { classId, methodId };
}

export function same(what: string, got: unknown, expected: unknown): void {
  if (isDeepStrictEqual(got, expected)) return;
  throw new Broken(`${what} ${inspect(expected)}`, inspect(got));
}

function inspect(value: unknown): string {
  return (
    JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? `${one}n` : one)) ?? 'undefined'
  );
}
