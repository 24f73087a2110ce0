import type { Message } from '../store/message.js';
import type { FieldTable } from '../wire/values.js';

/** Message properties as the broker looks at them; a protocol knows further ones, which pass through. */
export interface EditableProperties {
  readonly headers?: FieldTable;
  readonly expiration?: string;
}

/**
 * Takes a message's properties apart and puts them together again. The broker keeps them as bytes and needs this
 * only where it changes them; how they are written belongs to the protocol that is handed in.
 */
export interface MessageCodec {
  properties(message: Message): EditableProperties;
  encode(properties: EditableProperties): Buffer;
}
