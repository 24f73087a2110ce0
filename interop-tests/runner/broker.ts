/** A broker that the runner may restart. After `restart` it listens where it did before. */
export interface Broker {
  readonly url: string;
  /** Resolves when connections are accepted again; rejects with the reason when they are not. */
  restart(): Promise<void>;
  /** Rejects when the broker had already ended, or does not end as it should. */
  stop(): Promise<void>;
  /** What it printed lately, if that can be seen. */
  output(): string;
}
