/** What every client does, in this order; a check's number is its place here, counted from 1. */
export const CHECKS = [
  'connect, and a bad password is refused',
  'declare exchanges, queues and bindings',
  'publish and consume 10,000 messages with acks',
  'publisher confirms',
  'an unroutable mandatory message is returned',
  'reject with requeue',
  'qos',
  'headers of every type',
  'a body of 5 MB',
  'tx commit and rollback',
  'an exclusive queue is refused to a second connection',
  'reconnect after the broker restarts',
  'a persistent message outlives the restart',
  'RPC over direct reply-to',
] as const;
