/**
 * Flag bits of the properties of class basic, in the order of the list [AMQP 4.2.6.1].
 * The two lowest bits of the word are not looked at: no class needs a continuation word, and RabbitMQ reads none.
 */
export const PROPERTY_FLAG = {
  contentType: 1 << 15,
  contentEncoding: 1 << 14,
  headers: 1 << 13,
  deliveryMode: 1 << 12,
  priority: 1 << 11,
  correlationId: 1 << 10,
  replyTo: 1 << 9,
  expiration: 1 << 8,
  messageId: 1 << 7,
  timestamp: 1 << 6,
  type: 1 << 5,
  userId: 1 << 4,
  appId: 1 << 3,
  clusterId: 1 << 2,
} as const;
