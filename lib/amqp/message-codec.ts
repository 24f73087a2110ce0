import type { EditableProperties, MessageCodec } from '../broker/message-codec.js';
import type { Message } from '../store/message.js';
import { decodeProperties, encodeProperties } from '../wire/properties.js';

/** The broker's view of AMQP message properties. */
export const amqpMessageCodec: MessageCodec = {
  properties: (message: Message): EditableProperties =>
    decodeProperties(message.bytes, message.properties, message.propertiesEnd),
  encode: (properties: EditableProperties): Buffer => encodeProperties(properties),
};
