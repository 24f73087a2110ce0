import type { Consumer } from '../../lib/broker/consumer.js';
import type { Entry } from '../../lib/store/entry.js';
import { bodyOf } from '../support/messages.js';

export interface TestConsumerOptions {
  readonly noAck?: boolean;
  readonly exclusive?: boolean;
  readonly priority?: number;
  /** Deliveries it takes before it stops being ready. */
  readonly credit?: number;
}

/** Takes deliveries while it has credit, and remembers them. */
export class TestConsumer implements Consumer {
  readonly tag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly priority: number;
  credit: number;
  readonly entries: Entry[] = [];
  cancellations = 0;

  constructor(tag: string, options: TestConsumerOptions = {}) {
    this.tag = tag;
    this.noAck = options.noAck ?? false;
    this.exclusive = options.exclusive ?? false;
    this.priority = options.priority ?? 0;
    this.credit = options.credit ?? Infinity;
  }

  get ready(): boolean {
    return this.credit > 0;
  }

  get bodies(): string[] {
    return this.entries.map(({ message }) => bodyOf(message));
  }

  deliver(entry: Entry): void {
    this.credit--;
    this.entries.push(entry);
  }

  cancelled(): void {
    this.cancellations++;
  }
}
