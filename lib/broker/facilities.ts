import type { UserDirectory } from '../auth/user-directory.js';
import type { Turn } from '../base/turn.js';
import type { MetadataStore } from '../meta/metadata-store.js';
import type { MessageStore } from '../store/message-store.js';
import type { Alarms } from './alarms.js';
import type { ReplyRegistry } from './direct-reply.js';

/** Waits for messages to become safe. */
export interface CommitListener {
  committed(): void;
}

/** What the doors to a vhost, and the protocols behind them, need of the node. */
export interface Facilities {
  readonly metadata: MetadataStore;
  readonly messages: MessageStore;
  readonly users: UserDirectory;
  readonly replies: ReplyRegistry;
  readonly alarms: Alarms;
  readonly turn: Turn;
  /** Calls `listener.committed()` once, when the message store's `committed` has grown. */
  waitForCommit(listener: CommitListener): void;
}
