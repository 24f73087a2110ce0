/** One folder of lib/ and what it may import beside itself, level 0 and the standard library. */
export interface Layer {
  /** 7 is the top. Imports go down only. */
  readonly level: number;
  /** Folders, or single files of one without their suffix. `*`: every lower level. */
  readonly imports: readonly string[];
}

/**
 * The layers of the broker. A folder inside a folder belongs to it (`broker/doors` and `amqp/handlers` do), unless it
 * has a row of its own: then its parent may import it, and it may import its parent only where the row says so.
 * Files that stand in lib/ itself are the folder `index`.
 */
export const LAYERS: Readonly<Record<string, Layer>> = {
  index: { level: 7, imports: ['node', 'config'] },
  cli: { level: 7, imports: ['node', 'http', 'config'] },
  node: { level: 7, imports: ['*'] },

  http: { level: 6, imports: ['broker', 'auth', 'meta', 'config'] },

  // amqp hands messages from the wire to the store's queues and back: Message, Entry and SAFE are the store's words.
  amqp: { level: 5, imports: ['broker', 'broker/arguments', 'auth', 'wire', 'store', 'config'] },
  cluster: { level: 5, imports: ['broker', 'meta', 'store', 'etcd', 'config'] },

  broker: {
    level: 4,
    imports: ['broker/arguments', 'broker/matchers', 'auth', 'meta', 'store', 'wire/values'],
  },
  'broker/matchers': { level: 4, imports: ['broker/arguments', 'wire/values'] },
  'broker/arguments': { level: 4, imports: ['wire/values'] },

  auth: { level: 3, imports: ['meta'] },

  meta: { level: 2, imports: ['etcd'] },
  store: { level: 2, imports: ['wire/values'] },

  wire: { level: 1, imports: [] },
  etcd: { level: 1, imports: [] },
  config: { level: 1, imports: [] },

  base: { level: 0, imports: [] },
  metrics: { level: 0, imports: [] },
};
