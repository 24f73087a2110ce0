import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { inspect } from 'node:util';
import { CHECKS } from './checks.js';

/** Where the broker is; user, password and vhost are always spelled out. */
export const BROKER_URL = required('AMQP_URL');
/** Starts every name that a client makes on the broker. */
export const PREFIX = required('INTEROP_PREFIX');

export const MESSAGES = 10_000;
const FIVE_MB = 5 * 1024 * 1024;

export type Check = () => Promise<void>;

/** Thrown by a check that the client cannot do; the text says why. */
export class Skip extends Error {}

/** Runs the checks in order and prints one line for each; a failure does not stop the next. */
export async function runChecks(checks: readonly Check[]): Promise<void> {
  assert.equal(checks.length, CHECKS.length, 'a function for every common check');
  for (const [index, check] of checks.entries()) {
    await runCheck(check, `${index + 1} - ${CHECKS[index]}`);
  }
}

async function runCheck(check: Check, title: string): Promise<void> {
  try {
    await check();
    console.log(`ok ${title}`);
  } catch (error) {
    if (error instanceof Skip) {
      console.log(`ok ${title} # SKIP ${error.message}`);
      return;
    }
    console.log(`not ok ${title}`);
    remark(inspect(error).slice(0, 4_000));
  }
}

export function remark(text: string): void {
  for (const line of text.split('\n')) console.log(`# ${line}`);
}

/** Resolves when the runner has restarted the broker on the same port. */
export async function restartBroker(): Promise<void> {
  const input = createInterface({ input: process.stdin });
  console.log('restart');
  const [answer] = await once(input, 'line');
  input.close();
  process.stdin.unref();
  assert.equal(answer, 'restarted');
}

/** The broker's URL with a password that is not the user's. */
export function urlWithBadPassword(): string {
  const url = new URL(BROKER_URL);
  url.password = 'not-the-password';
  return url.href;
}

/** 5 MB in which no two 4-byte words are the same, so that a lost or doubled frame shows. */
export function bigBody(): Buffer {
  const body = Buffer.allocUnsafe(FIVE_MB);
  for (let offset = 0; offset < FIVE_MB; offset += 4) body.writeUInt32BE(offset / 4, offset);
  return body;
}

/** The bodies `message 0` ... of the check that publishes many. */
export function manyBodies(): string[] {
  return Array.from({ length: MESSAGES }, (_, index) => `message ${index}`);
}

/** Rejects unless `promise` rejects with an error that `accepts` finds right. */
export async function refused(promise: Promise<unknown>, accepts: (error: Error) => void): Promise<void> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(outcome instanceof Error, 'expected an error, got none');
  accepts(outcome);
}

/** Asserts that `actual` is an object with at least these properties. */
export function includes(actual: unknown, expected: Record<string, unknown>): void {
  const present = new Map<string, unknown>(Object.entries(Object(actual)));
  const chosen = Object.keys(expected).map((name) => [name, present.get(name)]);
  assert.deepEqual(Object.fromEntries(chosen), expected);
}

/** The element, which must be there. */
export function at<T>(list: readonly T[], index: number): T {
  const element = list[index];
  assert.ok(element !== undefined, `nothing at ${index} of ${list.length}`);
  return element;
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined)
    throw new Error(`${name} is not set: interop-tests/README.md tells how clients are run`);
  return value;
}
