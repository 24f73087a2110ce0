import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { queueKey, readQueue } from '../broker/definitions.js';
import { queueIdOf } from '../broker/level-id.js';
import { DataDirectoryInUseError } from '../meta/data-directory-errors.js';
import { readDefinitions } from '../meta/definitions-copy.js';
import { type MetadataStore, splitMetaKey } from '../meta/metadata-store.js';
import { checkDirectory, type FileReport, type StoreReport } from '../store/check-directory.js';
import type { Damage } from '../store/store-log.js';
import { DEFINITIONS, MESSAGES, storesRefused } from './data-directory.js';
import { StartError } from './start-error.js';

/** What stands in the data directory of a stopped node. */
export interface DataReport {
  /** Absolute. */
  readonly directory: string;
  /** Everything that a start would bring back, by vhost and name. */
  readonly queues: readonly QueueLine[];
  /** Messages of queues that were deleted when the node died: a start drops them. */
  readonly strays: { readonly messages: number; readonly bytes: number };
  /** The files of the message store; names are relative to the data directory. */
  readonly files: readonly FileReport[];
  /** Unreadable; not what was being written when the node died and was never confirmed. */
  readonly damage: readonly DamageLine[];
  /** The same for the definitions. */
  readonly definitionDamage: readonly string[];
  /** What was being written when the node died. */
  readonly torn: readonly DamageLine[];
}

export interface QueueName {
  readonly vhost: string;
  readonly name: string;
}

export interface QueueLine extends QueueName {
  readonly messages: number;
  /** Octets of their bodies. */
  readonly bytes: number;
}

export interface DamageLine extends Pick<Damage, 'file' | 'offset' | 'length' | 'kind'> {
  /** Whose messages stood there, where that is known. */
  readonly queue: QueueName | undefined;
}

/**
 * Reads the data directory of a node that is stopped, and changes nothing in it.
 *
 * @throws StartError when it is none, when a node runs on it, or when it cannot be read
 */
export async function checkData(dataDir: string): Promise<DataReport> {
  const directory = resolve(dataDir);
  await requireDataDirectory(directory);
  try {
    return await readDefinitions(join(directory, DEFINITIONS), async (definitions) => {
      const names = await queueNames(definitions);
      const store = await checkDirectory(join(directory, MESSAGES));
      return { ...reportOf(directory, names, store), definitionDamage: definitions.damage };
    });
  } catch (error) {
    if (error instanceof DataDirectoryInUseError)
      throw new StartError(
        `a node is running on ${directory}: it has to be stopped before its data is checked`,
      );
    throw storesRefused(directory, error);
  }
}

async function requireDataDirectory(directory: string): Promise<void> {
  for (const path of [join(directory, DEFINITIONS, 'LOCK'), join(directory, MESSAGES)]) {
    await access(path).catch((error: Error & { readonly code?: string }) => {
      const what = error.code === 'EACCES' ? 'cannot be read' : 'is no data directory of a node';
      throw new StartError(`${directory} ${what}: ${error.message}`);
    });
  }
}

/** What the keys of all queues begin with. */
const QUEUES = `${splitMetaKey(queueKey('', ''))[0]}/`;

/** By queue id. */
async function queueNames(definitions: MetadataStore): Promise<Map<string, QueueName>> {
  const names = new Map<string, QueueName>();
  for (const [key, value] of await definitions.list(QUEUES)) {
    const [, vhost = '', name = ''] = splitMetaKey(key);
    names.set(readQueue(value).id, { vhost, name });
  }
  return names;
}

function reportOf(
  directory: string,
  names: ReadonlyMap<string, QueueName>,
  store: StoreReport,
): Omit<DataReport, 'definitionDamage'> {
  const sums = new Map([...names.keys()].map((id) => [id, { messages: 0, bytes: 0 }]));
  const strays = { messages: 0, bytes: 0 };
  for (const { id, messages, bytes } of store.queues) {
    const sum = sums.get(queueIdOf(id)) ?? strays;
    sum.messages += messages;
    sum.bytes += bytes;
  }
  const lines = store.damage.map(({ file, offset, length, kind, queue }) => ({
    file: join(MESSAGES, file),
    offset,
    length,
    kind,
    queue: queue === undefined ? undefined : names.get(queueIdOf(queue)),
  }));
  return {
    directory,
    queues: [...sums].map(([id, sum]) => ({ ...names.get(id)!, ...sum })),
    strays,
    files: store.files.map(({ name, octets }) => ({ name: join(MESSAGES, name), octets })),
    damage: lines.filter(({ kind }) => kind !== 'torn'),
    torn: lines.filter(({ kind }) => kind === 'torn'),
  };
}
