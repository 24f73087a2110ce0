import { randomBytes } from 'node:crypto';
import { brokerError } from '../../base/errors.js';
import type { FieldTable } from '../../wire/values.js';
import { readName } from '../arguments/argument-values.js';
import { firstQueueInequivalence } from '../arguments/equivalence.js';
import { checkQueueFlags, parseQueueArguments, type QueueOptions } from '../arguments/queue-arguments.js';
import type { AuthorizedVhost } from '../authorized-vhost.js';
import { type BindingDefinition, queueChange, queueKey } from '../definitions.js';
import { cleanName, isReserved } from '../names.js';
import type { Queue, QueueDefinition } from '../queue.js';
import { Removal } from '../removal.js';
import { addBinding, type BindingRequest, removeBinding } from './exchange-door.js';

/** A queue as a client declares it; an empty name asks for a new one. */
export interface QueueRequest {
  readonly name: string;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  readonly arguments: FieldTable;
}

/** Declaring, deleting, binding and opening queues, with every check. */
export class QueueDoor {
  readonly #door: AuthorizedVhost;

  constructor(door: AuthorizedVhost) {
    this.#door = door;
  }

  /** Passive declare: any permission on the queue will do. Throws noQueue, queueLocked, accessRefused. */
  check(given: string): Queue {
    const name = cleanName(given);
    this.#door.requireAny('queue', name);
    const queue = this.#existing(name);
    queue.touch();
    return queue;
  }

  async declare(request: QueueRequest): Promise<Queue> {
    const door = this.#door;
    const given = cleanName(request.name);
    const name = given === '' ? `amq.gen-${randomBytes(16).toString('base64url')}` : given;
    if (isReserved(given)) throw brokerError('reservedName', 'queue', name);
    door.require('configure', 'queue', name);
    const definition = this.#definition(name, request);
    for (;;) {
      const existing = door.vhost.queue(name);
      if (existing !== undefined) {
        this.#requireSame(existing, definition);
        existing.touch();
        return existing;
      }
      this.#checkNew(definition);
      await door.apply([queueChange(door.vhost.name, definition)], [queueKey(door.vhost.name, name)]);
    }
  }

  /** Ready messages that went with it; 0 where there was no such queue. Throws notEmpty, inUse, queueLocked. */
  async delete(given: string, ifUnused: boolean, ifEmpty: boolean): Promise<number> {
    const door = this.#door;
    const name = cleanName(given);
    door.require('configure', 'queue', name);
    const queue = door.vhost.queue(name);
    if (queue === undefined) return 0;
    this.#requireAccess(queue);
    if (ifEmpty && queue.messageCount > 0) throw brokerError('notEmpty', name, door.vhost.name);
    if (ifUnused && queue.consumerCount > 0) throw brokerError('inUse', 'queue', name, door.vhost.name);
    const count = queue.messageCount;
    await this.remove([queue]);
    return count;
  }

  /** Deletes the queues in one transaction. */
  async remove(queues: readonly Queue[]): Promise<void> {
    if (queues.length === 0) return;
    const removal = new Removal(this.#door.vhost);
    for (const queue of queues) removal.queue(queue);
    await this.#door.apply(removal.changes);
  }

  /** For basic.get, basic.consume and queue.purge. Throws accessRefused, noQueue, queueLocked. */
  readable(given: string): Queue {
    const name = cleanName(given);
    this.#door.require('read', 'queue', name);
    return this.#existing(name);
  }

  async bind(request: BindingRequest): Promise<void> {
    const door = this.#door;
    const definition = this.#bindingDefinition(request);
    await addBinding(door, definition, () => {
      const source = door.vhost.exchange(definition.source);
      if (source === undefined) throw brokerError('noExchange', definition.source, door.vhost.name);
      return { source, destination: this.#existing(definition.destination) };
    });
  }

  async unbind(request: BindingRequest): Promise<void> {
    await removeBinding(this.#door, this.#bindingDefinition(request));
  }

  #bindingDefinition(request: BindingRequest): BindingDefinition {
    const source = cleanName(request.source);
    const destination = cleanName(request.destination);
    const { routingKey, arguments: table } = request;
    this.#door.require('write', 'queue', destination);
    if (source === '') throw brokerError('defaultExchange');
    this.#door.require('read', 'exchange', source);
    this.#door.requireTopic('read', source, routingKey);
    return { source, destination, destinationKind: 'queue', routingKey, arguments: table };
  }

  /** An exclusive queue goes with its connection, so it is never durable, whatever is asked for. */
  #definition(
    name: string,
    { durable, exclusive, autoDelete, arguments: table }: QueueRequest,
  ): QueueDefinition {
    const id = randomBytes(12).toString('base64url');
    const owner = exclusive ? this.#door.connection : undefined;
    return { id, name, durable: durable && !exclusive, exclusive, autoDelete, owner, arguments: table };
  }

  #existing(name: string): Queue {
    const queue = this.#door.vhost.queue(name);
    if (queue === undefined) throw brokerError('noQueue', name, this.#door.vhost.name);
    this.#requireAccess(queue);
    return queue;
  }

  #requireAccess(queue: Queue): void {
    const { owner } = queue.definition;
    if (owner !== undefined && owner !== this.#door.connection) this.#locked(queue);
  }

  #requireSame(queue: Queue, declared: QueueDefinition): void {
    if (queue.definition.owner !== declared.owner) this.#locked(queue);
    const resource = this.#door.resource('queue', queue.name);
    const difference = firstQueueInequivalence(resource, declared, queue.definition);
    if (difference !== undefined) throw brokerError('inequivalent', difference);
  }

  #locked(queue: Queue): never {
    throw brokerError('queueLocked', queue.name, this.#door.vhost.name);
  }

  #checkNew(definition: QueueDefinition): void {
    const door = this.#door;
    const { name, arguments: table } = definition;
    this.#checkDeadLetterExchange(name, table);
    const options: QueueOptions = door.checked('queue', name, () => {
      const parsed = parseQueueArguments(table);
      checkQueueFlags(parsed.queueType, definition);
      return parsed;
    });
    if (options.queueType === 'stream') throw brokerError('notImplemented', 'queues of type stream');
  }

  /** Who has a queue send to an exchange must be allowed to read the one and to write to the other. */
  #checkDeadLetterExchange(name: string, table: FieldTable): void {
    const door = this.#door;
    const field = table.get('x-dead-letter-exchange');
    if (field === undefined) return;
    const exchange = door.checked('queue', name, () => readName('x-dead-letter-exchange', field));
    door.require('read', 'queue', name);
    door.require('write', 'exchange', exchange);
  }
}
