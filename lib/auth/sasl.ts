export interface Credentials {
  readonly name: string;
  readonly password: Buffer | string;
}

/** PLAIN: NUL name NUL password; RabbitMQ takes no authzid before them. Undefined when it is anything else. */
export function parsePlain(response: Buffer): Credentials | undefined {
  if (response[0] !== 0) return undefined;
  const second = response.indexOf(0, 1);
  if (second === -1 || response.includes(0, second + 1)) return undefined;
  return { name: response.toString('utf8', 1, second), password: response.subarray(second + 1) };
}

/**
 * AMQPLAIN: a field table with LOGIN and PASSWORD. `lookup` returns the field if it is a long string, as text or as
 * its bytes. Undefined when one of them is missing.
 */
export function amqplainCredentials(
  lookup: (key: string) => string | Buffer | undefined,
): Credentials | undefined {
  const name = lookup('LOGIN');
  const password = lookup('PASSWORD');
  if (name === undefined || password === undefined) return undefined;
  return { name: name.toString(), password };
}
