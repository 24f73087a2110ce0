import { type FieldTable, type FieldValue, textValue } from '../../wire/values.js';
import { plainText, termOf } from './erlang-term.js';
import { COMPARED_ARGUMENTS, queueTypeOf } from './queue-type.js';
import { sameTerm } from './term-equality.js';

/** Whether a queue is exclusive is not compared here: who may see it at all is decided before. */
export interface QueueTraits {
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly arguments: FieldTable;
}

export interface ExchangeTraits {
  readonly type: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly internal: boolean;
  readonly arguments: FieldTable;
}

/**
 * The first way in which `declared` is not the queue that exists, as the text after `PRECONDITION_FAILED - `; undefined if it is the same.
 * `resource` reads like `queue 'q' in vhost '/'`. Only arguments that the existing queue's type takes are compared;
 * the declared ones may even be invalid.
 */
export function firstQueueInequivalence(
  resource: string,
  declared: QueueTraits,
  existing: QueueTraits,
): string | undefined {
  return (
    flagDifference(resource, 'durable', declared.durable, existing.durable) ??
    flagDifference(resource, 'auto_delete', declared.autoDelete, existing.autoDelete) ??
    firstArgumentDifference(
      resource,
      COMPARED_ARGUMENTS[queueTypeOf(existing.arguments)],
      declared.arguments,
      existing.arguments,
    )
  );
}

/** As {@link firstQueueInequivalence}. Of an exchange's arguments only `alternate-exchange` is compared. */
export function firstExchangeInequivalence(
  resource: string,
  declared: ExchangeTraits,
  existing: ExchangeTraits,
): string | undefined {
  return (
    flagDifference(resource, 'type', declared.type, existing.type) ??
    flagDifference(resource, 'durable', declared.durable, existing.durable) ??
    flagDifference(resource, 'auto_delete', declared.autoDelete, existing.autoDelete) ??
    flagDifference(resource, 'internal', declared.internal, existing.internal) ??
    firstArgumentDifference(resource, ['alternate-exchange'], declared.arguments, existing.arguments)
  );
}

function flagDifference<T extends string | boolean>(
  resource: string,
  name: string,
  declared: T,
  existing: T,
): string | undefined {
  return declared === existing ? undefined : difference(resource, name, `'${declared}'`, `'${existing}'`);
}

function firstArgumentDifference(
  resource: string,
  names: readonly string[],
  declared: FieldTable,
  existing: FieldTable,
): string | undefined {
  for (const name of names) {
    const ours = declared.get(name);
    const theirs = existing.get(name);
    if (ours === undefined && theirs === undefined) continue;
    if (ours === undefined || theirs === undefined) {
      if (isDefault(name, ours ?? theirs)) continue;
      return difference(resource, name, typedValue(ours), typedValue(theirs));
    }
    if (!sameTerm(ours, theirs, 'kind'))
      return difference(resource, name, bareValue(ours), bareValue(theirs));
  }
  return undefined;
}

/** Saying `classic` is the same as saying nothing. Other defaults are not: `drop-head` given and not given differ. */
function isDefault(name: string, field: FieldValue | undefined): boolean {
  return name === 'x-queue-type' && textValue(field) === 'classic';
}

function difference(resource: string, name: string, received: string, current: string): string {
  return `inequivalent arg '${name}' for ${resource}: received ${received} but current is ${current}`;
}

function typedValue(field: FieldValue | undefined): string {
  return field === undefined ? 'none' : `the value '${textOf(field)}' of type '${field.type}'`;
}

function bareValue(field: FieldValue): string {
  return field.type === 'void' ? 'none' : `'${textOf(field)}'`;
}

function textOf(field: FieldValue): string {
  return field.type === 'longstr' || field.type === 'binary' ? plainText(field.value) : termOf(field);
}
