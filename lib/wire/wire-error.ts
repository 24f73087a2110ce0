/** Received bytes that are not what they should be; the message says what and, where known, at which offset. */
export class WireError extends Error {
  override readonly name: string = 'WireError';
}

/** Text that has to be UTF-8 and is not. The message is RabbitMQ's. */
export class MalformedTextError extends WireError {
  override readonly name = 'MalformedTextError';

  constructor() {
    super('Malformed UTF-8 in shortstr');
  }
}

/** Arguments of a known method that do not fit its fields. The message is RabbitMQ's; `cause` is the WireError that says more. */
export class MethodSyntaxError extends WireError {
  override readonly name = 'MethodSyntaxError';
  readonly classId: number;
  readonly methodId: number;

  constructor(classId: number, methodId: number, message: string, cause: WireError) {
    super(message, { cause });
    this.classId = classId;
    this.methodId = methodId;
  }
}

/** A method frame with a class and method id that no specification knows. */
export class UnknownMethodError extends Error {
  override readonly name = 'UnknownMethodError';
  readonly classId: number;
  readonly methodId: number;

  constructor(classId: number, methodId: number) {
    super(`unknown method: class ${classId}, method ${methodId}`);
    this.classId = classId;
    this.methodId = methodId;
  }
}
