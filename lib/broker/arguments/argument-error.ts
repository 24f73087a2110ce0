/**
 * How the explanation is worded. `value`: the argument does not do; `type`: names must be of another type; `queueType`: not for this
 * type of queue; `property`: not an argument but a flag of the declaration; `plain`: the reason says it all.
 */
export type ArgumentErrorForm = keyof typeof WORDING;

const WORDING = {
  value: (argument: string, reason: string, resource: string) =>
    `invalid arg '${argument}' for ${resource}: ${reason}`,
  type: (argument: string, reason: string, resource: string) =>
    `invalid type '${reason}' for arg '${argument}' in ${resource}`,
  queueType: (argument: string, reason: string, resource: string) =>
    `invalid arg '${argument}' for ${resource} of queue type ${reason}`,
  property: (argument: string, _reason: string, resource: string) =>
    `invalid property '${argument}' for ${resource}`,
  plain: (_argument: string, reason: string) => reason,
} as const;

/** An argument that a declaration, binding or consumer may not have. Whoever knows the resource's name makes it a channel error (406). */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
  readonly argument: string;
  /** RabbitMQ's words: an Erlang term such as `{value_negative,-1}`, or by `form` the name of a type, or a sentence. */
  readonly reason: string;
  readonly form: ArgumentErrorForm;

  constructor(argument: string, reason: string, form: ArgumentErrorForm = 'value') {
    super(`invalid argument ${argument}: ${reason}`);
    this.argument = argument;
    this.reason = reason;
    this.form = form;
  }

  /** The text after `PRECONDITION_FAILED - `. `resource` reads like `queue 'q' in vhost '/'`. */
  explain(resource: string): string {
    return WORDING[this.form](this.argument, this.reason, resource);
  }
}
