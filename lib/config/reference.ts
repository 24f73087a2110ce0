import { IGNORED, REFUSED } from './foreign-keys.js';
import type { Option } from './option.js';
import { SCHEMA } from './schema.js';

interface Row {
  readonly key: string;
  readonly expects: string;
  readonly defaultText: string;
  readonly doc: string;
}

const USAGE = `Usage: warrenmq [--config FILE] [--KEY VALUE | --KEY=VALUE ...]
       warrenmq --check DATA_DIR

Starts an AMQP 0-9-1 broker, or looks at the data of a stopped one.

Every setting below is a flag, a variable (WARRENMQ_LISTENERS_TCP_1=5673) or a line
"key = value" of FILE, which has the form of rabbitmq.conf. A flag wins over a variable,
a variable over the file.

  --config FILE   The file to read (or WARRENMQ_CONFIG_FILE).
  --check DIR     Read the data directory DIR of a stopped broker and print its queues, its files
                  and what is damaged. Changes nothing. Exit code 1 when something is wrong.
  --help, -h      This text.
  --version       The version.
`;

/** What `--help` prints. */
export function helpText(): string {
  const blocks = rows().map(
    ({ key, expects, defaultText, doc }) =>
      `  --${key} VALUE\n      ${doc}\n      ${expects}; default: ${defaultText}`,
  );
  return `${USAGE}\n${blocks.join('\n')}\n`;
}

/** The settings as a Markdown table. */
export function settingsTable(): string {
  const lines = rows().map(
    ({ key, expects, defaultText, doc }) => `| \`${key}\` | ${doc} | ${expects} | \`${defaultText}\` |`,
  );
  return ['| key | what it sets | value | default |', '|---|---|---|---|', ...lines].join('\n');
}

/** RabbitMQ's keys that are accepted without effect, as a Markdown table. */
export function ignoredTable(): string {
  const lines = IGNORED.map(({ keys, why }) => `| ${why} | ${quoted(keys)} |`);
  return ['| why | keys |', '|---|---|', ...lines].join('\n');
}

/** RabbitMQ's keys that stop the start, as a Markdown table. */
export function refusedTable(): string {
  const lines = REFUSED.map(
    ({ keys, why, harmless = [] }) => `| ${why} | ${quoted(keys)} | ${quoted(harmless)} |`,
  );
  return ['| why | keys | accepted all the same |', '|---|---|---|', ...lines].join('\n');
}

function rows(): Row[] {
  return Object.entries(SCHEMA).flatMap(([key, option]) => rowsOf(key, option));
}

function rowsOf(key: string, option: Option): Row[] {
  const { doc } = option;
  if (option.kind === 'scalar') {
    return [
      {
        key,
        expects: option.type.expects,
        defaultText: option.defaultText ?? String(option.default).toLowerCase(),
        doc,
      },
    ];
  }
  const members = Object.entries(option.members).map(([member, { expects }]) => {
    return { key: `${key}.${member}`, expects, defaultText: option.defaultText, doc };
  });
  if (!option.takesNone) return members;
  return [...members, { key, expects: 'none', defaultText: option.defaultText, doc: 'None of them.' }];
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(' ');
}
