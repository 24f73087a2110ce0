/** The files of scenarios in this folder, in the order in which they are reported. */
export const THEMES = [
  'handshake',
  'negotiation',
  'framing',
  'content-frames',
  'connection',
  'channel',
  'exchange-declare',
  'bindings',
  'queue-declare',
  'queue-arguments',
  'queue-operations',
  'nowait',
  'routing',
  'headers-exchange',
  'publish',
  'properties',
] as const;
