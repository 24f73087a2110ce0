/** Received bytes that are not what they should be; the message says what and, where known, at which offset. */
export class WireError extends Error {
  override readonly name: string = 'WireError';
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
