import { isLoopbackAddress, isLoopbackOnly } from '../auth/loopback.js';
import { amqplainCredentials, type Credentials, parsePlain } from '../auth/sasl.js';
import type { User, UserDirectory } from '../auth/user-directory.js';
import { brokerError } from '../base/errors.js';
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

/** What the server says first. */
export function greeting({ serverProperties }: ConnectionSettings): MethodArgs<'connection.start'> {
  return {
    versionMajor: 0,
    versionMinor: 9,
    serverProperties,
    mechanisms: Buffer.from([...MECHANISMS.keys()].join(' ')),
    locales: Buffer.from('en_US'),
  };
}

/** Octets; what a negotiated frame_max of 0 amounts to. */
export const UNLIMITED_FRAME = 0x7fff_ffff;

/** Why a client is not let in. */
export class LoginRefusal {
  /** For the operator. [RMQ's words, where it has some] */
  readonly reason: string;
  /** Whether the client is told that it was refused. */
  readonly isTold: boolean;

  constructor(reason: string, isTold: boolean) {
    this.reason = reason;
    this.isTold = isTold;
  }
}

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
  if (parse === undefined) return new LoginRefusal(`login refused: unknown mechanism '${mechanism}'`, false);
  const credentials = parse(response);
  if (credentials === undefined)
    return new LoginRefusal(`${mechanism} login refused: the response cannot be read`, false);
  const { name, password } = credentials;
  const who = `${mechanism} login refused: user '${name}'`;
  const user = login.users.authenticate(name, password);
  if (user === undefined) return new LoginRefusal(`${who} - invalid credentials`, true);
  const stranger = !isLoopbackAddress(login.peerHost);
  if (stranger && isLoopbackOnly(user, login.settings.loopbackUsers))
    return new LoginRefusal(`${who} can only connect via localhost`, true);
  return user;
}

/** Throws `tuneRefused` for what cannot be accepted. [RMQ: 0 means no limit, which is above any limit] */
export function checkTuning(
  settings: ConnectionSettings,
  { frameMax, channelMax }: MethodArgs<'connection.tune-ok'>,
): void {
  const refusal =
    tooLow('frame_max', frameMax, FRAME_MIN_SIZE) ??
    tooHigh('frame_max', frameMax, settings.frameMax) ??
    tooHigh('channel_max', channelMax, settings.channelMax);
  if (refusal !== undefined) throw brokerError('tuneRefused', refusal);
}

/** Whether the client lists the capability in its client-properties. */
export function hasCapability(clientProperties: FieldTable, name: string): boolean {
  const capabilities = clientProperties.get('capabilities');
  if (capabilities?.type !== 'table') return false;
  const field = capabilities.value.get(name);
  return field?.type === 'bool' && field.value;
}

function tooLow(name: string, wanted: number, least: number): string | undefined {
  if (wanted === 0 || wanted >= least) return undefined;
  return `negotiated ${name} = ${wanted} is lower than the minimum allowed value (${least})`;
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
