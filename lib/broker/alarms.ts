/** What can run short; `heap` is the part of the memory in which objects are kept, and the process ends when it is full. */
export type Resource = 'memory' | 'heap' | 'disk';

/** Told when publishers have to stop, and when they may go on. */
export interface AlarmListener {
  alarmsChanged(): void;
}

/** Which resources of this node are short: publishing connections are not read while any is. [RMQ alarms] */
export class Alarms {
  readonly #short = new Set<Resource>();
  readonly #listeners = new Set<AlarmListener>();

  get active(): boolean {
    return this.#short.size > 0;
  }

  /** RabbitMQ's words for connection.blocked; empty while nothing is short. */
  get reason(): string {
    if (this.#short.size === 0) return '';
    const memory = this.#short.has('memory') || this.#short.has('heap');
    const short = [...(memory ? ['memory'] : []), ...(this.#short.has('disk') ? ['disk'] : [])];
    return `low on ${short.join(' & ')}`;
  }

  isShort(resource: Resource): boolean {
    return this.#short.has(resource);
  }

  set(resource: Resource, isShort: boolean): void {
    if (this.#short.has(resource) === isShort) return;
    if (isShort) this.#short.add(resource);
    else this.#short.delete(resource);
    for (const listener of this.#listeners) listener.alarmsChanged();
  }

  listen(listener: AlarmListener): void {
    this.#listeners.add(listener);
  }

  unlisten(listener: AlarmListener): void {
    this.#listeners.delete(listener);
  }
}
