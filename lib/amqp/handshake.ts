import { isLoopbackAddress, isLoopbackOnly } from '../auth/loopback.js';
import { amqplainCredentials, type Credentials, parsePlain } from '../auth/sasl.js';
import type { User, UserDirectory } from '../auth/user-directory.js';
import { FRAME_MIN_SIZE } from '../wire/constants.js';
import type { MethodArgs } from '../wire/methods.js';
import { decodeTable, type FieldTable, textValue, WireError } from '../wire/values.js';
import type { ConnectionSettings } from './connection-settings.js';

type Mechanism = (response: Buffer) => Credentials | undefined;

/** SASL mechanisms by name, in the order in which they are offered. */
const MECHANISMS: ReadonlyMap<string, Mechanism> = new Map([
  ['PLAIN', parsePlain],
  ['AMQPLAIN', parseAmqplain],
]);

export const MECHANISM_NAMES = [...MECHANISMS.keys()].join(' ');

/** Octets; what a negotiated frame_max of 0 amounts to. */
export const UNLIMITED_FRAME = 0x7fff_ffff;

/** Why a client is not let in; `wrongCredentials` alone may be told to it. */
export type LoginRefusal = 'unknownMechanism' | 'malformedResponse' | 'wrongCredentials';

export interface Login {
  readonly users: UserDirectory;
  readonly settings: ConnectionSettings;
  readonly peerHost: string;
}

/** The user, or why there is none. */
export function logIn(
  login: Login,
  { mechanism, response }: MethodArgs<'connection.start-ok'>,
): User | LoginRefusal {
  const parse = MECHANISMS.get(mechanism);
  if (parse === undefined) return 'unknownMechanism';
  const credentials = parse(response);
  if (credentials === undefined) return 'malformedResponse';
  const user = login.users.authenticate(credentials.name, credentials.password);
  if (user === undefined) return 'wrongCredentials';
  const stranger = !isLoopbackAddress(login.peerHost);
  if (stranger && isLoopbackOnly(user, login.settings.loopbackUsers)) return 'wrongCredentials';
  return user;
}

/** What of tune-ok cannot be accepted; undefined if all can. [RMQ: 0 means no limit, which is above any limit] */
export function tuneRefusal(
  settings: ConnectionSettings,
  { frameMax, channelMax }: MethodArgs<'connection.tune-ok'>,
): string | undefined {
  if (frameMax !== 0 && frameMax < FRAME_MIN_SIZE) {
    return `negotiated frame_max = ${frameMax} is lower than the minimum allowed value (${FRAME_MIN_SIZE})`;
  }
  return (
    tooHigh('frame_max', frameMax, settings.frameMax) ??
    tooHigh('channel_max', channelMax, settings.channelMax)
  );
}

/** Whether the client lists the capability in its client-properties. */
export function hasCapability(clientProperties: FieldTable, name: string): boolean {
  const capabilities = clientProperties.get('capabilities');
  if (capabilities?.type !== 'table') return false;
  const field = capabilities.value.get(name);
  return field?.type === 'bool' && field.value;
}

function tooHigh(name: string, wanted: number, limit: number): string | undefined {
  if (limit === 0 || (wanted !== 0 && wanted <= limit)) return undefined;
  return `negotiated ${name} = ${wanted} is higher than the maximum allowed value (${limit})`;
}

function parseAmqplain(response: Buffer): Credentials | undefined {
  try {
    const table = decodeTable(response, 0, response.length);
    return amqplainCredentials((key) => textValue(table.get(key)));
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
