import { foreignKeys, IGNORED, REFUSED } from './foreign-keys.js';
import { SCHEMA } from './schema.js';
import { keyOf, type Setting } from './setting.js';

const PREFIX = 'WARRENMQ_';

/** The variable that does what `--config` does. */
export const CONFIG_FILE_VARIABLE = `${PREFIX}CONFIG_FILE`;

/** What Kubernetes sets in every container when there is a service called "warrenmq". */
const SERVICE_LINK = /^WARRENMQ_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_\d+_(?:TCP|UDP)\w*)?)$/;

/** The settings among the variables; one that is set to nothing counts as not set. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Setting[] {
  const settings: Setting[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || variable === CONFIG_FILE_VARIABLE) continue;
    if (text === undefined || text === '' || SERVICE_LINK.test(variable)) continue;
    settings.push({ key: keyOfVariable(variable), text, origin: variable });
  }
  return settings;
}

/** A key of the schema if there is one; else one that the loader will not know, but can talk about. */
function keyOfVariable(variable: string): string {
  const name = variable.slice(PREFIX.length).toLowerCase();
  return schemaKey(name) ?? foreignKey(name) ?? name;
}

function schemaKey(name: string): string | undefined {
  const families: string[] = [];
  for (const [key, option] of Object.entries(SCHEMA)) {
    if (underscored(key) === name) return key;
    if (option.kind === 'family' && name.startsWith(`${underscored(key)}_`)) families.push(key);
  }
  const [family] = families.toSorted((a, b) => b.length - a.length);
  return family === undefined ? undefined : `${family}.${keyOf([name.slice(family.length + 1)])}`;
}

/** Which underscores were dots cannot be told beyond the part that the row names. */
function foreignKey(name: string): string | undefined {
  for (const rows of [REFUSED, IGNORED]) {
    for (const pattern of foreignKeys(rows, name, underscored)?.keys ?? []) {
      const start = pattern.endsWith('*') ? pattern.slice(0, -1) : pattern;
      if (pattern === start ? underscored(start) === name : name.startsWith(underscored(start))) {
        return start + name.slice(start.length);
      }
    }
  }
  return undefined;
}

function underscored(key: string): string {
  return key.replaceAll('.', '_');
}
