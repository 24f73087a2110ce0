import { assert } from '../base/assert.js';
import { ConfigError } from './config-error.js';
import { foreignKeys, IGNORED, REFUSED } from './foreign-keys.js';
import { nearestKey } from './nearest-key.js';
import { type Family, type Gathering, memberType, type Option } from './option.js';
import { type Config, type OptionKey, SCHEMA } from './schema.js';
import { keyNames, keyOf, type Setting } from './setting.js';

/** The settings of all sources, the least first; each is checked, also where a later one hides it. */
export class SettingTable {
  readonly notes: string[] = [];
  readonly #values = new Map<string, unknown>(
    Object.entries(SCHEMA).map(([key, option]) => [key, option.default]),
  );

  /** Adds one source, which wins over those before it. Throws {@link ConfigError}. */
  add(settings: readonly Setting[]): void {
    const gatherings = new Map<string, Gathering<unknown>>();
    for (const setting of settings) this.#addSetting(setting, gatherings);
    for (const [key, gathering] of gatherings) this.#values.set(key, gathering.value());
  }

  config(): Config {
    const values = Object.fromEntries(this.#values);
    assert(isConfig(values), 'every key of the schema has a value');
    return deepFrozen(values);
  }

  #addSetting(setting: Setting, gatherings: Map<string, Gathering<unknown>>): void {
    const place = placeOf(setting.key);
    if (place === undefined) {
      this.#addForeign(setting);
      return;
    }
    const { key, option, member } = place;
    if (option.kind === 'scalar') {
      this.#values.set(key, option.type.parse(setting.text) ?? refuseValue(setting, option.type.expects));
      return;
    }
    const gathering = gatherings.get(key) ?? option.gather();
    gatherings.set(key, gathering);
    if (member === undefined) setWhole(setting, option, gathering);
    else if (!gathering.set(member, setting.text)) refuseValue(setting, expectedOf(option, member));
  }

  #addForeign({ key, text, origin }: Setting): void {
    const refused = foreignKeys(REFUSED, key);
    if (refused !== undefined && !refused.harmless?.includes(text)) {
      throw new ConfigError(`'${key}' (${origin}) cannot be had: ${refused.why}`);
    }
    const row = refused ?? foreignKeys(IGNORED, key) ?? refuseKey(key, origin);
    this.notes.push(`'${key}' (${origin}) has no effect: ${row.why}`);
  }
}

interface Place {
  readonly key: OptionKey;
  readonly option: Option;
  /** Of a family; undefined for the family's own key. */
  readonly member: string | undefined;
}

/** Undefined for a key that the schema does not have. */
function placeOf(written: string): Place | undefined {
  if (isOptionKey(written)) return { key: written, option: SCHEMA[written], member: undefined };
  const names = keyNames(written);
  const member = names.pop() ?? '';
  const key = keyOf(names);
  if (!isOptionKey(key)) return undefined;
  const option: Option = SCHEMA[key];
  if (option.kind === 'scalar' || memberType(option.members, member) === undefined) return undefined;
  return { key, option, member };
}

function setWhole(setting: Setting, option: Family<unknown>, gathering: Gathering<unknown>): void {
  const { key, text } = setting;
  if (option.takesNone && text === 'none') {
    gathering.setNone();
    return;
  }
  const keys = Object.keys(option.members).map((name) => `${key}.${name}`);
  refuseValue(setting, [...(option.takesNone ? ['none'] : []), `a key ${keys.join(' or ')}`].join(', or '));
}

function expectedOf({ members }: Family<unknown>, member: string): string {
  return memberType(members, member)?.expects ?? '';
}

function refuseValue({ key, text, origin }: Setting, expects: string): never {
  throw new ConfigError(`bad value for '${key}' (${origin}): expected ${expects}, got '${text}'`);
}

function refuseKey(key: string, origin: string): never {
  const nearest = nearestKey(key, candidates(key));
  const advice = nearest === undefined ? 'see --help for those there are' : `did you mean '${nearest}'?`;
  throw new ConfigError(`unknown key '${key}' (${origin}): ${advice}`);
}

/** Every key there is, with the last name of `key` where any name may stand. */
function candidates(key: string): string[] {
  const last = keyNames(key).at(-1) ?? '';
  return Object.entries(SCHEMA).flatMap(([name, option]) => {
    if (option.kind === 'scalar') return [name];
    return Object.keys(option.members).map((member) => `${name}.${member.startsWith('$') ? last : member}`);
  });
}

function deepFrozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) deepFrozen(part);
  return Object.freeze(value);
}

function isOptionKey(key: string): key is OptionKey {
  return Object.hasOwn(SCHEMA, key);
}

function isConfig(values: object): values is Config {
  return Object.keys(SCHEMA).every((key) => Object.hasOwn(values, key));
}
